// Embeddings at hand, dropped or the registry's: vectors that stand for a word in both prompts.

export interface ShelfEmbedding {
  /** The file's name without its extension, or the registry's name: the word that pictures name it by. */
  readonly name: string;
  /** All words that mean it: the name, and the one inside the file where that is known and another. */
  readonly words: readonly string[];
  /** Vectors, each of which takes a token's place. */
  readonly vectors: number;
  /** Width of the text encoders that it was made for. */
  readonly width: number;
  readonly sha256: string;
  /** The file itself, for one that was dropped; without it the engine brings it from the registry when a prompt says its name. */
  readonly file?: File;
}

/** The list with some more; one of the same name is replaced in its place, but a dropped one by no one of the registry. */
export function withEmbeddings(
  embeddings: readonly ShelfEmbedding[],
  arrivals: readonly ShelfEmbedding[],
): readonly ShelfEmbedding[] {
  const byName = new Map(embeddings.map((embedding) => [embedding.name, embedding]));
  for (const arrival of arrivals) {
    const held = byName.get(arrival.name);
    if (held?.file === undefined || arrival.file !== undefined) byName.set(arrival.name, arrival);
  }
  return [...byName.values()];
}

/** Those that a picture may need: what was dropped, and of the registry's those whose names the prompts hold. */
export function embeddingsFor(
  embeddings: readonly ShelfEmbedding[],
  { prompt, negativePrompt }: { readonly prompt: string; readonly negativePrompt: string },
): readonly ShelfEmbedding[] {
  const texts = `${prompt}\n${negativePrompt}`.toLowerCase();
  return embeddings.filter(({ file, name }) => file !== undefined || texts.includes(name.toLowerCase()));
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
