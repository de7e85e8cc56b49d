// Measures a style on a metered copy of its plugin: what each call of a picture costs, whether it ends, and whether applying leaks.
import type { OptionalFunction } from '../../plugins/contract/abi.ts';
import { PluginError, type PluginErrorKind } from '../../plugins/contract/plugin-error.ts';
import type { StyleFile } from '../formats/style-file.ts';
import type { ContextPair } from '../plugin-host/host.ts';
import { MeteredPlugin } from './metered-plugin.ts';

export interface Trial {
  /** The most that one call of each function cost, in operators as fuel counts them: a lookup and a division weigh alike in time, not here. */
  readonly operators: Readonly<Partial<Record<OptionalFunction, number>>>;
  /** Where it stopped; null where every call was answered. */
  readonly ended: {
    readonly call: string;
    readonly kind: PluginErrorKind;
    readonly reason: string;
  } | null;
}

/** Sampling steps of the picture that is tried. */
const STEPS = 20;
/** What is unpacked on first use does not count. */
const APPLIES = 2;

/**
 * Makes every call that a picture makes, at strength 1: parameters at their defaults, weights, the context, a schedule, and for each
 * phase layers of these widths and an apply. Throws what the readers and the meter throw, and nothing that the plugin does.
 */
export async function tryStyle(
  style: StyleFile,
  context: ContextPair,
  selfAttentionWidths: readonly number[],
): Promise<Trial> {
  const plugin = await MeteredPlugin.open(style);
  let ended: Trial['ended'] = null;
  try {
    await plugin.begin(style, context);
    const applies = plugin.offers('tincture_apply');
    const widths = applies ? selfAttentionWidths : [...selfAttentionWidths, context.width];
    for (const phase of plugin.offers('tincture_schedule') ? plugin.schedule(STEPS) : [0]) {
      if (plugin.offers('tincture_phase')) plugin.setPhase(phase);
      if (plugin.offers('tincture_layers')) for (const width of widths) plugin.layers(width);
      if (applies) for (let i = 0; i < APPLIES; i++) plugin.apply(context);
    }
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    ended = { call: plugin.lastCall, kind: error.kind, reason: error.message };
  }
  const costs = [...plugin.spent].map(([name, fuel]) => [name, Number(fuel)] as const);
  return { operators: Object.fromEntries(costs), ended };
}

export interface Growth {
  /** Bytes of memory after the first applies, and after `applies` more. */
  readonly memoryBefore: number;
  readonly memoryAfter: number;
}

/** After these, whatever is packed or unpacked on first use is in place. */
const WARM_APPLIES = 5;

/**
 * Applies the style to the context again and again and looks at its memory. Undefined where the plugin has no apply. Throws what the
 * validator, the readers and the meter throw, and PluginErrors for what the plugin does.
 */
export async function measureGrowth(
  style: StyleFile,
  context: ContextPair,
  applies: number,
): Promise<Growth | undefined> {
  const plugin = await MeteredPlugin.open(style);
  if (!plugin.offers('tincture_apply')) return undefined;
  await plugin.begin(style, context);
  for (let i = 0; i < WARM_APPLIES; i++) plugin.apply(context);
  const memoryBefore = plugin.memoryBytes;
  for (let i = 0; i < applies; i++) plugin.apply(context);
  return { memoryBefore, memoryAfter: plugin.memoryBytes };
}
