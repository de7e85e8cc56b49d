// Convolution and the nearest-neighbour enlargement that goes with it.
import { type Dim, product, quotient } from './dimension.ts';
import { describe, GraphError } from './errors.ts';
import type { Value } from './value.ts';
import type { GraphWriter } from './writer.ts';

/** What lies beyond a picture's edge: zeros, or the picture again, as on a torus. */
export type Padding = 'zeros' | 'wrap';

interface Strided {
  /** Top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly stride?: number;
}

export interface ConvOptions extends Strided {
  /** Default zeros. `wrap` repeats at most the picture itself: pads are no larger than its sides. */
  readonly padding?: Padding;
}

export interface ConvTransposeOptions extends Strided {
  /** Rows and columns added below and to the right. */
  readonly outputPadding?: readonly [number, number];
}

/** Ops on pictures [batch, channels, height, width]. */
export function convolutionOps(graph: GraphWriter) {
  return {
    /** x [batch, in, height, width], weight [out, in, rows, columns], bias [out]. */
    Conv(x: Value, weight: Value, bias: Value, { pads, stride = 1, padding = 'zeros' }: ConvOptions): Value {
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
      const wraps = padding === 'wrap' && pads.some((pad) => pad > 0);
      return graph.node(
        'Conv',
        [wraps ? wrapped(graph, x, pads) : x, weight, bias],
        { dtype: x.dtype, shape },
        { attributes: { pads: { ints: wraps ? [0, 0, 0, 0] : pads }, strides: { ints: [stride, stride] } } },
      );
    },

    /**
     * The transpose of Conv as a linear map: x [batch, in, height, width], weight [in, out, rows, columns] →
     * [batch, out, height′, width′], height′ = stride·(height − 1) + rows − pads + outputPadding.
     */
    ConvTranspose(x: Value, weight: Value, options: ConvTransposeOptions): Value {
      const { pads, stride = 1, outputPadding = [0, 0] } = options;
      const [batch, channels, height, width] = x.shape;
      const [inputs, out, rows, columns] = weight.shape;
      if (x.shape.length !== 4 || weight.shape.length !== 4 || channels !== inputs) {
        throw new GraphError('shape', 'ConvTranspose', 'the channels must match the weight’s first axis', {
          found: `${describe(x)} and ${describe(weight)}`,
        });
      }
      const [top, left, bottom, right] = pads;
      const enlarged = (size: Dim, kernel: Dim, rest: number): Dim => {
        const more = Number(kernel) + rest - stride;
        if (typeof size === 'number') return stride * size + more;
        if (more === 0) return product([stride, size]);
        throw new GraphError('shape', 'ConvTranspose', 'a symbolic size must be multiplied by the stride', {
          found: `${describe(x)}, kernel ${kernel}, pads ${pads.join(', ')}`,
        });
      };
      return graph.node(
        'ConvTranspose',
        [x, weight],
        {
          dtype: x.dtype,
          shape: [
            batch!,
            out!,
            enlarged(height!, rows!, outputPadding[0] - top - bottom),
            enlarged(width!, columns!, outputPadding[1] - left - right),
          ],
        },
        {
          attributes: {
            pads: { ints: pads },
            strides: { ints: [stride, stride] },
            output_padding: { ints: outputPadding },
          },
        },
      );
    },

    /** Means of blocks of factor × factor of [batch, channels, height, width], whose sides the factor divides. */
    AveragePool(x: Value, factor: number): Value {
      const [batch, channels, height, width] = x.shape;
      const [rows, columns] = [quotient(height!, factor), quotient(width!, factor)];
      if (x.shape.length !== 4 || rows === undefined || columns === undefined) {
        throw new GraphError('shape', 'AveragePool', `the sides must be multiples of ${factor}`, {
          found: describe(x),
        });
      }
      const ints = [factor, factor];
      return graph.node(
        'AveragePool',
        [x],
        { dtype: x.dtype, shape: [batch!, channels!, rows, columns] },
        { attributes: { kernel_shape: { ints }, strides: { ints } } },
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

/** Slice's word for an axis' end, whatever its length. */
const END = 2 ** 31 - 1;

/** x with rows and then columns of its other side at its edges. Pad has no such mode before opset 19, nor on WebGPU. */
function wrapped(graph: GraphWriter, x: Value, [top, left, bottom, right]: Strided['pads']): Value {
  const slice = (y: Value, axis: number, start: number, end: number, length: number): Value => {
    const shape = y.shape.map((size, place) => (place === axis ? length : size));
    const inputs = [y, graph.int64s([start]), graph.int64s([end]), graph.int64s([axis])];
    return graph.node('Slice', inputs, { dtype: y.dtype, shape });
  };
  const along = (y: Value, axis: number, before: number, behind: number): Value => {
    if (before + behind === 0) return y;
    const size = y.shape[axis]!;
    const parts = [
      ...(before > 0 ? [slice(y, axis, -before, END, before)] : []),
      y,
      ...(behind > 0 ? [slice(y, axis, 0, behind, behind)] : []),
    ];
    const shape = [...y.shape];
    shape[axis] = typeof size === 'number' ? size + before + behind : `${size}+${before + behind}`;
    return graph.node('Concat', parts, { dtype: y.dtype, shape }, { attributes: { axis: { int: axis } } });
  };
  return along(along(x, 2, top, bottom), 3, left, right);
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
