// A prompt as chunks of 75 tokens, each with its weights and embeddings: AUTOMATIC1111's rules, which long prompts depend on.
import { parseAttention } from './attention.ts';
import type { EmbeddingWords, NamedEmbedding } from './embedding-words.ts';
import { PromptError } from './error.ts';
import { type Tokenizer, WINDOW_LENGTH, WINDOW_TOKENS } from './tokenizer.ts';

/** Chunks of one prompt: cross-attention reads 77 tokens more for each. */
export const MAX_CHUNKS = 32;
/** When a chunk is full, what follows a comma within its last tokens moves to the next. */
const COMMA_BACKTRACK = 20;

export interface PlacedEmbedding<E> {
  /** Place of the first vector, 1 … 75. */
  readonly at: number;
  readonly embedding: E;
}

/** What the text encoder reads at once. */
export interface PromptChunk<E> {
  /** [77]: start, up to 75 tokens, end, padding; 0 where an embedding stands. */
  readonly ids: Int32Array<ArrayBuffer>;
  /** [77]: what each place's output is multiplied by; 1 for start, end and padding. */
  readonly weights: Float32Array<ArrayBuffer>;
  readonly placed: readonly PlacedEmbedding<E>[];
}

/** The tokens of a vocabulary that chunks are closed with. */
export interface ChunkTokens extends Pick<Tokenizer, 'start' | 'end' | 'comma' | 'encode'> {
  /** What follows the first end token: the end token itself, or 0 for Stable Diffusion 2.x. */
  readonly padding: number;
}

/**
 * Splits a prompt, whose style tags are gone, into one chunk or more. Each weighted part is tokenised on its own; `BREAK` closes a
 * chunk; an embedding is never split. Throws `prompt/too-long` beyond 32 chunks, `prompt/embedding` for one that no chunk holds,
 * and what `parseAttention` throws.
 */
export function chunkPrompt<E extends NamedEmbedding>(
  prompt: string,
  tokens: ChunkTokens,
  words: EmbeddingWords<E>,
): PromptChunk<E>[] {
  const builder = new ChunkBuilder<E>(tokens);
  for (const [text, weight] of parseAttention(prompt)) {
    if (text === 'BREAK' && weight === -1) {
      builder.close();
      continue;
    }
    const ids = tokens.encode(text);
    for (let position = 0; position < ids.length; ) {
      builder.makeRoom(ids[position]!);
      const found = words.at(ids, position);
      if (found === undefined) builder.add(ids[position]!, weight);
      else builder.place(found.embedding, weight);
      position += found?.tokens ?? 1;
    }
  }
  return builder.finish();
}

/** A chunk of the empty prompt, which fills up the shorter of two prompts. */
export function emptyChunk(tokens: ChunkTokens): PromptChunk<never> {
  return new ChunkBuilder<never>(tokens).finish()[0]!;
}

/** A place that is filled: a token, or the first or a later vector of an embedding. */
interface Place<E> {
  readonly id: number;
  readonly weight: number;
  readonly begins?: E;
}

class ChunkBuilder<E extends NamedEmbedding> {
  readonly #tokens: ChunkTokens;
  readonly #chunks: PromptChunk<E>[] = [];
  #places: Place<E>[] = [];
  #lastComma = -1;

  constructor(tokens: ChunkTokens) {
    this.#tokens = tokens;
  }

  /** Called before every token: notes commas, and closes a full chunk, after its last comma where one is near. */
  makeRoom(token: number): void {
    const length = this.#places.length;
    if (token === this.#tokens.comma) {
      this.#lastComma = length;
    } else if (
      length === WINDOW_TOKENS &&
      this.#lastComma !== -1 &&
      length - this.#lastComma <= COMMA_BACKTRACK
    ) {
      const moved = this.#places.splice(this.#lastComma + 1);
      this.close();
      this.#places = moved;
    }
    if (this.#places.length === WINDOW_TOKENS) this.close();
  }

  add(id: number, weight: number): void {
    this.#places.push({ id, weight });
  }

  place(embedding: E, weight: number): void {
    const { count, words } = embedding;
    if (count > WINDOW_TOKENS) {
      throw new PromptError('prompt/embedding', `the embedding ${words[0]} is too long for a chunk`, {
        expected: `at most ${WINDOW_TOKENS} vectors`,
        found: String(count),
      });
    }
    if (this.#places.length + count > WINDOW_TOKENS) this.close();
    for (let i = 0; i < count; i++) {
      this.#places.push(i === 0 ? { id: 0, weight, begins: embedding } : { id: 0, weight });
    }
  }

  close(): void {
    if (this.#chunks.length === MAX_CHUNKS) {
      throw new PromptError('prompt/too-long', 'the prompt has too many tokens', {
        expected: `at most ${MAX_CHUNKS} chunks of ${WINDOW_TOKENS} tokens`,
        fix: 'Shorten it.',
      });
    }
    const { start, end, padding } = this.#tokens;
    const ids = new Int32Array(WINDOW_LENGTH).fill(padding);
    const weights = new Float32Array(WINDOW_LENGTH).fill(1);
    ids[0] = start;
    ids[this.#places.length + 1] = end;
    const placed: PlacedEmbedding<E>[] = [];
    for (const [i, { id, weight, begins }] of this.#places.entries()) {
      ids[i + 1] = id;
      weights[i + 1] = weight;
      if (begins !== undefined) placed.push({ at: i + 1, embedding: begins });
    }
    this.#chunks.push({ ids, weights, placed });
    this.#places = [];
    this.#lastComma = -1;
  }

  finish(): PromptChunk<E>[] {
    if (this.#places.length > 0 || this.#chunks.length === 0) this.close();
    return this.#chunks;
  }
}
