// What a steered text encoder is fed beside token ids: vectors in the place of tokens, and which last layers to skip.
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** Vectors that take the places of tokens, from place `at` of a row on. */
export interface Replacement {
  /** Row of the batch, and place in it: 1 is the first after the start token. */
  readonly row: number;
  readonly at: number;
  /** [count, width] flat. */
  readonly vectors: Float32Array;
}

/** The sizes of a text encoder that its feeds depend on. */
export interface TextSizes {
  readonly tokens: number;
  readonly width: number;
  readonly layers: number;
}

/** Input that is 1 where layer `layer` (from 1; the first always runs) adds to the stream, 0 where it is skipped. */
export function layerGate(layer: number): string {
  return `layer_gate.${layer}`;
}

/**
 * Feeds of `buildTextEncoder(…, { steered: true })` beside `input_ids` for `rows` rows: `token_kept` [rows, tokens, 1],
 * `replacement` [rows, tokens, width] and a gate for every layer but the first. `clipSkip` n takes the output of the n-th layer
 * from the end, 1 … layers. A skipped layer adds nothing to the residual stream, so the final norm sees the earlier output exactly.
 */
export function steeredFeeds(
  rows: number,
  { tokens, width, layers }: TextSizes,
  replacements: readonly Replacement[],
  clipSkip: number,
): Record<string, Tensor> {
  const kept = tensor([rows, tokens, 1], new Float32Array(rows * tokens).fill(1));
  const replacement = tensor([rows, tokens, width]);
  for (const { row, at, vectors } of replacements) {
    const place = row * tokens + at;
    kept.data.fill(0, place, place + vectors.length / width);
    replacement.data.set(vectors, place * width);
  }
  const feeds: Record<string, Tensor> = { token_kept: kept, replacement };
  for (let layer = 1; layer < layers; layer++) {
    feeds[layerGate(layer)] = tensor([1], Float32Array.of(layer <= layers - clipSkip ? 1 : 0));
  }
  return feeds;
}
