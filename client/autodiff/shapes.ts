// Shapes as the backward pass needs them: as constants where they are known, read off a value where they are not.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';

/** The shape of `like` as an int64 value. */
export function shapeOf(graph: GraphBuilder, like: Value): Value {
  const fixed = fixedShape(like);
  return fixed === undefined ? graph.Shape(like) : graph.int64s(fixed);
}

/** The shape as numbers; undefined when an axis is symbolic. */
export function fixedShape({ shape }: Value): number[] | undefined {
  return shape.every((size) => typeof size === 'number') ? [...(shape as number[])] : undefined;
}

/** x in the shape of `like`; nothing is added where it has that shape. */
export function reshapeLike(graph: GraphBuilder, x: Value, like: Value): Value {
  return sameShape(x, like) ? x : graph.Reshape(x, shapeOf(graph, like));
}

export function sameShape(a: Value, b: Value): boolean {
  return a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);
}

/** Sums a gradient over the axes along which the input was repeated (NumPy's broadcasting, backwards). */
export function sumToShape(graph: GraphBuilder, gradient: Value, input: Value): Value {
  const added = gradient.shape.length - input.shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < added || (input.shape[axis - added] === 1 && size !== 1) ? [axis] : [],
  );
  const summed = axes.length === 0 ? gradient : graph.ReduceSum(gradient, axes);
  return added === 0 ? summed : reshapeLike(graph, summed, input);
}
