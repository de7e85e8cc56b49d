// One case an op: a graph of it on random shapes, and the values at which it is differentiated.
import type { GraphBuilder } from '../../client/onnx/builder.ts';
import type { Value } from '../../client/onnx/value.ts';

export interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly build: (graph: GraphBuilder, ...inputs: Value[]) => Value;
  /** Makes a value from a random number in −2 … 2 that is at least a tenth away from 0; default as it is. */
  readonly at?: (value: number) => number;
  /** Inputs that are integer indices below this. */
  readonly indices?: number;
}

/** A repeatable stream of numbers in 0 … 1 (Numerical Recipes' generator). */
export function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Draw = (low: number, high: number) => number;

/** Not so near to ±kink that a difference would step over it. */
const awayFrom = (kink: number) => (value: number) => {
  const size = Math.abs(value);
  const distance = size < kink ? Math.min(size - kink, -0.15) : Math.max(size - kink, 0.15);
  return Math.sign(value) * (kink + distance);
};

const positive = (value: number) => 0.7 + Math.abs(value);

/** Two shapes that broadcast: axes of length 1 and axes left out at random. */
function broadcasting(draw: Draw): [number[], number[]] {
  const full = Array.from({ length: draw(1, 4) }, () => draw(1, 4));
  const part = () => full.map((size) => (draw(0, 2) === 0 ? 1 : size));
  const [a, b] = [part(), part()];
  const cut = draw(0, b.length - 1);
  return draw(0, 1) === 0 ? [a, b.slice(cut)] : [b.slice(cut), a];
}

const some = (draw: Draw) => [[draw(1, 4), draw(1, 5)]];

function unary(build: (graph: GraphBuilder, x: Value) => Value, at?: (value: number) => number) {
  return (draw: Draw): Case => ({ shapes: some(draw), build, ...(at && { at }) });
}

function binary(build: (graph: GraphBuilder, a: Value, b: Value) => Value, at?: (value: number) => number) {
  return (draw: Draw): Case => ({ shapes: broadcasting(draw), build, ...(at && { at }) });
}

function conv(kernel: number, stride: number, pads: readonly [number, number, number, number], odd = 0) {
  return (draw: Draw): Case => {
    const [batch, inputs, out] = [draw(1, 2), draw(1, 3), draw(1, 3)];
    const side = () => 2 * draw(2, 3) + odd;
    return {
      shapes: [[batch, inputs, side(), side()], [out, inputs, kernel, kernel], [out]],
      build: (graph, x, weight, bias) => graph.Conv(x, weight, bias, { pads, stride }),
    };
  };
}

