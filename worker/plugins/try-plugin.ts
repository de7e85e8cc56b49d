// Tries a plugin on made-up input: whether every call ends, within its budget and with numbers that are finite.
import { cardDigest } from '../../plugins/contract/card-section.ts';
import { MAX_WIDTH } from '../../plugins/contract/limits.ts';
import { PluginError, type PluginErrorKind } from '../../plugins/contract/plugin-error.ts';
import type { StyleCard } from '../../plugins/contract/style.ts';
import type { ContextPair, Plugin, PluginHost, PluginLimits } from '../../plugins/host/plugin.ts';

/** A prompt's context in SD 1.x: 77 tokens, width 768 where no card names another. */
const ROWS = 77;
const WIDTH = 768;
const STEPS = 20;
/** Full strength, and the other way. */
const STRENGTHS = [1, -0.5];

export type PluginTrial =
  /** All calls ended well, or were refused in the plugin's own words: without its weights a plugin may well refuse. */
  | { readonly finished: true; readonly refusals: readonly string[] }
  /** A call was ended, or gave what no host takes. `call` is the ABI's function, or `start`. */
  | {
      readonly finished: false;
      readonly call: string;
      readonly kind: PluginErrorKind;
      readonly reason: string;
    };

/**
 * Starts the module with its parameters' defaults and no weights, and makes every call that it offers, in the ABI's order. The
 * context is the same each time: [77, the card's width], values in [-1, 1). With a card, a module packed with another is
 * not started. `limits` are those that users give where none are named. The plugin is closed afterwards; the host stays open. Never throws for what the plugin does.
 */
export async function tryPlugin(
  host: PluginHost,
  wasm: Uint8Array,
  card?: StyleCard,
  limits: Partial<PluginLimits> = {},
): Promise<PluginTrial> {
  const name = card?.name ?? 'plugin';
  const options = card === undefined ? limits : { ...limits, cardSha256: cardDigest(card) };
  const width = Math.min(card?.base.contextWidth ?? WIDTH, MAX_WIDTH);
  const refusals: string[] = [];
  let call = 'start';
  let plugin: Plugin | undefined;
  try {
    plugin = await host.start(name, wasm, options);
    plugin.beginPicture();
    for (const [offered, run] of callsOf(plugin, contextPair(width))) {
      call = offered;
      try {
        await run();
      } catch (error) {
        if (!(error instanceof PluginError) || error.kind !== 'refused') throw error;
        refusals.push(error.message);
      }
    }
    return { finished: true, refusals };
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    return { finished: false, call, kind: error.kind, reason: error.message };
  } finally {
    await plugin?.close();
  }
}

/** The calls that a picture would make, each only when the one before has ended. */
function* callsOf(plugin: Plugin, pair: ContextPair): Generator<readonly [string, () => Promise<unknown>]> {
  const { offers } = plugin.facts;
  const { width, rows } = pair;
  if (offers.has('tincture_parameter')) yield ['tincture_parameter', () => plugin.setParameters({})];
  if (offers.has('tincture_context')) {
    yield ['tincture_context', () => plugin.showContext(width, rows, pair.k)];
  }
  let phases = [0];
  if (offers.has('tincture_schedule')) {
    const plan = async (): Promise<void> => {
      phases = [...new Set((await plugin.schedule(STEPS)).phases)];
    };
    yield ['tincture_schedule', plan];
  }
  for (const phase of phases) {
    if (offers.has('tincture_phase')) yield ['tincture_phase', () => plugin.setPhase(phase)];
    if (offers.has('tincture_layers')) yield ['tincture_layers', () => plugin.layers(width)];
    if (!offers.has('tincture_apply')) continue;
    for (const strength of STRENGTHS) yield ['tincture_apply', () => plugin.apply(pair, strength)];
  }
}

/** Values in [-1, 1) by a linear congruential generator, the same in every run. */
function contextPair(width: number): ContextPair {
  let state = 1;
  const k = Float32Array.from({ length: ROWS * width }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return { width, rows: ROWS, k, v: k.slice() };
}
