// What a batch's words feed the step: encoded contexts, or tokens with places for the embedding.

import type { TensorFile } from '../formats/entry.ts';
import type { ModelConfig } from '../models/config.ts';
import { buildTextEncoder } from '../models/text-encoder.ts';
import { type Tokenizer, WINDOW_TOKENS } from '../prompt/tokenizer.ts';
import { createSession } from '../runtime/create.ts';
import type { Backend, Feed, Session } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { INPUT, type Trainee } from './step-graph.ts';
import type { TrainingModel } from './step-sessions.ts';

/** Stands in a prompt where the embedding stands; no file or template holds it. */
export const EMBEDDING_MARK = '\u0000';
/** Contexts kept by prompt: 77 × 768 values each. */
const CONTEXTS_KEPT = 256;

export interface Conditioning {
  feeds(prompts: readonly string[]): Promise<Record<string, Feed>>;
  release(): Promise<void>;
}

/** What steps of this trainee read of their prompts. */
export async function openConditioning(
  trainee: Trainee,
  { checkpoint, config, tokenizer }: TrainingModel,
  backend: Backend,
): Promise<Conditioning> {
  switch (trainee.kind) {
    case 'hypernetwork':
      return encodedConditioning(checkpoint, config, tokenizer, backend);
    case 'embedding':
      return placedConditioning(tokenizer, trainee.vectors);
    case 'model':
      return tokenConditioning(tokenizer);
  }
}

/** Contexts of the frozen text encoder, for training hypernetworks. */
export async function encodedConditioning(
  checkpoint: TensorFile,
  config: ModelConfig,
  tokenizer: Tokenizer,
  backend: Backend,
): Promise<Conditioning> {
  const encoder = await createSession(buildTextEncoder(checkpoint, config), { backend });
  const kept = new Map<string, Tensor>();
  return {
    async feeds(prompts) {
      const missing = [...new Set(prompts)].filter((prompt) => !kept.has(prompt));
      const contexts = new Map(prompts.map((prompt) => [prompt, kept.get(prompt)]));
      for (const prompt of missing) {
        const context = await encode(encoder, tokenizer, prompt);
        contexts.set(prompt, context);
        kept.set(prompt, context);
        if (kept.size > CONTEXTS_KEPT) kept.delete(kept.keys().next().value!);
      }
      const rows = prompts.map((prompt) => contexts.get(prompt)!);
      const [, tokens, width] = rows[0]!.shape as [number, number, number];
      const context = tensor([prompts.length, tokens, width]);
      for (const [row, { data }] of rows.entries()) context.data.set(data, row * data.length);
      return { [INPUT.context]: context };
    },
    release: () => encoder.release(),
  };
}

async function encode(encoder: Session, tokenizer: Tokenizer, prompt: string): Promise<Tensor> {
  const { ids } = placeEmbedding(tokenizer, prompt, 0);
  const { context } = await encoder.run({ input_ids: { shape: [1, ids.length], data: ids } });
  return context!;
}

/** Tokens alone, for training a model with its text encoder. */
export function tokenConditioning(tokenizer: Tokenizer): Conditioning {
  return {
    async feeds(prompts) {
      const windows = prompts.map((prompt) => placeEmbedding(tokenizer, prompt, 0).ids);
      const length = windows[0]!.length;
      const ids = new Int32Array(prompts.length * length);
      for (const [row, window] of windows.entries()) ids.set(window, row * length);
      return { [INPUT.tokens]: { shape: [prompts.length, length], data: ids } };
    },
    release: async () => {},
  };
}

/** Tokens with the embedding's vectors at its mark, for training embeddings. */
export function placedConditioning(tokenizer: Tokenizer, vectors: number): Conditioning {
  return {
    async feeds(prompts) {
      const windows = prompts.map((prompt) => placeEmbedding(tokenizer, prompt, vectors));
      const length = windows[0]!.ids.length;
      const ids = new Int32Array(prompts.length * length);
      const placement = tensor([prompts.length * length, vectors]);
      for (const [row, window] of windows.entries()) {
        ids.set(window.ids, row * length);
        for (let vector = 0; vector < vectors; vector++) {
          placement.data[(row * length + window.place + vector) * vectors + vector] = 1;
        }
      }
      return {
        [INPUT.tokens]: { shape: [prompts.length, length], data: ids },
        [INPUT.placement]: placement,
      };
    },
    release: async () => {},
  };
}

/**
 * The one chunk of 75 tokens that training reads of a prompt, with the embedding's mark: `place` is that of its first vector. Where the prompt has no mark,
 * the embedding comes first; where its words would leave no room for the vectors, words before it go.
 */
export function placeEmbedding(
  tokenizer: Tokenizer,
  prompt: string,
  vectors: number,
): { readonly ids: Int32Array<ArrayBuffer>; readonly place: number } {
  const mark = prompt.indexOf(EMBEDDING_MARK);
  const before = mark < 0 ? '' : prompt.slice(0, mark);
  const after = prompt.slice(mark + 1).replaceAll(EMBEDDING_MARK, '');
  const first = tokenizer.encode(before).slice(0, WINDOW_TOKENS - vectors);
  const rest = tokenizer.encode(after).slice(0, WINDOW_TOKENS - vectors - first.length);
  const ids = new Int32Array(WINDOW_TOKENS + 2).fill(tokenizer.padding);
  ids[0] = tokenizer.start;
  ids.set(first, 1);
  ids.set(rest, 1 + first.length + vectors);
  // Ids where the vectors stand are not read.
  ids[1 + first.length + vectors + rest.length] = tokenizer.end;
  return { ids, place: 1 + first.length };
}
