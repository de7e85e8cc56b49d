// Scaled dot-product attention in its two lowerings: one fused op, or plain matrix products.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';
import { ModelError } from './errors.ts';
import { lastAxis } from './network.ts';

/**
 * `fused` is com.microsoft.MultiHeadAttention: it never holds all scores at once, but on some GPUs onnxruntime-web's
 * kernel gives wrong numbers (see `attentionProbe`). `plain` is right everywhere, and has gradients; its memory grows
 * with queries × keys.
 */
export type AttentionLowering = 'fused' | 'plain';

/** What graphs with attention can be asked for. */
export interface AttentionOptions {
  /** Default `fused`. */
  readonly attention?: AttentionLowering;
}

export interface AttentionInputs {
  /** [batch, queries, width], already scaled by `queryScale`. */
  readonly q: Value;
  /** [batch, keys, width] */
  readonly k: Value;
  readonly v: Value;
  readonly heads: number;
}

/** 1/√d of the scores, which a plain lowering folds into the queries' projection; fused kernels scale by themselves. */
export function queryScale(lowering: AttentionLowering, width: number, heads: number): number {
  return lowering === 'plain' ? 1 / Math.sqrt(headWidth(width, heads)) : 1;
}

/** softmax(q·kᵀ/√d)·v for each head (Vaswani et al., 2017); the result is [batch, queries, width]. */
export function attention(graph: GraphBuilder, lowering: AttentionLowering, inputs: AttentionInputs): Value {
  const { q, k, v, heads } = inputs;
  return lowering === 'fused' ? graph.MultiHeadAttention(q, k, v, heads) : plainAttention(graph, inputs);
}

/** The plain lowering; `mask` [1, 1, queries, keys] is added to the scores. */
export function plainAttention(
  graph: GraphBuilder,
  { q, k, v, heads }: AttentionInputs,
  mask?: Value,
): Value {
  const width = lastAxis(q);
  const split = [0, 0, heads, headWidth(width, heads)];
  const queries = graph.Transpose(graph.Reshape(q, split), [0, 2, 1, 3]);
  const keys = graph.Transpose(graph.Reshape(k, split), [0, 2, 3, 1]);
  const values = graph.Transpose(graph.Reshape(v, split), [0, 2, 1, 3]);
  const scores = graph.MatMul(queries, keys);
  const shares = graph.Softmax(mask === undefined ? scores : graph.Add(scores, mask));
  const heard = graph.Transpose(graph.MatMul(shares, values), [0, 2, 1, 3]);
  return graph.Reshape(heard, [0, 0, width]);
}

function headWidth(width: number, heads: number): number {
  if (width % heads === 0) return width / heads;
  throw new ModelError('manifest', 'the number of heads does not divide an attention of the model', {
    where: 'model.json',
    expected: `a divisor of ${width}`,
    found: String(heads),
  });
}
