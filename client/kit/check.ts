// Tells an author what a finished module is: whether it may run, what it does, how large and how busy it is.
import {
  ABI_MARKER,
  ABI_MEMORY,
  type OptionalFunction,
  REQUIRED_FUNCTIONS,
} from '../../plugins/contract/abi.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { type PluginFacts, validatePlugin } from '../../plugins/contract/validator.ts';
import { type FunctionOperators, outlineOf } from './operators.ts';

/** What an exported function makes a plugin do, in the ABI's order. */
const MEANINGS: Readonly<Record<OptionalFunction, string>> = {
  tincture_apply: 'bends contexts',
  tincture_layers: 'makes layers',
  tincture_load: 'takes hypernetworks',
  tincture_tensor: 'takes named tensors',
  tincture_parameter: 'has parameters',
  tincture_context: 'looks at the prompt’s context',
  tincture_describe: 'describes itself',
  tincture_schedule: 'changes with the step',
  tincture_phase: 'has phases',
};

export interface CheckReport {
  /** Why no host runs it; null where it may run. */
  readonly problem: string | null;
  /** Undefined where there is a problem. */
  readonly facts?: CheckedFacts;
  readonly warnings: readonly string[];
}

export interface CheckedFacts {
  readonly abi: number;
  readonly bytes: number;
  readonly functions: number;
  /** The ABI's exports that make the plugin what it is, with what they do. */
  readonly does: readonly { readonly export: OptionalFunction; readonly meaning: string }[];
  /** Exports that no host calls. */
  readonly otherExports: readonly string[];
  readonly memory: { readonly minimumBytes: number; readonly maximumBytes: number };
  readonly relaxedSimd: boolean;
  /** SHA-256 of the card that it was packed with; null for a work in progress. */
  readonly card: string | null;
  readonly operators: {
    readonly total: number;
    readonly inLoops: number;
    /** The functions with most operators in loops, ten at most. */
    readonly busiest: readonly FunctionOperators[];
  };
}

/** A plugin above this is told that it is large: the examples are a tenth of it. */
const LARGE_BYTES = 100_000;
const SHOWN_FUNCTIONS = 10;

/** Looks at the bytes only; nothing is compiled or run. `name` stands in the problem's words. */
export function checkPlugin(wasm: Uint8Array, name = 'plugin'): CheckReport {
  let facts: PluginFacts;
  try {
    facts = validatePlugin(wasm, { name });
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    return { problem: error.message, warnings: [] };
  }
  const { functions, customSections } = outlineOf(wasm);
  const known = new Set<string>([
    ABI_MEMORY,
    ABI_MARKER,
    ...Object.keys(REQUIRED_FUNCTIONS),
    ...facts.offers,
  ]);
  const otherExports = facts.exports.filter((name) => !known.has(name));
  const does = (Object.keys(MEANINGS) as OptionalFunction[])
    .filter((name) => facts.offers.has(name))
    .map((name) => ({ export: name, meaning: MEANINGS[name] }));
  return {
    problem: null,
    facts: {
      abi: facts.abiVersion,
      bytes: facts.size,
      functions: facts.functions,
      does,
      otherExports,
      memory: facts.memory,
      relaxedSimd: facts.relaxedSimd,
      card: facts.card?.sha256 ?? null,
      operators: {
        total: sum(functions, 'operators'),
        inLoops: sum(functions, 'inLoops'),
        busiest: functions
          .filter(({ inLoops }) => inLoops > 0)
          .sort((a, b) => b.inLoops - a.inLoops || b.operators - a.operators)
          .slice(0, SHOWN_FUNCTIONS),
      },
    },
    warnings: warningsOf(wasm, facts, otherExports, customSections),
  };
}

function sum(functions: readonly FunctionOperators[], field: 'operators' | 'inLoops'): number {
  return functions.reduce((total, entry) => total + entry[field], 0);
}

function warningsOf(
  wasm: Uint8Array,
  facts: PluginFacts,
  otherExports: readonly string[],
  customSections: ReadonlySet<string>,
): string[] {
  const { offers, size } = facts;
  const warnings: string[] = [];
  if (!WebAssembly.validate(new Uint8Array(wasm)))
    warnings.push('this engine does not compile it: its code is not well typed, or needs what is not here');
  if (customSections.has('name'))
    warnings.push('a debug build: it carries function names; build it without --debug before you pack it');
  if (size > LARGE_BYTES)
    warnings.push(`large: ${size} bytes; weights belong into a weights file, not into the module`);
  if (!offers.has('tincture_describe'))
    warnings.push('it does not describe itself: it has no title and no parameters (tincture_describe)');
  if (offers.has('tincture_parameter') && !offers.has('tincture_describe'))
    warnings.push('tincture_parameter is never called: no description names parameters');
  if (offers.has('tincture_phase') && !offers.has('tincture_schedule'))
    warnings.push('tincture_phase is only ever called with 0: no schedule names phases');
  if (otherExports.length > 0)
    warnings.push(`exports that no host calls: ${otherExports.slice(0, 10).join(', ')}`);
  if (facts.relaxedSimd) warnings.push('it needs relaxed SIMD, which not every browser has');
  return warnings;
}
