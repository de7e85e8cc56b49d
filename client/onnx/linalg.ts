// Matrix products and fused attention.
import type { Dim } from './dimension.ts';
import { sameType } from './elementwise.ts';
import { describe, GraphError } from './errors.ts';
import type { Attribute, Value } from './value.ts';
import type { GraphWriter } from './writer.ts';

export interface GemmOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
}

/** ONNX's matrix products and com.microsoft's MultiHeadAttention. */
export function linalgOps(graph: GraphWriter) {
  return {
    /**
     * alpha · a · b (+ beta · c): a [m, k] or with transA [k, m], b [k, n] or with transB [n, k] as PyTorch's Linear
     * stores it, c [n].
     */
    Gemm(a: Value, b: Value, c?: Value, options: GemmOptions = {}): Value {
      const { transA = false, transB = false, alpha = 1, beta = 1 } = options;
      const inner = b.shape[transB ? 1 : 0];
      const columns = b.shape[transB ? 0 : 1];
      if (a.shape.length !== 2 || b.shape.length !== 2 || inner === undefined || columns === undefined) {
        throw mismatch('Gemm', 'both inputs must be matrices', a, b);
      }
      if (a.shape[transA ? 0 : 1] !== inner) throw mismatch('Gemm', 'the inner sizes differ', a, b);
      if (c !== undefined && (c.shape.length !== 1 || c.shape[0] !== columns)) {
        throw mismatch('Gemm', 'the bias does not fit the weight', b, c);
      }
      const attributes: Record<string, Attribute> = {};
      if (transA) attributes.transA = { int: 1 };
      if (transB) attributes.transB = { int: 1 };
      if (alpha !== 1) attributes.alpha = { float: alpha };
      if (beta !== 1) attributes.beta = { float: beta };
      const inputs = c === undefined ? [a, b] : [a, b, c];
      return graph.node(
        'Gemm',
        inputs,
        { dtype: sameType('Gemm', a, b), shape: [a.shape[transA ? 1 : 0]!, columns] },
        { attributes },
      );
    },

    /** Matrix product over the last two axes; the axes before them must be equal. */
    MatMul(a: Value, b: Value): Value {
      const rank = a.shape.length;
      const batch = a.shape.slice(0, -2);
      if (rank < 2 || b.shape.length !== rank || a.shape[rank - 1] !== b.shape[rank - 2]) {
        throw mismatch('MatMul', 'the inner sizes differ', a, b);
      }
      if (batch.some((dim, axis) => dim !== b.shape[axis]))
        throw mismatch('MatMul', 'the batch axes differ', a, b);
      const shape: Dim[] = [...batch, a.shape[rank - 2]!, b.shape[rank - 1]!];
      return graph.node('MatMul', [a, b], { dtype: sameType('MatMul', a, b), shape });
    },

    /**
     * softmax(q·kᵀ/√d)·v for each head, com.microsoft: q [batch, queries, width], k [batch, keys, width],
     * v [batch, keys, width]; the heads lie side by side along the width, d = width / heads.
     */
    MultiHeadAttention(q: Value, k: Value, v: Value, heads: number): Value {
      const width = q.shape[2];
      if (q.shape.length !== 3 || k.shape.length !== 3 || width !== k.shape[2]) {
        throw mismatch('MultiHeadAttention', 'queries and keys must have one width', q, k);
      }
      if (v.shape.length !== 3 || k.shape[1] !== v.shape[1]) {
        throw mismatch('MultiHeadAttention', 'there must be a value for each key', k, v);
      }
      if (typeof width !== 'number' || width % heads !== 0) {
        throw new GraphError('shape', 'MultiHeadAttention', 'the width does not divide into heads', {
          expected: `a multiple of ${heads}`,
          found: describe(q),
        });
      }
      return graph.node(
        'MultiHeadAttention',
        [q, k, v],
        { dtype: q.dtype, shape: [q.shape[0]!, q.shape[1]!, v.shape[2]!] },
        { attributes: { num_heads: { int: heads } }, domain: 'com.microsoft' },
      );
    },
  };
}

function mismatch(op: string, what: string, a: Value, b: Value): GraphError {
  return new GraphError('shape', op, what, { found: `${describe(a)} and ${describe(b)}` });
}
