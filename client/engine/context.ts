// The text part of a picture before any style: tokens and text encoder.
import type { Tokenizer } from '../prompt/tokenizer.ts';
import type { Session } from '../runtime/session.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Encodes the texts, one row each: [texts, tokens, width]. A cut prompt adds a notice. */
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
