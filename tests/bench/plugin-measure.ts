// Times one style's text part three ways, in turns: onnxruntime-web, the bare kernels, and the plugin in its sandbox.
// Runs in Node and inside a page alike.
import onnxProto from 'onnx-proto';
import * as ort from 'onnxruntime-web/wasm';
import type { LayerPair, LayerStack } from '../../client/hypernetwork/hypernetwork.ts';
import type { ContextPair, PluginHost } from '../../client/plugin-host/host.ts';
import { loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';
import { relativeError } from '../../client/tensor/tensor.ts';

const { onnx } = onnxProto;

/** SD 1.x: 77 tokens, width 768, layer structure 1-2-1 with relu, for keys and values. */
const ROWS = 77;
const WIDTH = 768;
const HIDDEN = 2 * WIDTH;
const STRENGTH = 0.7;
const FLOAT = 1;

/** Milliseconds of each turn, and how far the plugin's numbers are from onnxruntime-web's. */
export interface Times {
  readonly ort: readonly number[];
  readonly kernel: readonly number[];
  readonly apply: readonly number[];
  readonly error: number;
}

function values(count: number, scale: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

function stack(seed: number): LayerStack {
  const linear = (outputs: number, inputs: number, at: number) =>
    ({
      kind: 'linear',
      weight: { shape: [outputs, inputs], data: values(outputs * inputs, 0.05, at) },
      bias: { shape: [outputs], data: values(outputs, 0.1, at + 1) },
    }) as const;
  return [
    linear(HIDDEN, WIDTH, seed),
    { kind: 'activation', activation: 'relu' },
    linear(WIDTH, HIDDEN, seed + 2),
  ];
}

/** y = x + (Gemm → Relu → Gemm)(x) · strength for both sides, as our own UNet graphs spell it. */
function modelBytes(layers: LayerPair): Uint8Array {
  const value = (name: string, dims: readonly number[]) => ({
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
  });
  const nodes: object[] = [];
  const initializer: object[] = [];
  const inputs = [value('strength', [1])];
  const outputs = [];
  const attribute = [{ name: 'transB', type: onnx.AttributeProto.AttributeType.INT, i: 1 }];
  for (const side of ['k', 'v'] as const) {
    inputs.push(value(side, [ROWS, WIDTH]));
    outputs.push(value(`${side}_out`, [ROWS, WIDTH]));
    layers[side].forEach((layer, i) => {
      if (layer.kind !== 'linear') return;
      for (const part of ['weight', 'bias'] as const) {
        const { shape, data } = layer[part];
        const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        initializer.push({ name: `${side}${i}.${part}`, dims: [...shape], dataType: FLOAT, rawData });
      }
    });
    const gemm = (input: string, i: number, output: string) => ({
      opType: 'Gemm',
      input: [input, `${side}${i}.weight`, `${side}${i}.bias`],
      output: [output],
      attribute,
    });
    nodes.push(
      gemm(side, 0, `${side}_hidden`),
      { opType: 'Relu', input: [`${side}_hidden`], output: [`${side}_active`] },
      gemm(`${side}_active`, 2, `${side}_change`),
      { opType: 'Mul', input: [`${side}_change`, 'strength'], output: [`${side}_scaled`] },
      { opType: 'Add', input: [side, `${side}_scaled`], output: [`${side}_out`] },
    );
  }
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: { name: 'hypernetwork', node: nodes, initializer, input: inputs, output: outputs },
  }).finish();
}

async function onnxPeer(layers: LayerPair, { k, v }: ContextPair, wasmPaths?: string) {
  ort.env.wasm.numThreads = 1;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  const session = await ort.InferenceSession.create(modelBytes(layers), { executionProviders: ['wasm'] });
  const tensor = (data: Float32Array, dims: number[]) => new ort.Tensor('float32', data, dims);
  const strength = tensor(Float32Array.of(STRENGTH), [1]);
  return async (): Promise<Pick<ContextPair, 'k' | 'v'>> => {
    const out = await session.run({ strength, k: tensor(k, [ROWS, WIDTH]), v: tensor(v, [ROWS, WIDTH]) });
    return { k: out['k_out']!.data as Float32Array, v: out['v_out']!.data as Float32Array };
  };
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  heap(): number;
  packedBytes(inputs: number, outputs: number): number;
  blockBytes(rows: number, inputs: number): number;
  packWeight(weight: number, bias: number, inputs: number, outputs: number, packed: number): void;
  gemm(
    x: number,
    rows: number,
    inputs: number,
    packed: number,
    outputs: number,
    y: number,
    blocks: number,
  ): void;
  activate(code: number, x: number, count: number): void;
  addScaled(x: number, change: number, count: number, strength: number): void;
}

