// Gradients of convolution, in what it reads and in its weights, and of enlargement.

import type { GraphBuilder } from '../onnx/builder.ts';
import { type Dim, quotient } from '../onnx/dimension.ts';
import type { Value } from '../onnx/value.ts';
import { AutodiffError } from './error.ts';
import type { Backward, RuleTable } from './rule.ts';

interface Geometry {
  readonly pads: readonly [number, number, number, number];
  readonly stride: number;
}

export const CONVOLUTION: RuleTable = {
  Conv: (step) => [
    () => convInput(step),
    () => convWeight(step),
    () => step.graph.Reshape(step.graph.ReduceSum(step.dy, [0, 2, 3]), [-1]),
  ],
  /** Every place of a block of factor × factor was a copy: their sum is their mean times the count. */
  Resize: ({ graph, dy, inputType }) => {
    const factor = enlargement(inputType(0).shape[3]!, dy.shape[3]!);
    return [
      () => graph.Mul(graph.AveragePool(dy, factor), graph.scalar(factor * factor)),
      undefined,
      undefined,
    ];
  },
};

function geometry(step: Backward): Geometry {
  const pads = step.attribute('pads');
  const strides = step.attribute('strides');
  if (pads === undefined || !('ints' in pads) || strides === undefined || !('ints' in strides)) {
    throw new AutodiffError('no-rule', 'a convolution without pads or strides', { where: step.node.name });
  }
  return { pads: pads.ints as unknown as Geometry['pads'], stride: strides.ints[0]! };
}

/** The convolution's transpose; what the stride cut off at the end is padded on. */
function convInput(step: Backward): Value {
  const { pads, stride } = geometry(step);
  const [top, left, bottom, right] = pads;
  const x = step.inputType(0);
  const weight = step.input(1);
  const [, , rows, columns] = weight.shape as number[];
  const cutOff = (size: Dim, padding: number, kernel: number): number => {
    const numerator = typeof size === 'number' ? size + padding - kernel : padding - kernel;
    return ((numerator % stride) + stride) % stride;
  };
  return step.graph.ConvTranspose(step.dy, weight, {
    pads,
    stride,
    outputPadding: [cutOff(x.shape[2]!, top + bottom, rows!), cutOff(x.shape[3]!, left + right, columns!)],
  });
}

/**
 * For each place of the kernel one product [out, batch·places] · [batch·places, in] of the gradients with what stood
 * under that place. Needs fixed sizes.
 */
function convWeight(step: Backward): Value {
  const { graph, dy } = step;
  const { pads, stride } = geometry(step);
  const weight = step.inputType(1);
  const [out, inputs, rows, columns] = weight.shape as [number, number, number, number];
  const [height, width] = dy.shape.slice(2);
  if (typeof height !== 'number' || typeof width !== 'number') {
    throw new AutodiffError('no-rule', 'the gradient of a convolution’s weight needs fixed sizes', {
      where: step.node.name,
      found: `[${dy.shape.join(', ')}]`,
    });
  }
  const [top, left, bottom, right] = pads;
  const padded = [top, left, bottom, right].every((pad) => pad === 0)
    ? step.input(0)
    : graph.Pad(step.input(0), [0, 0, top, left, 0, 0, bottom, right]);
  const gradients = channelRows(graph, dy, out);
  const taps: Value[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const down = graph.Slice(padded, 2, row, row + (height - 1) * stride + 1, stride);
      const seen = graph.Slice(down, 3, column, column + (width - 1) * stride + 1, stride);
      const product = graph.Gemm(gradients, channelRows(graph, seen, inputs), undefined, { transB: true });
      taps.push(graph.Reshape(product, [out, inputs, 1]));
    }
  }
  const joined = taps.length === 1 ? taps[0]! : graph.Concat(taps, 2);
  return graph.Reshape(joined, [out, inputs, rows, columns]);
}

/** [batch, channels, height, width] → [channels, batch·height·width]. */
function channelRows(graph: GraphBuilder, x: Value, channels: number): Value {
  return graph.Reshape(graph.Transpose(x, [1, 0, 2, 3]), [channels, -1]);
}

/** The whole factor of an enlargement, also of symbolic sizes. */
function enlargement(before: Dim, after: Dim): number {
  const factor = quotient(after, before);
  if (typeof factor === 'number') return factor;
  throw new AutodiffError('no-rule', 'an enlargement by an unknown factor', {
    found: `${before} → ${after}`,
  });
}
