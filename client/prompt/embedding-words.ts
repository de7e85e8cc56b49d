// Words that stand for embeddings, found among a prompt's tokens.
import { PromptError } from './error.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What prompts need to know of an embedding. */
export interface NamedEmbedding {
  /** Any of these in a prompt means the embedding, whatever the case; the first is its own, the others give way to others' own. */
  readonly words: readonly string[];
  /** Vectors, each of which takes a token's place. */
  readonly count: number;
}

export interface FoundEmbedding<E> {
  readonly embedding: E;
  /** Tokens of the word. */
  readonly tokens: number;
}

/** Finds embeddings by their words' tokens, the longest word first, as AUTOMATIC1111's web UI does. */
export class EmbeddingWords<E extends NamedEmbedding> {
  readonly #used = new Set<E>();
  readonly #byFirst = new Map<number, { readonly ids: readonly number[]; readonly embedding: E }[]>();

  /** Of two embeddings with one word, the one whose first word it is keeps it, else the earlier. Throws `prompt/embedding` for a word without letters or signs. */
  constructor(embeddings: readonly E[], tokenizer: Pick<Tokenizer, 'encode'>) {
    const most = Math.max(0, ...embeddings.map(({ words }) => words.length));
    for (let rank = 0; rank < most; rank++) {
      for (const embedding of embeddings) {
        const word = embedding.words[rank];
        if (word !== undefined) this.#add(word, tokenizer.encode(word), embedding);
      }
    }
    for (const entries of this.#byFirst.values()) entries.sort((a, b) => b.ids.length - a.ids.length);
  }

  /** The embedding whose word begins at `position`, if any. */
  at(tokens: readonly number[], position: number): FoundEmbedding<E> | undefined {
    const entries = this.#byFirst.get(tokens[position]!) ?? [];
    const found = entries.find(({ ids }) => ids.every((id, i) => tokens[position + i] === id));
    if (found === undefined) return undefined;
    this.#used.add(found.embedding);
    return { embedding: found.embedding, tokens: found.ids.length };
  }

  /** Those that were found so far, in that order. */
  get used(): readonly E[] {
    return [...this.#used];
  }

  #add(word: string, ids: readonly number[], embedding: E): void {
    const first = ids[0];
    if (first === undefined) {
      throw new PromptError('prompt/embedding', 'an embedding has no word that a prompt could hold', {
        found: JSON.stringify(word),
        fix: 'Give its file a name with letters.',
      });
    }
    const entries = this.#byFirst.get(first) ?? [];
    this.#byFirst.set(first, entries);
    if (!entries.some((entry) => entry.ids.join() === ids.join())) entries.push({ ids, embedding });
  }
}
