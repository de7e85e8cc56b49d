// Holds a conversation with every hostile module in one host and tells what came of it. The same in every home: no Node, no vitest.
import { PluginError } from '../../../plugins/contract/plugin-error.ts';
import type { LayerBlocks, Plugin, PluginHost } from '../../../plugins/host/plugin.ts';
import type { Call, CompiledEntry, Must } from './entry.ts';

const WIDTH = 4;
const ROWS = 2;
const STEPS = 4;
const STRENGTH = 0.5;
/** Only against hangs: what must fail otherwise is given time, on a busy machine too. */
const GENEROUS = { deadlineMs: 60_000, pictureBudgetMs: 60_000 };
const PATIENT = { deadlineMs: 5_000, pictureBudgetMs: 10_000 };

/** What an entry did that it must not, or undefined. */
export interface Verdict {
  readonly name: string;
  readonly wrong?: string;
}

/**
 * Runs every entry in a host of this home. After each, a plugin that was running before must still answer as it should; at the
 * end a new one must start. `good` is the module of that plugin.
 */
export async function hostileCorpus(
  makeHost: () => PluginHost | Promise<PluginHost>,
  entries: readonly CompiledEntry[],
  good: Uint8Array<ArrayBuffer>,
): Promise<Verdict[]> {
  const host = await makeHost();
  try {
    const neighbour = await host.start('neighbour', good, GENEROUS);
    const verdicts: Verdict[] = [];
    for (const entry of entries) {
      const wrong = (await judge(host, entry)) ?? (await disturbed(neighbour));
      verdicts.push(wrong === undefined ? { name: entry.name } : { name: entry.name, wrong });
    }
    const newcomer = await disturbed(await host.start('newcomer', good, GENEROUS));
    if (newcomer !== undefined) verdicts.push({ name: 'a plugin that starts afterwards', wrong: newcomer });
    return verdicts;
  } finally {
    await host.close();
  }
}

export interface Outcome {
  readonly call: Call;
  readonly error: unknown;
}

async function judge(host: PluginHost, entry: CompiledEntry): Promise<string | undefined> {
  let outcome = await converse(host, entry, checkLayers);
  if (outcome !== undefined && isEarly(outcome, entry.must)) {
    // The machine was busy while the sandbox opened, and the deadline came before the plugin had done anything.
    outcome = await converse(host, { ...entry, limits: { ...entry.limits, ...PATIENT } }, checkLayers);
  }
  const wanted = spellMust(entry.must);
  if (outcome === undefined) return entry.must === 'nothing' ? undefined : `nothing, instead of ${wanted}`;
  const { call, error } = outcome;
  if (!(error instanceof PluginError)) return `${call}: ${String(error)}, instead of ${wanted}`;
  return meets(entry.must, call, error)
    ? undefined
    : `${call}: ${error.code}: ${error.message}, instead of ${wanted}`;
}

/** A deadline in another call than the one that must not end. */
function isEarly({ call, error }: Outcome, must: Must): boolean {
  const isDeadline = error instanceof PluginError && error.kind === 'deadline';
  return isDeadline && typeof must === 'object' && 'fails' in must && must.fails !== call;
}

function meets(must: Must, call: Call, error: PluginError): boolean {
  if (must === 'nothing') return false;
  if ('refused' in must) {
    return (
      call === 'start' && error.kind === (must.kind ?? 'invalid') && error.message.includes(must.refused)
    );
  }
  return call === must.fails && error.kind === must.kind && error.message.includes(must.says ?? '');
}

function spellMust(must: Must): string {
  if (must === 'nothing') return 'nothing';
  if ('refused' in must) return `a refusal: ${must.refused}`;
  return `${must.fails} failing: ${must.kind} ${must.says ?? ''}`;
}

/** The whole conversation; gives the first call that failed. What the plugin makes is held against `onLayers`. */
export async function converse(
  host: PluginHost,
  entry: CompiledEntry,
  onLayers: (blocks: LayerBlocks | undefined) => void,
): Promise<Outcome | undefined> {
  let call: Call = 'start';
  let plugin: Plugin | undefined;
  try {
    plugin = await host.start(entry.name, entry.wasm, { ...GENEROUS, ...entry.limits });
    const { offers } = plugin.facts;
    call = 'parameters';
    await plugin.setParameters({});
    call = 'load';
    if (offers.has('tincture_load')) await plugin.load(0, WIDTH, { k: [zeros()], v: [zeros()] });
    call = 'tensors';
    if (offers.has('tincture_tensor')) await plugin.loadTensors(0, [tensor()]);
    call = 'context';
    if (offers.has('tincture_context')) {
      const context = ramp();
      await plugin.showContext(WIDTH, ROWS, context);
      same('the context that was shown', context, ramp());
    }
    call = 'schedule';
    await plugin.schedule(STEPS);
    call = 'phase';
    if (offers.has('tincture_phase')) await plugin.setPhase(0);
    call = 'apply';
    if (offers.has('tincture_apply')) {
      for (let left = entry.repeat ?? 1; left > 0; left--) await apply(plugin);
    }
    call = 'layers';
    if (offers.has('tincture_layers')) onLayers(await plugin.layers(WIDTH));
    return undefined;
  } catch (error) {
    return { call, error };
  } finally {
    await plugin?.close();
  }
}

async function apply(plugin: Plugin): Promise<{ k: Float32Array; v: Float32Array }> {
  const k = ramp();
  const v = ramp();
  const bent = await plugin.apply({ width: WIDTH, rows: ROWS, k, v }, STRENGTH);
  same('the keys that were handed in', k, ramp());
  same('the values that were handed in', v, ramp());
  return bent;
}

/** Whether the plugin that behaves no longer does what it should. */
async function disturbed(plugin: Plugin): Promise<string | undefined> {
  try {
    plugin.beginPicture();
    const { k, v } = await apply(plugin);
    same(
      "the good plugin's keys",
      k,
      ramp().map((value) => value + STRENGTH),
    );
    same(
      "the good plugin's values",
      v,
      ramp().map((value) => value - STRENGTH),
    );
    return undefined;
  } catch (error) {
    return `a good plugin is disturbed: ${String(error)}`;
  }
}

function checkLayers(blocks: LayerBlocks | undefined): void {
  for (const block of [...(blocks?.k ?? []), ...(blocks?.v ?? [])]) {
    const data = new DataView(block.buffer, block.byteOffset, block.length);
    same(
      'a layer',
      Float32Array.of(data.getUint32(0, true), data.getFloat32(32, true)),
      Float32Array.of(1, 1),
    );
  }
}

function same(what: string, found: Float32Array, expected: Float32Array): void {
  if (found.length === expected.length && found.every((value, i) => value === expected[i])) return;
  throw new Error(`${what}: expected ${expected.join()}, found ${found.join()}`);
}

function ramp(): Float32Array {
  return Float32Array.from({ length: WIDTH * ROWS }, (_, i) => i / 4);
}

/** A linear layer of the width, all zeros. */
function zeros(): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(32 + 4 * (WIDTH * WIDTH + WIDTH));
  new Uint32Array(block.buffer, 0, 4).set([1, 0, WIDTH, WIDTH]);
  return block;
}

/** A tensor `a` of one value. */
function tensor(): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(48 + 16 + 4);
  new Uint32Array(block.buffer, 0, 9).set([0, 1, 1, 0, 0, 0, 0, 0, 1]);
  block[48] = 0x61;
  return block;
}
