// The kit's own tests of a style: what every plugin promises by the ABI, on real contexts. Node and browsers.
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import type { StyleFile } from '../formats/style-file.ts';
import type { ContextPair, Plugin, PluginHost, PluginLimits } from '../plugin-host/host.ts';
import { measureGrowth } from './measure.ts';
import { startStyle } from './start-style.ts';

export interface ConformanceResult {
  readonly name: string;
  /** Why it failed; null where it passed. */
  readonly problem: string | null;
}

export interface ConformanceContexts {
  /** A prompt's real context, [77, width]. */
  readonly context: ContextPair;
  /** Context widths of the model's self-attention. */
  readonly selfAttentionWidths: readonly number[];
}

const STRENGTHS = [-1, 0.5, 1, 2];
const ROWS = [1, 77, 154];
const STEPS = [1, 20, 50, 1000];
const LEAK_APPLIES = 50;
/** A width that no model has. */
const UNKNOWN_WIDTH = 31;

/** What a check works with: a fresh instance of the style. */
interface Subject extends ConformanceContexts {
  readonly host: PluginHost;
  readonly style: StyleFile;
  readonly plugin: Plugin;
}

type Check = readonly [name: string, run: (subject: Subject) => Promise<void>];

const CHECKS: readonly Check[] = [
  ['starts, describes itself and takes its weights', async () => {}],
  ['takes each parameter over its whole range, and refuses others', checkParameters],
  [`bends ${ROWS.join(', ')} rows at strengths ${STRENGTHS.join(', ')} into finite numbers`, checkApply],
  ['leaves what it is given untouched', checkInput],
  ['does the same again, and in a second instance', checkDeterminism],
  ['makes valid layers for the model’s widths, or none', checkLayers],
  [`has a finite schedule for ${STEPS.join(', ')} steps`, checkSchedule],
  [`takes no more memory over ${LEAK_APPLIES} applies`, checkMemory],
  ['refuses a width that it does not know, and works on', checkRefusal],
];

/**
 * Runs every check on an instance of its own; a failed one does not stop the others, unless the plugin did not end in time. `limits` are
 * the host's where none are named.
 */
export async function checkConformance(
  host: PluginHost,
  style: StyleFile,
  contexts: ConformanceContexts,
  limits: Partial<PluginLimits> = {},
): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = [];
  let slow = false;
  for (const [name, run] of CHECKS) {
    // Each would wait for the deadline again.
    if (slow) {
      results.push({ name, problem: 'not run, because the plugin did not end in time above' });
      continue;
    }
    let plugin: Plugin | undefined;
    let problem: string | null = null;
    try {
      plugin = await startStyle(host, style, {}, limits);
      await prepare(plugin, contexts.context);
      await run({ ...contexts, host, style, plugin });
    } catch (error) {
      slow = isDeadline(error);
      problem = error instanceof Error ? error.message : String(error);
    } finally {
      await plugin?.close();
    }
    results.push({ name, problem });
  }
  return results;
}

/** Whether it, or what caused it, is the end of the plugin's time. */
function isDeadline(error: unknown): boolean {
  if (error instanceof PluginError) return error.kind === 'deadline';
  return error instanceof Error && isDeadline(error.cause);
}

async function prepare(plugin: Plugin, { width, rows, k }: ContextPair): Promise<void> {
  plugin.beginPicture();
  if (plugin.facts.offers.has('tincture_context')) await plugin.showContext(width, rows, k);
}

const applies = ({ facts }: Plugin): boolean => facts.offers.has('tincture_apply');

async function checkParameters({ plugin, context }: Subject): Promise<void> {
  const { parameters } = plugin.description;
  if (parameters.length > 0 && !plugin.facts.offers.has('tincture_parameter'))
    throw new Error('it describes parameters and does not export tincture_parameter');
  for (const { name, minimum, default: initial, maximum } of parameters) {
    for (const value of [minimum, initial, maximum, (minimum + maximum) / 2]) {
      await plugin.setParameters({ [name]: value });
      plugin.beginPicture();
      if (applies(plugin)) await named(`${name} = ${value}`, plugin.apply(context, 1));
    }
    await refuses(`${name} above its maximum`, plugin.setParameters({ [name]: maximum + 1 }));
  }
}

