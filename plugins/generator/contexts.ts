// Contexts of the default model, as a plugin is shown them: for training and tests.
import { fileURLToPath } from 'node:url';
import { encodePrompts } from '../../client/engine/context.ts';
import { openModel } from '../../client/engine/model.ts';
import { nodePlatform } from '../../client/engine/platform-node.ts';
import { Sessions } from '../../client/engine/sessions.ts';

const MODEL = fileURLToPath(new URL('../../client/default-model', import.meta.url));
/** Texts encoded at once. */
const BATCH = 32;

export interface PromptContext {
  readonly rows: number;
  readonly width: number;
  /** [rows, width]. */
  readonly data: Float32Array;
}

/** The text encoder's output for each text. */
export async function contextsOf(texts: readonly string[]): Promise<PromptContext[]> {
  const model = await openModel(MODEL, {
    platform: nodePlatform(),
    registry: undefined,
    signal: undefined,
    onProgress: undefined,
  });
  const sessions = new Sessions(model, 'wasm');
  try {
    const encoder = await sessions.textEncoder();
    const contexts: PromptContext[] = [];
    for (let start = 0; start < texts.length; start += BATCH) {
      const { shape, data } = await encodePrompts(
        texts.slice(start, start + BATCH),
        model.tokenizer,
        encoder,
        [],
      );
      const [count, rows, width] = shape as readonly [number, number, number];
      const size = rows * width;
      for (let i = 0; i < count; i++)
        contexts.push({ rows, width, data: data.slice(i * size, (i + 1) * size) });
    }
    return contexts;
  } finally {
    await sessions.release();
  }
}
