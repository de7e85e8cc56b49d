// The text part of a picture, once per prompt: tokens, text encoder, and each style's plugin on the two contexts.
import type { ContextPair } from '../plugin-host/host.ts';
import type { Tokenizer } from '../prompt/tokenizer.ts';
import type { Session } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { ReadyStyle, Styles } from './styles.ts';

/** What the UNet's cross-attention reads: contexts for keys and values, [rows, tokens, width] each. */
export interface Contexts {
  readonly k: Tensor;
  readonly v: Tensor;
}

/**
 * Encodes the texts (one row each) and bends every row by the styles in order, the second style seeing the first
 * one's output. A cut prompt adds a notice.
 */
export async function encodePrompts(
  texts: readonly string[],
  tokenizer: Tokenizer,
  encoder: Session,
  notices: string[],
): Promise<Tensor> {
  const windows = texts.map((text) => tokenizer.window(text));
  for (const { cut } of windows) {
    if (cut !== undefined) notices.push(`The prompt is longer than 75 tokens; not used: “${cut.trim()}”.`);
  }
  const length = windows[0]!.ids.length;
  const ids = new Int32Array(texts.length * length);
  windows.forEach((window, row) => {
    ids.set(window.ids, row * length);
  });
  const { context } = await encoder.run({ input_ids: { shape: [texts.length, length], data: ids } });
  return context!;
}

/** Runs the styles' plugins over each row of `context` [rows, tokens, width]. */
export async function bendContext(
  context: Tensor,
  styles: readonly ReadyStyle[],
  kept: Styles,
  signal?: AbortSignal,
): Promise<Contexts> {
  const bending = styles.filter((style) => style.plugin !== undefined && style.strength !== 0);
  if (bending.length === 0) return { k: context, v: context };
  const [rows, tokens, width] = context.shape as [number, number, number];
  const k = new Float32Array(context.data.length);
  const v = new Float32Array(context.data.length);
  const rowLength = tokens * width;
  for (let row = 0; row < rows; row++) {
    const start = context.data.slice(row * rowLength, (row + 1) * rowLength);
    let pair: ContextPair = { width, rows: tokens, k: start, v: start };
    for (const { plugin, strength } of bending) {
      signal?.throwIfAborted();
      try {
        pair = await plugin!.apply(pair, strength);
      } catch (error) {
        await kept.forgetPlugin(plugin!);
        throw error;
      }
    }
    k.set(pair.k, row * rowLength);
    v.set(pair.v, row * rowLength);
  }
  return { k: tensor(context.shape, k), v: tensor(context.shape, v) };
}
