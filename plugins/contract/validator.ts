// The static validator: what is known of a module before anyone compiles it. The same for the CLI, the edge and the browser.
import { BinaryReader } from 'wasmparser';
import {
  ABI_MARKER,
  ABI_MEMORY,
  type AbiSignature,
  OPTIONAL_FUNCTIONS,
  type OptionalFunction,
  REQUIRED_FUNCTIONS,
} from './abi.ts';
import type { CardFacts } from './card-section.ts';
import { MAX_MEMORY_BYTES, MAX_MODULE_BYTES, MAX_TABLE_ENTRIES, WASM_PAGE_BYTES } from './limits.ts';
import { isAllowed, isConstant, isRelaxedSimd } from './opcodes.ts';
import { PluginError } from './plugin-error.ts';
import { refuse } from './reader.ts';
import { type FunctionType, type Outline, readOutline } from './sections.ts';

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

/** wasmparser's states and external kinds, as numbers: its enumerations exist for its own compiler only. */
const STATE = {
  error: -1, endWasm: 2, beginSection: 3, endSection: 4, import: 12, table: 14, export: 17, globalOperator: 26,
  operator: 30, endFunction: 31, offsetOperator: 45,
} as const; // biome-ignore format: a table
const EXTERNAL = { function: 0, memory: 2 } as const;
/** Sections that say nothing here; wasmparser would read a data count as a list. */
const SKIPPED_SECTIONS: ReadonlySet<number> = new Set([0, 12]);
const END = 0x0b;

interface Export {
  readonly kind: number;
  readonly index: number;
  readonly byte: number;
}

interface Parts {
  readonly exports: ReadonlyMap<string, Export>;
  readonly relaxedSimd: boolean;
}

/**
 * Checks a module against the ABI and the limits without compiling it; types inside functions are left to the engine that
 * compiles it in the sandbox. Throws `plugin/invalid` naming the byte and the reason, or `plugin/memory` for a memory
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
      where: name,
      expected: `a declared maximum of at most ${cap} bytes`,
      found: `${memory.minimumBytes} to ${memory.maximumBytes}`,
    });
  }
  const parts = readParts(name, bytes);
  const offers = checkExports(name, bytes.length, parts.exports, outline);
  return {
    abiVersion: Number(ABI_MARKER.slice(ABI_MARKER.lastIndexOf('_') + 1)),
    size: bytes.length,
    functions: outline.functions.length,
    offers,
    exports: [...parts.exports.keys()],
    memory,
    relaxedSimd: parts.relaxedSimd,
    ...(outline.card === undefined ? {} : { card: outline.card }),
  };
}

/** Reads every entry and operator with wasmparser, and refuses what the ABI forbids. */
function readParts(name: string, bytes: Uint8Array): Parts {
  const reader = new BinaryReader();
  // A copy: the bytes may be a view into a larger buffer, whose start wasmparser would read.
  reader.setData(new Uint8Array(bytes).buffer, 0, bytes.length);
  const exports = new Map<string, Export>();
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let relaxedSimd = false;
  let section = -1;
  let lastOperator = END;
  while (true) {
    const before = reader.position;
    const entry = next(reader, name, before);
    const state: number = reader.state;
    if (state === STATE.endWasm) {
      if (reader.position !== bytes.length)
        refuse(name, reader.position, 'bytes after the end of the module');
      return { exports, relaxedSimd };
    }
    if (state === STATE.beginSection) {
      section = (entry as { id: number }).id;
      if (SKIPPED_SECTIONS.has(section)) reader.skipSection();
    } else if (state === STATE.endSection) {
      if (!SKIPPED_SECTIONS.has(section) && before !== reader.position) {
        refuse(name, before, 'bytes after the last entry of a section');
      }
    } else if (state === STATE.import) {
      const { module, field } = entry as { module: Uint8Array; field: Uint8Array };
      const spelt = new TextDecoder().decode(module).slice(0, 64);
      refuse(
        name,
        before,
        'plugins may not import anything',
        'no imports',
        `${spelt}.${new TextDecoder().decode(field).slice(0, 64)}`,
      );
    } else if (state === STATE.table) {
      const { limits } = entry as { limits: { initial: number } };
      if (limits.initial > MAX_TABLE_ENTRIES) {
        refuse(
          name,
          before,
          'the table is too large',
          `at most ${MAX_TABLE_ENTRIES} entries`,
          String(limits.initial),
        );
      }
    } else if (state === STATE.export) {
      const found = entry as { field: Uint8Array; kind: number; index: number };
      const field = decode(text, found.field, name, before);
      if (exports.has(field)) refuse(name, before, `export ${field} is doubled`);
      exports.set(field, { kind: found.kind, index: found.index, byte: before });
    } else if (state === STATE.operator) {
      const { code } = entry as { code: number };
      if (!isAllowed(code)) refuseOperator(name, before, code, 'plugins');
      relaxedSimd ||= isRelaxedSimd(code);
      lastOperator = code;
    } else if (state === STATE.endFunction) {
      if (before !== reader.position || lastOperator !== END)
        refuse(name, before, 'a function does not end with `end`');
    } else if (state === STATE.globalOperator || state === STATE.offsetOperator) {
      const { code } = entry as { code: number };
      if (!isConstant(code)) refuseOperator(name, before, code, 'initialisers');
    }
  }
}

/** One step of wasmparser; its own words become the reason. */
function next(reader: BinaryReader, name: string, byte: number): unknown {
  let more: boolean;
  try {
    more = reader.read();
  } catch (error) {
    return refuse(name, byte, error instanceof Error ? error.message : 'the module cannot be read');
  }
  if (reader.error !== null && reader.error !== undefined) refuse(name, byte, reader.error.message);
  if (!more) refuse(name, byte, 'the module ends in the middle of an entry');
  return reader.result;
}

function decode(text: TextDecoder, bytes: Uint8Array, name: string, byte: number): string {
  try {
    return text.decode(bytes);
  } catch {
    return refuse(name, byte, 'a name that is not UTF-8');
  }
}

function refuseOperator(name: string, byte: number, code: number, who: string): never {
  refuse(name, byte, `an operator that ${who} may not use`, undefined, `0x${code.toString(16)}`);
}

/** Holds every export of the ABI against its signature; gives the optional functions that are there. */
function checkExports(
  name: string,
  size: number,
  exports: ReadonlyMap<string, Export>,
  outline: Outline,
): ReadonlySet<OptionalFunction> {
  const memory = exports.get(ABI_MEMORY);
  if (memory?.kind !== EXTERNAL.memory)
    refuse(name, memory?.byte ?? size, `the memory is not exported as ${ABI_MEMORY}`);
  const check = (field: string, signature: AbiSignature, found: Export): void => {
    const type =
      found.kind === EXTERNAL.function ? outline.types[outline.functions[found.index] ?? -1] : undefined;
    const spelt = type === undefined ? 'something else' : describe(type);
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

function describe(type: FunctionType | AbiSignature): string {
  return `(${type.parameters.join(', ')}) → (${type.results.join(', ')})`;
}