/** The same arithmetic with the kernels alone: no sandbox, no copies, weights packed beforehand. */
async function bareKernel(
  bytes: BufferSource,
  layers: LayerPair,
  { k, v }: ContextPair,
): Promise<() => void> {
  const { instance } = (await WebAssembly.instantiate(
    bytes,
    {},
  )) as WebAssembly.WebAssemblyInstantiatedSource;
  const kernels = instance.exports as unknown as Exports;
  let next = kernels.heap();
  const alloc = (size: number): number => {
    const at = next;
    next = (next + size + 15) & ~15;
    const missing = Math.ceil(next / 65_536) - kernels.memory.buffer.byteLength / 65_536;
    if (missing > 0) kernels.memory.grow(missing);
    return at;
  };
  const put = (data: Float32Array): number => {
    const at = alloc(data.byteLength);
    new Float32Array(kernels.memory.buffer, at, data.length).set(data);
    return at;
  };
  const sides = [
    { stack: layers.k, x: put(k) },
    { stack: layers.v, x: put(v) },
  ].map(({ stack: layersOfSide, x }) => ({
    x,
    packed: layersOfSide.map((layer) => {
      if (layer.kind !== 'linear') return 0;
      const [outputs, inputs] = [layer.weight.shape[0]!, layer.weight.shape[1]!];
      const packed = alloc(kernels.packedBytes(inputs, outputs));
      kernels.packWeight(put(layer.weight.data), put(layer.bias.data), inputs, outputs, packed);
      return packed;
    }),
  }));
  const change = alloc(ROWS * HIDDEN * 4);
  const blocks = alloc(kernels.blockBytes(ROWS, HIDDEN));
  return () => {
    for (const { x, packed } of sides) {
      kernels.gemm(x, ROWS, WIDTH, packed[0]!, HIDDEN, change, blocks);
      kernels.activate(0, change, ROWS * HIDDEN);
      kernels.gemm(change, ROWS, HIDDEN, packed[2]!, WIDTH, change, blocks);
      // Strength 0 keeps x as it is from turn to turn; the arithmetic is the same.
      kernels.addScaled(x, change, ROWS * WIDTH, 0);
    }
  };
}

/** Runs the three in turns; the first turns, in which engines still compile, are not counted. */
export async function measure(
  host: PluginHost,
  kernels: BufferSource,
  turns: number,
  wasmPaths?: string,
): Promise<Times> {
  const layers = { k: stack(1), v: stack(11) };
  const context = {
    rows: ROWS,
    width: WIDTH,
    k: values(ROWS * WIDTH, 1, 21),
    v: values(ROWS * WIDTH, 1, 22),
  };
  const peer = await onnxPeer(layers, context, wasmPaths);
  const kernel = await bareKernel(kernels, layers, context);
  const plugin = await host.start('standard', await loadStandardPlugin());
  await plugin.load(WIDTH, layers);

  const [theirs, ours] = [await peer(), await plugin.apply(context, STRENGTH)];
  const error = Math.max(relativeError(ours.k, theirs.k), relativeError(ours.v, theirs.v));
  const times = { ort: [] as number[], kernel: [] as number[], apply: [] as number[] };
  const runs = { ort: peer, kernel, apply: () => plugin.apply(context, STRENGTH) };
  const warm = 5;
  for (let turn = -warm; turn < turns; turn++) {
    for (const name of ['ort', 'kernel', 'apply'] as const) {
      const start = performance.now();
      await runs[name]();
      if (turn >= 0) times[name].push(performance.now() - start);
    }
  }
  await plugin.close();
  return { ...times, error };
}
