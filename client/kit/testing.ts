// `tincture/testing`, for authors' tests: the style as it was just built, in the real sandbox, and real contexts to apply it to.
import { parametersOf } from '../engine/request.ts';
import { fileSource } from '../formats/node-file.ts';
import { openStyleFile } from '../formats/style-file.ts';
import { createNodeHost } from '../node.ts';
import type { ContextPair, LayerBlocks, StepSchedule } from '../plugin-host/host.ts';
import { type ContextReader, openContextReader } from './prompt-context.ts';
import { runStyle, startStyle } from './start-style.ts';

export type { ContextPair, LayerBlocks, StepSchedule } from '../plugin-host/host.ts';

/** Where `tincture test` puts the style that it has packed. */
export const STYLE_VARIABLE = 'TINCTURE_TEST_STYLE';
/** And the context width that its card names. */
export const WIDTH_VARIABLE = 'TINCTURE_TEST_WIDTH';

/** A running style. Every failure rejects with an error that says why; the style can be used on. */
export interface TestedStyle {
  /** Names of the parameters that it describes, with their ranges. */
  readonly parameters: readonly { name: string; default: number; minimum: number; maximum: number }[];
  /** Sets parameters; those that are not named get their defaults. */
  set(parameters: Readonly<Record<string, number>>): Promise<void>;
  /**
   * Bends a context; the one given is left as it is. Strength 1 where none is given. `prompt` is what the style is shown as
   * the prompt's own context, where that is another one.
   */
  apply(context: ContextPair, strength?: number, prompt?: ContextPair): Promise<ContextPair>;
  /** The layers that it makes for a width; undefined where it leaves the width alone. */
  layers(width: number): Promise<LayerBlocks | undefined>;
  /** Its factors and phases for this many steps. */
  schedule(steps: number): Promise<StepSchedule>;
  close(): Promise<void>;
}

/** Starts the style of the folder that `tincture test` tests. `file` is another `.style` file. */
export async function openStyle(file = process.env[STYLE_VARIABLE]): Promise<TestedStyle> {
  if (file === undefined || file === '') {
    throw new Error('there is no style to test; run this file by `tincture test`');
  }
  const style = await openStyleFile(await fileSource(file));
  const { width: contextWidth, selfAttentionWidths } = await contexts();
  const host = createNodeHost();
  try {
    // One as the engine runs it, and one that answers what only tests ask.
    const running = await runStyle(host, style, { contextWidth, selfAttentionWidths });
    const plugin = await startStyle(host, style);
    const { name } = style.manifest;
    let values = parametersOf(name, running.parameters);
    return {
      parameters: running.parameters,
      async set(parameters) {
        values = parametersOf(name, running.parameters, parameters);
        if (running.parameters.length > 0) await plugin.setParameters(values);
      },
      async apply(context, strength = 1, prompt = context) {
        const { width, rows, k } = prompt;
        await running.begin({ context: k, rows, width, steps: STEPS }, values);
        return running.bend(0, context, strength);
      },
      async layers(width) {
        plugin.beginPicture();
        return plugin.layers(width);
      },
      async schedule(steps) {
        plugin.beginPicture();
        return plugin.schedule(steps);
      },
      async close() {
        await host.close();
        await (await reader)?.close();
        reader = undefined;
      },
    };
  } catch (error) {
    await host.close();
    throw error;
  }
}

/** Sampling steps of the picture that `apply` stands for. */
const STEPS = 20;

let reader: Promise<ContextReader> | undefined;

/**
 * The default model's context of a prompt, [77, width], equal for keys and values. The width is 96, or what the style's card
 * says: the rows' values are then repeated.
 */
export async function promptContext(prompt: string): Promise<ContextPair> {
  return (await contexts()).read(prompt);
}

function contexts(): Promise<ContextReader> {
  const width = process.env[WIDTH_VARIABLE];
  reader ??= openContextReader(width === undefined ? undefined : Number(width));
  return reader;
}

/** How far two contexts are apart: the root mean square of their differences, keys and values together. */
export function distance(a: ContextPair, b: ContextPair): number {
  let sum = 0;
  for (const side of ['k', 'v'] as const) {
    for (let i = 0; i < a[side].length; i++) sum += (a[side][i]! - b[side][i]!) ** 2;
  }
  return Math.sqrt(sum / (a.k.length + a.v.length));
}