/** By name; the part before a space is the op. */
export const CASES: Readonly<Record<string, (draw: Draw) => Case>> = {
  Add: binary((graph, a, b) => graph.Add(a, b)),
  Sub: binary((graph, a, b) => graph.Sub(a, b)),
  Mul: binary((graph, a, b) => graph.Mul(a, b)),
  'Mul of a value with itself': unary((graph, x) => graph.Mul(x, x)),
  Div: binary((graph, a, b) => graph.Div(a, b), positive),
  Neg: unary((graph, x) => graph.Neg(x)),
  Abs: unary((graph, x) => graph.Abs(x)),
  Exp: unary((graph, x) => graph.Exp(x)),
  Log: unary((graph, x) => graph.Log(x), positive),
  Sqrt: unary((graph, x) => graph.Sqrt(x), positive),
  Sin: unary((graph, x) => graph.Sin(x)),
  Cos: unary((graph, x) => graph.Cos(x)),
  Erf: unary((graph, x) => graph.Erf(x)),
  Where: (draw) => ({
    shapes: [[draw(1, 3), 1], [draw(1, 4)], [1, 1]],
    build: (graph, a, b, c) => graph.Where(graph.Greater(a, graph.scalar(0)), graph.Mul(a, b), c),
  }),
  Cast: unary((graph, x) => graph.Cast(x, 'float32')),
  Tanh: unary((graph, x) => graph.Tanh(x)),
  Sigmoid: unary((graph, x) => graph.Sigmoid(x)),
  Relu: unary((graph, x) => graph.Relu(x)),
  LeakyRelu: unary((graph, x) => graph.LeakyRelu(x, 0.2)),
  Elu: unary((graph, x) => graph.Elu(x, 1.4)),
  ThresholdedRelu: unary((graph, x) => graph.ThresholdedRelu(x, 0)),
  HardSigmoid: unary((graph, x) => graph.HardSigmoid(x, 1 / 4, 0.5), awayFrom(2)),
  Clip: unary((graph, x) => graph.Clip(x, -1, 1), awayFrom(1)),
  Gelu: unary((graph, x) => graph.Gelu(x)),
  QuickGelu: unary((graph, x) => graph.QuickGelu(x, 1.702)),
  'QuickGelu as SiLU': unary((graph, x) => graph.QuickGelu(x, 1)),
  Gemm: (draw) => {
    const [m, k, n] = [draw(1, 4), draw(1, 4), draw(1, 4)];
    return {
      shapes: [[m, k], [k, n], [n]],
      build: (graph, a, b, c) => graph.Gemm(a, b, c, { alpha: 0.7, beta: 1.3 }),
    };
  },
  'Gemm transposed': (draw) => {
    const [m, k, n] = [draw(1, 4), draw(1, 4), draw(1, 4)];
    return {
      shapes: [[m, k], [n, k], [n]],
      build: (graph, a, b, c) => graph.Gemm(a, b, c, { transB: true }),
    };
  },
  'Gemm of two transposed': (draw) => {
    const [m, k, n] = [draw(1, 4), draw(1, 4), draw(1, 4)];
    return {
      shapes: [
        [k, m],
        [n, k],
      ],
      build: (graph, a, b) => graph.Gemm(a, b, undefined, { transA: true, transB: true, alpha: 2 }),
    };
  },
  MatMul: (draw) => {
    const batch = Array.from({ length: draw(0, 2) }, () => draw(1, 3));
    const [m, k, n] = [draw(1, 4), draw(1, 4), draw(1, 4)];
    return {
      shapes: [
        [...batch, m, k],
        [...batch, k, n],
      ],
      build: (graph, a, b) => graph.MatMul(a, b),
    };
  },
  Gather: (draw) => ({
    shapes: [
      [4, draw(1, 4)],
      [draw(1, 3), draw(1, 3)],
    ],
    build: (graph, table, indices) => graph.Gather(table, indices),
    indices: 4,
  }),
  Conv: conv(3, 1, [1, 1, 1, 1]),
  'Conv 1×1': conv(1, 1, [0, 0, 0, 0]),
  'Conv by halves': conv(3, 2, [1, 1, 1, 1]),
  'Conv by halves of odd sides': conv(3, 2, [1, 1, 1, 1], 1),
  'Conv padded at the end': conv(3, 2, [0, 0, 1, 1]),
  'Conv with uneven pads': conv(3, 1, [2, 0, 1, 1]),
  Resize: (draw) => ({
    shapes: [[draw(1, 2), draw(1, 3), draw(1, 4), draw(1, 4)]],
    build: (graph, x) => graph.Resize(x, 2),
  }),
  LayerNormalization: (draw) => {
    const width = draw(3, 6);
    return {
      shapes: [[draw(1, 3), draw(1, 3), width], [width], [width]],
      build: (graph, x, scale, bias) => graph.LayerNormalization(x, scale, bias, 1e-5),
    };
  },
  InstanceNormalization: (draw) => {
    const channels = draw(1, 3);
    return {
      shapes: [[draw(1, 2), channels, draw(4, 6)], [channels], [channels]],
      build: (graph, x, scale, bias) => graph.InstanceNormalization(x, scale, bias, 1e-3),
    };
  },
  'InstanceNormalization with scale one': (draw) => {
    const channels = draw(1, 3);
    return {
      shapes: [[draw(1, 2), channels, draw(2, 3), draw(2, 3)]],
      build: (graph, x) => {
        const one = graph.floats(new Float32Array(channels).fill(1), [channels]);
        const zero = graph.floats(new Float32Array(channels), [channels]);
        return graph.InstanceNormalization(x, one, zero, 1e-3);
      },
    };
  },
  Softmax: (draw) => ({
    shapes: [[draw(1, 3), draw(1, 3), draw(2, 5)]],
    build: (graph, x) => graph.Softmax(x),
  }),
  Reshape: (draw) => ({
    shapes: [[draw(1, 3), 4, draw(1, 3)]],
    build: (graph, x) => graph.Mul(graph.Reshape(x, [0, 2, -1]), graph.floats([0.5, 2], [2, 1])),
  }),
  Transpose: (draw) => ({
    shapes: [[draw(1, 3), draw(1, 3), draw(1, 3)]],
    build: (graph, x) => graph.Transpose(x, [2, 0, 1]),
  }),
  Concat: (draw) => {
    const rows = draw(1, 3);
    return {
      shapes: [
        [rows, draw(1, 3)],
        [rows, draw(1, 3)],
        [rows, draw(1, 3)],
      ],
      build: (graph, a, b, c) => graph.Concat([a, b, c], 1),
    };
  },
  Slice: (draw) => ({
    shapes: [[draw(1, 3), 5]],
    build: (graph, x) => graph.Slice(x, 1, 1, 4),
  }),
  Expand: (draw) => ({
    shapes: [[1, draw(1, 3)]],
    build: (graph, x) => graph.Expand(x, [2, 3, x.shape[1] as number]),
  }),
  ReduceSum: (draw) => ({
    shapes: [[draw(1, 3), draw(1, 3), draw(1, 3)]],
    build: (graph, x) => graph.ReduceSum(x, [0, 2]),
  }),
  ReduceMean: (draw) => ({
    shapes: [[draw(1, 3), draw(1, 3), draw(1, 3)]],
    build: (graph, x) => graph.ReduceMean(x, [1]),
  }),
  ReduceSumSquare: (draw) => ({
    shapes: [[draw(1, 3), draw(1, 3)]],
    build: (graph, x) => graph.ReduceSumSquare(x, [1]),
  }),
};