async function checkApply({ plugin, context }: Subject): Promise<void> {
  if (!applies(plugin)) return;
  for (const rows of ROWS) {
    const sized = withRows(context, rows);
    for (const strength of STRENGTHS) {
      plugin.beginPicture();
      const bent = await named(`${rows} rows, strength ${strength}`, plugin.apply(sized, strength));
      if (bent.k.length !== sized.k.length || bent.v.length !== sized.v.length)
        throw new Error(`${rows} rows became another size`);
    }
  }
}

/** The first rows, or all of them again and again. */
function withRows({ width, rows, k, v }: ContextPair, wanted: number): ContextPair {
  const sized = (side: Float32Array): Float32Array => {
    const result = new Float32Array(wanted * width);
    for (let i = 0; i < result.length; i++) result[i] = side[i % (rows * width)]!;
    return result;
  };
  return { width, rows: wanted, k: sized(k), v: sized(v) };
}

async function checkInput({ plugin, context }: Subject): Promise<void> {
  if (!applies(plugin)) return;
  const before = { k: context.k.slice(), v: context.v.slice() };
  await plugin.apply(context, 1);
  if (!same(before.k, context.k) || !same(before.v, context.v)) throw new Error('the context was changed');
}

async function checkDeterminism({ host, style, plugin, context }: Subject): Promise<void> {
  if (!applies(plugin)) return;
  const first = await plugin.apply(context, 1);
  plugin.beginPicture();
  const second = await plugin.apply(context, 1);
  if (!same(first.k, second.k) || !same(first.v, second.v))
    throw new Error('a second apply of the same context gave other values');
  const other = await startStyle(host, style);
  try {
    await prepare(other, context);
    const fresh = await other.apply(context, 1);
    if (!same(first.k, fresh.k) || !same(first.v, fresh.v))
      throw new Error('another instance gave other values');
  } finally {
    await other.close();
  }
}

async function checkLayers({ plugin, context, selfAttentionWidths }: Subject): Promise<void> {
  if (!plugin.facts.offers.has('tincture_layers')) return;
  const widths = applies(plugin) ? selfAttentionWidths : [context.width, ...selfAttentionWidths];
  for (const width of widths) await named(`width ${width}`, plugin.layers(width));
}

async function checkSchedule({ plugin }: Subject): Promise<void> {
  for (const steps of STEPS) {
    plugin.beginPicture();
    const { phases } = await named(`${steps} steps`, plugin.schedule(steps));
    for (const phase of new Set(phases)) {
      if (plugin.facts.offers.has('tincture_phase')) await named(`phase ${phase}`, plugin.setPhase(phase));
    }
  }
}

async function checkMemory({ style, context }: Subject): Promise<void> {
  const measured = await measureGrowth(style, context, LEAK_APPLIES);
  if (measured === undefined || measured.memoryAfter === measured.memoryBefore) return;
  throw new Error(
    `the memory grew from ${measured.memoryBefore} to ${measured.memoryAfter} bytes; free what tincture_apply allocates`,
  );
}

async function checkRefusal({ plugin, context }: Subject): Promise<void> {
  const size = UNKNOWN_WIDTH * 2;
  const other = {
    width: UNKNOWN_WIDTH,
    rows: 2,
    k: new Float32Array(size).fill(0.5),
    v: new Float32Array(size).fill(0.5),
  };
  if (!applies(plugin)) return;
  // Formulas take any width: only a plugin that ends is at fault.
  await plugin.apply(other, 1).catch(() => {});
  plugin.beginPicture();
  await named('an apply after it', plugin.apply(context, 1));
}

function same(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

async function named<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

async function refuses(what: string, call: Promise<unknown>): Promise<void> {
  const refused = await call.then(
    () => false,
    () => true,
  );
  if (!refused) throw new Error(`${what} was accepted`);
}
