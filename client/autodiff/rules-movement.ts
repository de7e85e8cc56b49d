// Gradients of ops that move elements, and of reductions.

import type { Value } from '../onnx/value.ts';
import { AutodiffError } from './error.ts';
import { type Backward, NO_GRADIENT, type RuleTable } from './rule.ts';
import { fixedShape, reshapeLike, shapeOf } from './shapes.ts';

export const MOVEMENT: RuleTable = {
  Reshape: ({ graph, dy, inputType }) => [() => reshapeLike(graph, dy, inputType(0)), undefined],
  Transpose: ({ graph, dy, attribute }) => {
    const perm = attribute('perm') as { ints: readonly number[] };
    const inverse = perm.ints.map((_, axis) => perm.ints.indexOf(axis));
    return [() => graph.Transpose(dy, inverse)];
  },
  Concat: (step) => {
    const axis = step.number('axis', 0);
    let start = 0;
    return step.node.inputs.map((_, index) => {
      const first = start;
      const size = step.inputType(index).shape[axis];
      if (typeof size !== 'number') {
        throw new AutodiffError('no-rule', 'values of unknown length were joined', { where: step.node.name });
      }
      start += size;
      return () => step.graph.Slice(step.dy, axis, first, first + size);
    });
  },
  /** Zeros where nothing was taken. Steps other than 1 are not differentiated: no graph of ours has them. */
  Slice: (step) => [() => sliceInput(step), undefined, undefined, undefined, undefined],
  Expand: ({ dy }) => [() => dy, undefined],
  ReduceSum: ({ graph, dy, inputType }) => [() => graph.Expand(dy, shapeOf(graph, inputType(0))), undefined],
  ReduceMean: ({ graph, dy, inputType }) => [
    () => {
      const before = fixedShape(inputType(0));
      const after = fixedShape(dy);
      if (before === undefined || after === undefined) {
        throw new AutodiffError('no-rule', 'a mean over an unknown number of values');
      }
      const count = before.reduce((n, size) => n * size, 1) / after.reduce((n, size) => n * size, 1);
      return graph.Expand(graph.Mul(dy, graph.scalar(1 / count)), before);
    },
    undefined,
  ],
  ReduceSumSquare: ({ graph, dy, input }) => [
    () => graph.Mul(graph.Mul(input(0), graph.scalar(2)), dy),
    undefined,
  ],
  Shape: NO_GRADIENT,
};

function sliceInput({ graph, dy, node, inputType }: Backward): Value {
  const [, starts, , axes, steps] = node.inputs;
  const x = inputType(0);
  const axis = axes!.elements![0] as number;
  const start = starts!.elements![0] as number;
  const [size, taken] = [x.shape[axis], dy.shape[axis]];
  if (steps !== undefined || typeof size !== 'number' || typeof taken !== 'number') {
    throw new AutodiffError('no-rule', 'a slice with steps, or of an unknown length', { where: node.name });
  }
  const pads = new Array<number>(2 * x.shape.length).fill(0);
  pads[axis] = start;
  pads[axis + x.shape.length] = size - start - taken;
  return graph.Pad(dy, pads);
}
