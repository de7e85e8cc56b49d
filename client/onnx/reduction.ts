// Ops that reduce axes.
import type { Dim } from './dimension.ts';
import { describe, GraphError } from './errors.ts';
import type { Value } from './value.ts';
import type { GraphWriter } from './writer.ts';

/** ONNX's reductions over `axes` (from 0; all when none are named), which stay with length 1. */
export function reductionOps(graph: GraphWriter) {
  const reduce = (op: string, x: Value, axes: readonly number[] | undefined): Value => {
    const reduced = axes ?? x.shape.map((_, axis) => axis);
    if (reduced.some((axis) => !(axis >= 0 && axis < x.shape.length))) {
      throw new GraphError('shape', op, `the axes [${reduced.join(', ')}] are not all there`, {
        found: describe(x),
      });
    }
    const shape: Dim[] = x.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size));
    return graph.node(
      op,
      [x, graph.int64s(reduced)],
      { dtype: x.dtype, shape },
      { attributes: { keepdims: { int: 1 } } },
    );
  };
  return {
    ReduceSum: (x: Value, axes?: readonly number[]): Value => reduce('ReduceSum', x, axes),
    ReduceMean: (x: Value, axes?: readonly number[]): Value => reduce('ReduceMean', x, axes),
    ReduceSumSquare: (x: Value, axes?: readonly number[]): Value => reduce('ReduceSumSquare', x, axes),
  };
}
