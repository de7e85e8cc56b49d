// The default model's own contexts: what its text encoder makes of a prompt. In Node, without the rest of the engine.
import { fileURLToPath } from 'node:url';
import { encodeText, plainReader } from '../engine/context.ts';
import { openModel } from '../engine/model.ts';
import { Sessions } from '../engine/sessions.ts';
import { nodePlatform } from '../node.ts';
import type { ContextPair } from '../plugin-host/host.ts';

/** The model that comes with Tincture. */
export const DEFAULT_MODEL = fileURLToPath(new URL('../default-model', import.meta.url));

export interface ContextReader {
  /** Width of the contexts that it gives. */
  readonly width: number;
  /** Context widths of its self-attention. */
  readonly selfAttentionWidths: readonly number[];
  /** A prompt's context, [77 · chunks, width], the same for keys and values; they do not share memory. */
  read(prompt: string): Promise<ContextPair>;
  close(): Promise<void>;
}

/**
 * Opens the default model's text encoder on the wasm backend. A style for another context width, say 768, gets the same rows with
 * their values repeated to that width: real in size and shape, though no other model's meaning.
 */
export async function openContextReader(width?: number): Promise<ContextReader> {
  const finding = {
    platform: nodePlatform(),
    registry: undefined,
    signal: undefined,
    onProgress: undefined,
  };
  const model = await openModel(DEFAULT_MODEL, finding);
  const sessions = new Sessions(model, 'wasm');
  const { contextWidth, selfAttentionWidths } = model.facts;
  const wanted = width ?? contextWidth;
  return {
    width: wanted,
    selfAttentionWidths,
    async read(prompt) {
      const { shape, data } = await encodeText(prompt, plainReader(model, await sessions.textEncoder()));
      const rows = shape[0]!;
      const values = Float32Array.from({ length: rows * wanted }, (_, i) => {
        const column = i % wanted;
        return data[((i - column) / wanted) * contextWidth + (column % contextWidth)]!;
      });
      return { width: wanted, rows, k: values, v: values.slice() };
    },
    close: () => sessions.release(),
  };
}
