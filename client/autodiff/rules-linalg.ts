// Gradients of matrix products and of table look-ups.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';
import type { RuleTable } from './rule.ts';

export const LINALG: RuleTable = {
  /** y = α·a·b + β·c */
  Gemm: ({ graph, dy, input, number }) => {
    const alpha = number('alpha', 1);
    const beta = number('beta', 1);
    const transA = number('transA', 0) === 1;
    const transB = number('transB', 0) === 1;
    return [
      () =>
        transA
          ? graph.Gemm(input(1), dy, undefined, { transA: transB, transB: true, alpha })
          : graph.Gemm(dy, input(1), undefined, { transB: !transB, alpha }),
      () =>
        transB
          ? graph.Gemm(dy, input(0), undefined, { transA: true, transB: transA, alpha })
          : graph.Gemm(input(0), dy, undefined, { transA: !transA, alpha }),
      () => {
        const sum = graph.ReduceSum(dy, [0]);
        return graph.Reshape(beta === 1 ? sum : graph.Mul(sum, graph.scalar(beta)), [-1]);
      },
    ];
  },
  MatMul: ({ graph, dy, input }) => [
    () => graph.MatMul(dy, transposed(graph, input(1))),
    () => graph.MatMul(transposed(graph, input(0)), dy),
  ],
  /** Each row of the table gets the sum of the gradients where it was read: a product with one-hot rows. */
  Gather: ({ graph, dy, input, inputType }) => [
    () => {
      const [rows, width] = inputType(0).shape as [number, number];
      const indices = graph.Reshape(input(1), [-1, 1]);
      const numbers = graph.int32s(
        Array.from({ length: rows }, (_, row) => row),
        [1, rows],
      );
      const oneHot = graph.Cast(graph.Equal(indices, numbers), 'float32');
      return graph.Gemm(oneHot, graph.Reshape(dy, [-1, width]), undefined, { transA: true });
    },
    undefined,
  ],
};

/** The last two axes exchanged. */
function transposed(graph: GraphBuilder, x: Value): Value {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => axis);
  perm[rank - 1] = rank - 2;
  perm[rank - 2] = rank - 1;
  return graph.Transpose(x, perm);
}
