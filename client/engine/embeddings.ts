// Opens the embeddings of a request and keeps them for the next: files whose vectors stand for a word of the prompt.
import { digestOf } from '../formats/digest.ts';
import { type Embedding, readEmbedding } from '../formats/embedding.ts';
import type { ByteSource } from '../formats/entry.ts';
import type { NamedEmbedding } from '../prompt/embedding-words.ts';
import { widenToFloat32 } from '../tensor/widen.ts';
import { findEmbedding } from './embedding-source.ts';
import type { EmbeddingSource } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Finding } from './find-model.ts';
import { REQUEST_LIMITS } from './request.ts';

/** An embedding in memory. */
export interface OpenEmbedding extends NamedEmbedding {
  /** The word that picture metadata names it by. */
  readonly name: string;
  /** First twelve hexadecimal digits of the file's SHA-256, as picture metadata has it. */
  readonly hash: string;
  /** Width of the text encoders that it was made for. */
  readonly width: number;
  /** The vectors [count, width] flat; throws `engine/embedding` where the text encoder has another width. */
  vectorsFor(width: number): Float32Array;
}

/** Opened embeddings kept at once; most are a few kilobytes. */
const EMBEDDINGS_KEPT = 64;
/** Vectors of one embedding: a chunk holds 75, and widths go up to 2048. */
const MAX_VALUES = 75 * 4096;

/** The embeddings of one engine. */
export class Embeddings {
  readonly #finding: Finding;
  readonly #kept = new Map<string | ByteSource | Blob, OpenEmbedding>();

  constructor(finding: Finding) {
    this.#finding = finding;
  }

  /** Opens all embeddings of a request, in order. Throws `engine/embedding`, and the readers' errors for broken files. */
  async prepare(sources: readonly EmbeddingSource[], signal: AbortSignal): Promise<OpenEmbedding[]> {
    if (sources.length > REQUEST_LIMITS.embeddings) {
      throw new EngineError('engine/request', 'too many embeddings', {
        expected: `at most ${REQUEST_LIMITS.embeddings}`,
        found: String(sources.length),
      });
    }
    const opened: OpenEmbedding[] = [];
    for (const source of sources) {
      signal.throwIfAborted();
      const key = typeof source === 'string' ? source : source.file;
      const kept = this.#kept.get(key) ?? (await this.#open(source, signal));
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      opened.push(kept);
    }
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= Math.max(EMBEDDINGS_KEPT, sources.length)) break;
      this.#kept.delete(key);
    }
    return opened;
  }

  async #open(source: EmbeddingSource, signal: AbortSignal): Promise<OpenEmbedding> {
    const { name: stem, file } = await findEmbedding(source, this.#finding, signal);
    const embedding = await readEmbedding(file);
    if (embedding === undefined) {
      throw new EngineError('engine/embedding', 'the file holds no embedding', {
        where: file.name,
        expected: 'the vectors of a textual inversion, in .pt, .bin, .safetensors or .png',
      });
    }
    const { shape, dtype, bytes } = embedding.vectors;
    const [count, width] = shape as [number, number];
    if (count * width > MAX_VALUES) {
      throw new EngineError('engine/embedding', 'the embedding is too large', {
        where: file.name,
        expected: `at most ${MAX_VALUES} values`,
        found: `[${count}, ${width}]`,
      });
    }
    const vectors = widenToFloat32(dtype, bytes);
    const words = embeddingWords(stem, embedding);
    return {
      name: stem,
      words,
      hash: (await digestOf(file, signal)).slice(0, 12),
      count,
      width,
      vectorsFor(wanted) {
        if (wanted === width) return vectors;
        throw new EngineError('engine/embedding', `the embedding ${stem} was made for another model`, {
          expected: `vectors of width ${wanted}`,
          found: `width ${width}`,
          fix: 'Take its word out of the prompt, or load a model that it was made for.',
        });
      },
    };
  }
}

/** The words of an embedding: its file's, and the name inside, for people rename files and prompts keep the old word. */
export function embeddingWords(word: string, { name }: Pick<Embedding, 'name'>): string[] {
  return [...new Set([word, ...(name === undefined || name.trim() === '' ? [] : [name])])];
}
