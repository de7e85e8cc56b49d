// Convolution and the nearest-neighbour enlargement that goes with it.
import { type Dim, product, quotient } from './dimension.ts';
import { describe, GraphError } from './errors.ts';
import type { Value } from './value.ts';
import type { GraphWriter } from './writer.ts';

export interface ConvOptions {
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly stride?: number;
}

/** Ops on pictures [batch, channels, height, width]. */
export function convolutionOps(graph: GraphWriter) {
  return {
    /** x [batch, in, height, width], weight [out, in, rows, columns], bias [out]. */
    Conv(x: Value, weight: Value, bias: Value, { pads, stride = 1 }: ConvOptions): Value {
      const [batch, channels, height, width] = x.shape;
      const [out, inputs, rows, columns] = weight.shape;
      if (x.shape.length !== 4 || weight.shape.length !== 4) {
        throw fail(x, weight, 'the input and the weight must have four axes');
      }
      if (channels !== inputs) {
        throw fail(x, weight, `input channels ${channels} must match the weight's ${inputs}`);
      }
      if (bias.shape.length !== 1 || bias.shape[0] !== out) {
        throw fail(weight, bias, `the bias must have ${out} values`);
      }
      const [top, left, bottom, right] = pads;
      const shape = [
        batch!,
        out!,
        outputSize(x, height!, top + bottom, rows!, stride),
        outputSize(x, width!, left + right, columns!, stride),
      ];
      return graph.node(
        'Conv',
        [x, weight, bias],
        { dtype: x.dtype, shape },
        { attributes: { pads: { ints: pads }, strides: { ints: [stride, stride] } } },
      );
    },

    /** Nearest-neighbour enlargement of [batch, channels, height, width] by a whole `factor`. */
    Resize(x: Value, factor: number): Value {
      const [batch, channels, height, width] = x.shape;
      const scales = graph.floats([1, 1, factor, factor], [4]);
      return graph.node(
        'Resize',
        [x, undefined, scales],
        { dtype: x.dtype, shape: [batch!, channels!, product([factor, height!]), product([factor, width!])] },
        {
          attributes: {
            mode: { string: 'nearest' },
            coordinate_transformation_mode: { string: 'asymmetric' },
            nearest_mode: { string: 'floor' },
          },
        },
      );
    },
  };
}

/** ⌊(size + padding − kernel) / stride⌋ + 1; a symbolic size must keep its length or be halved. */
function outputSize(x: Value, size: Dim, padding: number, kernel: Dim, stride: number): Dim {
  if (typeof size === 'number' && typeof kernel === 'number') {
    return Math.floor((size + padding - kernel) / stride) + 1;
  }
  const shrink = Number(kernel) - padding;
  if (stride === 1 && shrink === 1) return size;
  if (stride === 2 && (shrink === 1 || shrink === 2)) return quotient(size, 2)!;
  throw new GraphError('shape', 'Conv', 'a symbolic size must keep its length or be halved', {
    found: `${describe(x)}, kernel ${kernel}, padding ${padding}, stride ${stride}`,
  });
}

function fail(a: Value, b: Value, what: string): GraphError {
  return new GraphError('shape', 'Conv', what, { found: `${describe(a)} and ${describe(b)}` });
}
