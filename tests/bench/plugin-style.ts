// One style's text part, three ways: sessions of onnxruntime-web, the bare kernels, and its layers for the plugin.
import * as ort from 'onnxruntime-web/wasm';
import type { LayerPair, LayerStack } from '../../client/hypernetwork/hypernetwork.ts';
import { StyleLayers } from '../../client/models/style-layers.ts';
import { styleFeeds, styleSignature } from '../../client/models/styles.ts';
import { type GraphBuilder, graphBuilder } from '../../client/onnx/builder.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import type { Value } from '../../client/onnx/value.ts';
import { type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { ABI_ACTIVATIONS } from '../../plugins/contract/abi.ts';
import { type KernelBench, values } from '../wasm/kernel-module.ts';

/** SD 1.x: 77 tokens, width 768, layer structure 1-2-1 with relu, for keys and values. */
export const ROWS = 77;
export const WIDTH = 768;
const HIDDEN = 2 * WIDTH;
export const STRENGTH = 0.7;

/** Products up and down again in one run: so many that what a session's call itself costs hardly counts. */
const PAIRS = 2;
/** Multiply-adds of `productSession` and `bareProducts`. */
export const PRODUCT_MULTIPLY_ADDS = 2 * PAIRS * ROWS * WIDTH * HIDDEN;

const numbers = (shape: readonly number[], scale: number, seed: number): Tensor =>
  tensor(
    shape,
    values(
      shape.reduce((count, length) => count * length, 1),
      seed,
    ).map((value) => value * scale),
  );

const linear = (outputs: number, inputs: number, seed: number) =>
  ({
    kind: 'linear',
    weight: numbers([outputs, inputs], 0.05, seed),
    bias: numbers([outputs], 0.1, seed + 1),
  }) as const;

const stack = (seed: number): LayerStack => [
  linear(HIDDEN, WIDTH, seed),
  { kind: 'activation', activation: 'relu' },
  linear(WIDTH, HIDDEN, seed + 2),
];

export const LAYERS: LayerPair = { k: stack(1), v: stack(11) };
export const CONTEXT: Tensor = numbers([ROWS, WIDTH], 1, 21);

/** Runs a session and gives its outputs. */
export type Session = () => Promise<Readonly<Record<string, Float32Array>>>;

async function openSession(graph: GraphBuilder, feeds: Readonly<Record<string, Tensor>>): Promise<Session> {
  const { bytes, external } = emitGraph(graph);
  const externalData = await Promise.all(
    external.map(async ({ path, source }) => ({ path, data: await source.read(0, source.size) })),
  );
  const options = { executionProviders: ['wasm'], externalData };
  const session = await ort.InferenceSession.create(bytes, options);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, new ort.Tensor('float32', data, shape)]),
  );
  return async () =>
    Object.fromEntries(
      Object.entries(await session.run(inputs)).map(([name, { data }]) => [name, data as Float32Array]),
    );
}

/** One thread: what the kernels and the plugin have. */
export function prepareRuntime(wasmPaths: string | undefined): void {
  ort.env.wasm.numThreads = 1;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
}

/** A constant of the graph, which the session may rearrange for its own kernels when it is made. */
function constant(graph: GraphBuilder, name: string, { shape, data }: Tensor): Value {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const source = { name, size: bytes.length, read: async () => bytes };
  return graph.external(name, 'float32', [...shape], { source, offset: 0, length: bytes.length });
}

/** x [77, 768] · [768, 1536] · [1536, 768], again and again. */
export function productSession(): Promise<Session> {
  const graph = graphBuilder('products');
  const up = constant(graph, 'up', numbers([WIDTH, HIDDEN], 0.05, 31));
  const down = constant(graph, 'down', numbers([HIDDEN, WIDTH], 0.05, 32));
  let x = graph.input('x', 'float32', [ROWS, WIDTH]);
  for (let pair = 0; pair < PAIRS; pair++) x = graph.MatMul(graph.MatMul(x, up), down);
  graph.output('y', x);
  return openSession(graph, { x: CONTEXT });
}

