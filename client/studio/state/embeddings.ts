// Embeddings that were dropped: files whose vectors stand for a word in both prompts.

export interface ShelfEmbedding {
  /** The file's name without its extension: the word that pictures name it by. */
  readonly name: string;
  /** All words that mean it: the name, and the one inside the file where it is another. */
  readonly words: readonly string[];
  /** Vectors, each of which takes a token's place. */
  readonly vectors: number;
  /** Width of the text encoders that it was made for. */
  readonly width: number;
  readonly sha256: string;
  readonly file: File;
}

/** The list with one more; one of the same name is replaced in its place. */
export function withEmbedding(
  embeddings: readonly ShelfEmbedding[],
  arrival: ShelfEmbedding,
): readonly ShelfEmbedding[] {
  const byName = new Map(embeddings.map((embedding) => [embedding.name, embedding]));
  return [...byName.set(arrival.name, arrival).values()];
}

/** A prompt with a word at its end, as the next item of its list. */
export function withWord(prompt: string, word: string): string {
  const before = prompt.trimEnd();
  if (before === '') return word;
  return before.endsWith(',') ? `${before} ${word}` : `${before}, ${word}`;
}

/** What a card says below the word. */
export function embeddingText({ words, vectors, width }: ShelfEmbedding, contextWidth?: number): string {
  if (contextWidth !== undefined && width !== contextWidth) {
    return `made for another model: its vectors are ${width} wide, this model’s ${contextWidth}`;
  }
  const others = words.slice(1).map((word) => ` or “${word}”`);
  return `say “${words[0]}”${others.join('')} · ${vectors === 1 ? '1 vector' : `${vectors} vectors`}`;
}
