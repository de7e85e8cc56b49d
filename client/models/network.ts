// PyTorch's layers as ops, with their weights: a place in the checkpoint's names and in the graph's at once.
import type { TensorFile } from '../formats/entry.ts';
import { type GraphBuilder, graphBuilder } from '../onnx/builder.ts';
import type { ConvOptions, Padding } from '../onnx/convolution.ts';
import { emitGraph } from '../onnx/emit.ts';
import { GraphError } from '../onnx/errors.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { Value } from '../onnx/value.ts';
import { ModelError } from './errors.ts';
import { inPrecision, type Precision } from './precision.ts';
import { type WeightOptions, Weights } from './weights.ts';

/** How a whole network is built. */
export interface NetworkOptions {
  /** What it computes in; default float32. */
  readonly precision?: Precision | undefined;
  /** What its convolutions find beyond the edges; default zeros. `wrap` makes pictures whose edges meet. */
  readonly padding?: Padding | undefined;
}

export interface LinearOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** Multiplies the result, at no cost. */
  readonly scale?: number;
  /** Rows of the weight, and values of the bias, that are used: the layer's output is only that part. */
  readonly rows?: readonly [number, number];
}

/** Channels are normalised in this many groups, in CompVis's UNet and VAE alike. */
const GROUPS = 32;
const LAYER_NORM_EPSILON = 1e-5;

/** A graph being built from a checkpoint, at one place of the module tree. */
export class Network {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
  /** Module path in the checkpoint, such as `model.diffusion_model.input_blocks.1.0`. */
  readonly prefix: string;
  readonly padding: Padding;

  constructor(graph: GraphBuilder, weights: Weights, prefix: string, padding: Padding = 'zeros') {
    this.graph = graph;
    this.weights = weights;
    this.prefix = prefix;
    this.padding = padding;
  }

  /** What the network's values are computed in. */
  get precision(): Precision {
    return this.weights.precision;
  }

  /** Builds a sub-module: its path is added to the tensor names and to the graph's names. */
  module<T>(path: string, body: (module: Network) => T): T {
    const inner = new Network(this.graph, this.weights, `${this.prefix}.${path}`, this.padding);
    return this.graph.within(path, () => body(inner));
  }

  /** A parameter of this module. */
  parameter(name: string, shape: readonly number[], options?: WeightOptions): Value {
    return this.weights.get(`${this.prefix}.${name}`, shape, options);
  }

  /** Linear layer on rows x [rows, in] → [rows, out]. The checkpoint may hold it as a 1×1 convolution. */
  linear(path: string, x: Value, out: number, { bias = true, scale = 1, rows }: LinearOptions = {}): Value {
    return this.module(path, (module) => {
      const part = rows === undefined ? {} : { rows };
      const weight = module.parameter('weight', [out, lastAxis(x)], part);
      const offset = bias ? module.parameter('bias', [out], part) : undefined;
      return this.graph.Gemm(x, weight, offset, { transB: true, alpha: scale, beta: scale });
    });
  }

  /** Convolution with a square kernel; by default 3×3 that keeps height and width. */
  conv(
    path: string,
    x: Value,
    out: number,
    kernel = 3,
    options: ConvOptions = { pads: [1, 1, 1, 1] },
  ): Value {
    return this.module(path, (module) => {
      const weight = module.parameter('weight', [out, channelsOf(x), kernel, kernel]);
      return this.graph.Conv(x, weight, module.parameter('bias', [out]), {
        ...options,
        padding: this.padding,
      });
    });
  }

  /** A 1×1 convolution, which the checkpoint may also hold as a linear layer. */
  pointwise(path: string, x: Value, out: number): Value {
    return this.conv(path, x, out, 1, { pads: [0, 0, 0, 0] });
  }

  /**
   * GroupNorm in 32 groups: instance normalisation of [batch, 32, rest], then scale and shift by channel.
   * Wu & He, Group Normalization, 2018. The sums over whole pictures are taken in float32, whatever the precision.
   */
  groupNorm(path: string, x: Value, epsilon: number): Value {
    const { graph } = this;
    const channels = channelsOf(x);
    if (channels % GROUPS !== 0) {
      throw new ModelError('unsupported', `${this.prefix}.${path} does not divide into groups`, {
        expected: `a multiple of ${GROUPS} channels`,
        found: String(channels),
      });
    }
    return this.module(path, (module) => {
      const grouped = inPrecision(graph, graph.Reshape(x, [0, GROUPS, -1]), 'float32');
      const one = graph.floats(new Float32Array(GROUPS).fill(1), [GROUPS]);
      const zero = graph.floats(new Float32Array(GROUPS), [GROUPS]);
      const normalised = graph.InstanceNormalization(grouped, one, zero, epsilon);
      const scale = module.parameter('weight', [channels], { as: [channels, 1, 1] });
      const shift = module.parameter('bias', [channels], { as: [channels, 1, 1] });
      const restored = graph.Reshape(inPrecision(graph, normalised, this.precision), graph.Shape(x));
      return graph.Add(graph.Mul(restored, scale), shift);
    });
  }

  /** LayerNorm over the last axis. */
  layerNorm(path: string, x: Value): Value {
    const width = lastAxis(x);
    return this.module(path, (module) =>
      this.graph.LayerNormalization(
        x,
        module.parameter('weight', [width]),
        module.parameter('bias', [width]),
        LAYER_NORM_EPSILON,
      ),
    );
  }

  /** x · sigmoid(x), one kernel. */
  silu(x: Value): Value {
    return this.graph.QuickGelu(x, 1);
  }
}

/** Builds a graph named `name` from the part of the checkpoint below `prefix`. Throws ModelError. */
export function buildGraph(
  name: string,
  file: TensorFile,
  prefix: string,
  body: (network: Network) => void,
  options?: NetworkOptions,
): EmittedGraph {
  return emitGraph(draftGraph(name, file, prefix, body, options).graph);
}

/** The same before it is serialised: the graph, and the weights that it took. */
export function draftGraph(
  name: string,
  file: TensorFile,
  prefix: string,
  body: (network: Network) => void,
  { precision, padding }: NetworkOptions = {},
): Network {
  const graph = graphBuilder(name);
  const network = new Network(graph, new Weights(graph, file, precision), prefix, padding);
  body(network);
  network.weights.requireAll();
  return network;
}

/** Channels of a picture [batch, channels, height, width]. */
export function channelsOf(x: Value): number {
  return fixed(x, x.shape[1]);
}

/** Width of rows […, width]. */
export function lastAxis(x: Value): number {
  return fixed(x, x.shape.at(-1));
}

function fixed(x: Value, size: number | string | undefined): number {
  if (typeof size === 'number') return size;
  throw new GraphError('shape', x.name, 'the number of channels must be known', {
    found: `[${x.shape.join(', ')}]`,
  });
}