/** The style with its weights as constants, as a model of its own would have them. */
export function constantSession(): Promise<Session> {
  const graph = graphBuilder('constants');
  const x = graph.input('x', 'float32', [ROWS, WIDTH]);
  for (const side of ['k', 'v'] as const) {
    let change: Value = x;
    for (const [i, layer] of LAYERS[side].entries()) {
      if (layer.kind === 'activation') change = graph.Relu(change);
      if (layer.kind !== 'linear') continue;
      const weight = constant(graph, `${side}${i}.weight`, layer.weight);
      const bias = constant(graph, `${side}${i}.bias`, layer.bias);
      change = graph.Gemm(change, weight, bias, { transB: true });
    }
    graph.output(side, graph.Add(x, graph.Mul(change, graph.scalar(STRENGTH))));
  }
  return openSession(graph, { x: CONTEXT });
}

/** The style as the engine lowers styles into the UNet: every weight is an input. */
export function loweredSession(): Promise<Session> {
  const hypernetwork = { description: { name: 'style' }, widths: new Map([[WIDTH, LAYERS]]) };
  const styles = [{ hypernetwork, strength: STRENGTH }];
  const signature = styleSignature(styles, { selfAttentionWidths: [WIDTH] });
  const graph = graphBuilder('lowered');
  const x = graph.input('x', 'float32', [ROWS, WIDTH]);
  const [k, v] = new StyleLayers(graph, signature).bend(WIDTH, x)!;
  graph.output('k', k);
  graph.output('v', v);
  return openSession(graph, { ...styleFeeds(styles, signature), x: CONTEXT });
}

/** The weight and bias of a linear layer, packed. */
function packed(bench: KernelBench, { weight, bias }: ReturnType<typeof linear>): number {
  const [outputs, inputs] = [weight.shape[0]!, weight.shape[1]!];
  const at = bench.alloc(bench.kernels.packedBytes(inputs, outputs));
  bench.kernels.packWeight(bench.put(weight.data), bench.put(bias.data), inputs, outputs, at);
  return at;
}

/** The arithmetic of `productSession` with the kernels. */
export function bareProducts(bench: KernelBench): () => void {
  const { kernels } = bench;
  const up = packed(bench, linear(HIDDEN, WIDTH, 31));
  const down = packed(bench, linear(WIDTH, HIDDEN, 33));
  const [x, y] = [bench.put(CONTEXT.data), bench.alloc(4 * ROWS * HIDDEN)];
  const blocks = bench.alloc(kernels.blockBytes(ROWS, HIDDEN));
  return () => {
    let from = x;
    for (let pair = 0; pair < PAIRS; pair++) {
      kernels.gemm(from, ROWS, WIDTH, up, HIDDEN, y, blocks);
      kernels.gemm(y, ROWS, HIDDEN, down, WIDTH, y, blocks);
      from = y;
    }
  };
}

/** The style's arithmetic with the kernels alone: no sandbox, no copies, weights packed beforehand. */
export function bareStyle(bench: KernelBench): () => void {
  const { kernels } = bench;
  const sides = [LAYERS.k, LAYERS.v].map((layers) => ({
    x: bench.put(CONTEXT.data),
    linears: layers.flatMap((layer) => (layer.kind === 'linear' ? [packed(bench, layer as never)] : [])),
  }));
  const change = bench.alloc(4 * ROWS * HIDDEN);
  const blocks = bench.alloc(kernels.blockBytes(ROWS, HIDDEN));
  const relu = ABI_ACTIVATIONS.indexOf('relu');
  return () => {
    for (const { x, linears } of sides) {
      kernels.gemm(x, ROWS, WIDTH, linears[0]!, HIDDEN, change, blocks);
      kernels.activate(relu, change, ROWS * HIDDEN);
      kernels.gemm(change, ROWS, HIDDEN, linears[1]!, WIDTH, change, blocks);
      // Strength 0 keeps x as it is from turn to turn; the arithmetic is the same.
      kernels.addScaled(x, change, ROWS * WIDTH, 0);
    }
  };
}
