// The text part of a picture before any style: chunks through the text encoder, weighted and joined.
import { type Replacement, steeredFeeds } from '../models/steered-feeds.ts';
import { type ChunkTokens, chunkPrompt, emptyChunk, type PromptChunk } from '../prompt/chunks.ts';
import { EmbeddingWords } from '../prompt/embedding-words.ts';
import type { Session } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { OpenEmbedding } from './embeddings.ts';
import { EngineError } from './errors.ts';
import type { OpenModel } from './model.ts';

/** Chunks that go through the text encoder at once. */
const CHUNKS_A_RUN = 16;
/** Chunks of all prompts and versions of a picture: 120 MB of contexts for Stable Diffusion 1.x. */
export const MAX_PICTURE_CHUNKS = 512;

type Chunk = PromptChunk<OpenEmbedding>;

/** What reads prompts: a model's text encoder as one picture uses it. */
export interface TextReader {
  readonly model: OpenModel;
  /** Built to be steered. */
  readonly encoder: Session;
  readonly words: EmbeddingWords<OpenEmbedding>;
  /** 1: the last layer's output; n: that of the n-th from the end. */
  readonly clipSkip: number;
  readonly signal?: AbortSignal | undefined;
}

/** A reader without embeddings and skipped layers. */
export function plainReader(model: OpenModel, encoder: Session): TextReader {
  return { model, encoder, words: new EmbeddingWords([], model.tokenizer), clipSkip: 1 };
}

/** The context of one text, [77 · chunks, width]. */
export async function encodeText(text: string, reader: TextReader): Promise<Tensor> {
  return (await encodeVersions([text], reader, MAX_PICTURE_CHUNKS)).get(text)!;
}

/**
 * Encodes the versions of one prompt, a context [77 · chunks, width] for each different text; the shorter versions are filled up
 * with chunks of the empty prompt. As in AUTOMATIC1111's web UI the places' weights multiply the encoder's output, and then every
 * chunk is scaled so that the mean over all versions is what it was; a text that comes twice counts twice in it. Throws
 * `engine/request` for more than `limit` chunks, and what `chunkPrompt` throws.
 */
export async function encodeVersions(
  texts: readonly string[],
  reader: TextReader,
  limit: number,
): Promise<ReadonlyMap<string, Tensor>> {
  const tokens = chunkTokens(reader.model);
  const distinct = [...new Set(texts)];
  let length = 1;
  const versions = distinct.map((text) => {
    const chunks = chunkPrompt(text, tokens, reader.words);
    length = Math.max(length, chunks.length);
    if (length * distinct.length > limit) throw tooMany();
    return chunks;
  });
  for (const chunks of versions) while (chunks.length < length) chunks.push(emptyChunk(tokens));
  const outputs = await encodeChunks(versions.flat(), reader);
  const outputOf = (version: number, i: number): Float32Array => outputs[version * length + i]!;
  for (let i = 0; i < length; i++) {
    weigh(
      versions.map((chunks, version) => ({
        output: outputOf(version, i),
        weights: chunks[i]!.weights,
        count: texts.filter((text) => text === distinct[version]).length,
      })),
    );
  }
  const { maxTokens, contextWidth } = reader.model.config;
  return new Map(
    distinct.map((text, version) => {
      const context = tensor([length * maxTokens, contextWidth]);
      for (let i = 0; i < length; i++) context.data.set(outputOf(version, i), i * maxTokens * contextWidth);
      return [text, context];
    }),
  );
}

function tooMany(): EngineError {
  return new EngineError('engine/request', 'the prompt comes to too many chunks', {
    expected: `at most ${MAX_PICTURE_CHUNKS} of 75 tokens, in all its versions and parts together`,
    fix: 'Shorten it, or let it change less often.',
  });
}

function chunkTokens({ tokenizer }: OpenModel): ChunkTokens {
  const { start, end, comma, padding, encode } = tokenizer;
  return { start, end, comma, padding, encode };
}

/** The text encoder's output for each chunk, [77, width] flat. */
async function encodeChunks(chunks: readonly Chunk[], reader: TextReader): Promise<Float32Array[]> {
  const { config } = reader.model;
  const outputs: Float32Array[] = [];
  for (let from = 0; from < chunks.length; from += CHUNKS_A_RUN) {
    reader.signal?.throwIfAborted();
    const run = chunks.slice(from, from + CHUNKS_A_RUN);
    const ids = new Int32Array(run.length * config.maxTokens);
    const replacements: Replacement[] = [];
    for (const [row, chunk] of run.entries()) {
      ids.set(chunk.ids, row * config.maxTokens);
      for (const { at, embedding } of chunk.placed)
        replacements.push({ row, at, vectors: embedding.vectorsFor(config.contextWidth) });
    }
    const sizes = { tokens: config.maxTokens, width: config.contextWidth, layers: config.text.layers };
    const { context } = await reader.encoder.run({
      input_ids: { shape: [run.length, config.maxTokens], data: ids },
      ...steeredFeeds(run.length, sizes, replacements, reader.clipSkip),
    });
    const size = config.maxTokens * config.contextWidth;
    for (let row = 0; row < run.length; row++)
      outputs.push(context!.data.slice(row * size, (row + 1) * size));
  }
  return outputs;
}

/** The same chunk of all versions of a prompt. */
interface Weighed {
  /** Changed in place. */
  readonly output: Float32Array;
  /** One for each of the output's rows. */
  readonly weights: Float32Array;
  readonly count: number;
}

function weigh(chunks: readonly Weighed[]): void {
  if (chunks.every(({ weights }) => weights.every((weight) => weight === 1))) return;
  const before = total(chunks);
  for (const { output, weights } of chunks) {
    const width = output.length / weights.length;
    for (let i = 0; i < output.length; i++) output[i] = output[i]! * weights[Math.floor(i / width)]!;
  }
  const factor = before / total(chunks);
  for (const { output } of chunks) for (let i = 0; i < output.length; i++) output[i] = output[i]! * factor;
}

function total(chunks: readonly Weighed[]): number {
  return chunks.reduce(
    (sum, { output, count }) => sum + count * output.reduce((values, value) => values + value, 0),
    0,
  );
}
