// The static validator: what is known of a module before anyone compiles it. The same for the CLI, the edge and the browser.
import {
  ABI_MARKER,
  ABI_MEMORY,
  type AbiSignature,
  OPTIONAL_FUNCTIONS,
  type OptionalFunction,
  REQUIRED_FUNCTIONS,
} from './abi.ts';
import type { CardFacts } from './card-section.ts';
import { MAX_MEMORY_BYTES, MAX_MODULE_BYTES, WASM_PAGE_BYTES } from './limits.ts';
import { PluginError } from './plugin-error.ts';
import { ModuleReader, refuse } from './reader.ts';
import { EXTERNAL, type Export } from './section-entries.ts';
import { type Outline, readOutline } from './sections.ts';
import { BodyChecker } from './typing.ts';
import { spellFunctionType } from './value-type.ts';

/** What a valid plugin is. */
export interface PluginFacts {
  readonly abiVersion: number;
  /** Bytes of the module. */
  readonly size: number;
  readonly functions: number;
  /** The ABI's optional functions that it exports. */
  readonly offers: ReadonlySet<OptionalFunction>;
  /** Every exported name, the ABI's and others. */
  readonly exports: readonly string[];
  readonly memory: { readonly minimumBytes: number; readonly maximumBytes: number };
  /** Whether it needs an engine with relaxed SIMD. */
  readonly relaxedSimd: boolean;
  /** The card that it was packed with; undefined: a work in progress. */
  readonly card?: CardFacts;
}

export interface ValidatorOptions {
  /** Stands in error messages: a file, a style. Default `plugin`. */
  readonly name?: string;
  /** Bytes that the memory may declare at most. Default and upper bound: MAX_MEMORY_BYTES. */
  readonly memoryBytes?: number;
}

/**
 * Checks a module against the ABI and the limits without compiling it; what it accepts, every engine compiles. Throws `plugin/invalid` naming the byte and the reason, or `plugin/memory` for a memory
 * that may grow beyond `memoryBytes`.
 */
export function validatePlugin(bytes: Uint8Array, options: ValidatorOptions = {}): PluginFacts {
  const { name = 'plugin', memoryBytes = MAX_MEMORY_BYTES } = options;
  if (bytes.length > MAX_MODULE_BYTES) {
    refuse(
      name,
      MAX_MODULE_BYTES,
      'the module is too large',
      `at most ${MAX_MODULE_BYTES} bytes`,
      String(bytes.length),
    );
  }
  const outline = readOutline(name, bytes);
  const memory = {
    minimumBytes: outline.memory.minimum * WASM_PAGE_BYTES,
    maximumBytes: outline.memory.maximum * WASM_PAGE_BYTES,
  };
  const cap = Math.min(memoryBytes, MAX_MEMORY_BYTES);
  if (memory.maximumBytes > cap || memory.minimumBytes > memory.maximumBytes) {
    throw new PluginError('memory', "the module's memory may grow too large", {
      where: `${name} at byte ${outline.memory.byte}`,
      expected: `a declared maximum of at most ${cap} bytes`,
      found: `${memory.minimumBytes} to ${memory.maximumBytes}`,
    });
  }
  const offers = checkExports(name, bytes.length, outline);
  const relaxedSimd = checkBodies(name, bytes, outline);
  return {
    abiVersion: Number(ABI_MARKER.slice(ABI_MARKER.lastIndexOf('_') + 1)),
    size: bytes.length,
    functions: outline.functions.length,
    offers,
    exports: [...outline.exports.keys()],
    memory,
    relaxedSimd,
    ...(outline.card === undefined ? {} : { card: outline.card }),
  };
}

/** Type-checks every function; tells whether one uses relaxed SIMD. */
function checkBodies(name: string, bytes: Uint8Array, outline: Outline): boolean {
  const { types, functions, globals, tables, dataCount, bodies } = outline;
  const scope = { types, functions, globals, tables: tables.length, dataCount };
  const checker = new BodyChecker(scope, new ModuleReader(name, bytes));
  for (const [index, { start, end }] of bodies.entries()) checker.check(index, start, end);
  return checker.relaxedSimd;
}

/** Holds every export of the ABI against its signature; gives the optional functions that are there. */
function checkExports(
  name: string,
  size: number,
  { types, functions, exports }: Outline,
): ReadonlySet<OptionalFunction> {
  const memory = exports.get(ABI_MEMORY);
  if (memory?.kind !== EXTERNAL.memory)
    refuse(name, memory?.byte ?? size, `the memory is not exported as ${ABI_MEMORY}`);
  const check = (field: string, signature: AbiSignature, found: Export): void => {
    const type = found.kind === EXTERNAL.function ? types[functions[found.index]!] : undefined;
    const spelt = type === undefined ? 'something else' : spellFunctionType(type);
    if (spelt !== describe(signature)) {
      refuse(name, found.byte, `export ${field} has the wrong signature`, describe(signature), spelt);
    }
  };
  for (const [field, signature] of Object.entries(REQUIRED_FUNCTIONS)) {
    const found = exports.get(field);
    if (found === undefined) refuse(name, size, `export ${field} is missing`, describe(signature));
    check(field, signature, found);
  }
  const offers = new Set<OptionalFunction>();
  for (const [field, found] of exports) {
    if (!field.startsWith('tincture_') || Object.hasOwn(REQUIRED_FUNCTIONS, field)) continue;
    if (Object.hasOwn(OPTIONAL_FUNCTIONS, field)) {
      check(field, OPTIONAL_FUNCTIONS[field as OptionalFunction], found);
      offers.add(field as OptionalFunction);
    } else if (!/^tincture_abi_\d+$/.test(field)) {
      refuse(name, found.byte, `export ${field} is not of this ABI`, undefined, undefined);
    }
  }
  if (!offers.has('tincture_apply') && !offers.has('tincture_layers')) {
    refuse(name, size, 'the module does nothing', 'an export tincture_apply or tincture_layers');
  }
  return offers;
}

function describe({ parameters, results }: AbiSignature): string {
  return `(${parameters.join(', ')}) → (${results.join(', ')})`;
}
