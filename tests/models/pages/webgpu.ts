// Runs inside the page: the golden model's graphs on WebGPU, and how far they are from the golden numbers.
import { blobSource } from '../../../client/formats/blob-source.ts';
import { openSafetensors } from '../../../client/formats/safetensors.ts';
import { ACTIVATIONS } from '../../../client/hypernetwork/hypernetwork.ts';
import { activate } from '../../../client/models/activations.ts';
import { attentionProbe } from '../../../client/models/attention-probe.ts';
import { readModelConfig } from '../../../client/models/config.ts';
import { parseModelManifest } from '../../../client/models/manifest.ts';
import { buildTextEncoder } from '../../../client/models/text-encoder.ts';
import { buildUnet } from '../../../client/models/unet.ts';
import { graphBuilder } from '../../../client/onnx/builder.ts';
import { emitGraph } from '../../../client/onnx/emit.ts';
import type { EmittedGraph } from '../../../client/onnx/graph.ts';
import { createSession } from '../../../client/runtime/create.ts';
import { toOrt, toTensors } from '../../../client/runtime/feeds.ts';
import type { Backend, Feed } from '../../../client/runtime/session.ts';
import { relativeError, type Tensor, tensor } from '../../../client/tensor/tensor.ts';
import { sinusoidError } from '../sinusoids-error.ts';

const FOLDER = '/tests/golden/sd-tiny';

async function open(name: string) {
  return openSafetensors(blobSource(name, await (await fetch(`${FOLDER}/${name}`)).blob()));
}

async function openModel() {
  const file = await open('checkpoint.safetensors');
  const manifest = parseModelManifest(await (await fetch(`${FOLDER}/model.json`)).json(), 'model.json');
  return { file, config: readModelConfig(file, manifest) };
}

async function run(
  graph: EmittedGraph,
  backend: Backend,
  feeds: Record<string, Feed>,
): Promise<Record<string, Tensor>> {
  const session = await createSession(graph, { backend });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** Relative errors of the text encoder and of the UNet with plain attention. */
export async function goldenErrors(): Promise<{ text: number; unet: number }> {
  const { file, config } = await openModel();
  const expected = await open('expected.safetensors');
  const ids = await expected.read('input_ids');
  const wanted = await expected.read('context');
  const { context } = await run(buildTextEncoder(file, config), 'webgpu', {
    input_ids: { shape: ids.shape, data: Int32Array.from(ids.data) },
  });
  const { noise_pred } = await run(buildUnet(file, config, { attention: 'plain' }), 'webgpu', {
    sample: await expected.read('sample'),
    timestep: await expected.read('timestep'),
    context_k: wanted,
    context_v: wanted,
  });
  return {
    text: relativeError(context!.data, wanted.data),
    unet: relativeError(noise_pred!.data, (await expected.read('noise_pred')).data),
  };
}

/** What the probe says of this GPU. */
export async function probe(): Promise<boolean> {
  const { config } = await openModel();
  const { graph, feeds, agrees } = attentionProbe(config);
  return agrees(await run(graph, 'webgpu', feeds));
}

/** The same on a device with all its subgroups, which client/runtime does not ask for where they are small. */
export async function probeWithSubgroups(): Promise<boolean> {
  const { config } = await openModel();
  const { graph, feeds, agrees } = attentionProbe(config);
  const ort = await import('onnxruntime-web/jspi');
  const session = await ort.InferenceSession.create(graph.bytes, { executionProviders: ['webgpu'] });
  const outputs = await toTensors(await session.run(toOrt(ort, feeds)));
  await session.release();
  return agrees(outputs);
}

/** The largest difference between WebGPU and wasm of convolutions that wrap, at both strides. */
export async function wrapDifference(): Promise<number> {
  const graph = graphBuilder('wrap');
  const input = graph.input('x', 'float32', ['batch', 2, 'height', 'width']);
  const weight = graph.floats(
    Array.from({ length: 72 }, (_, i) => Math.cos(i)),
    [4, 2, 3, 3],
  );
  for (const stride of [1, 2]) {
    const options = { pads: [1, 1, 1, 1], stride, padding: 'wrap' } as const;
    graph.output(`y${stride}`, graph.Conv(input, weight, graph.floats([1, 2, 3, 4], [4]), options));
  }
  const emitted = emitGraph(graph);
  const x = tensor([1, 2, 8, 12]);
  for (let i = 0; i < x.data.length; i++) x.data[i] = Math.sin(i * i);
  const [gpu, cpu] = [await run(emitted, 'webgpu', { x }), await run(emitted, 'wasm', { x })];
  return Math.max(
    ...['y1', 'y2'].flatMap((name) => [...gpu[name]!.data].map((y, i) => Math.abs(y - cpu[name]!.data[i]!))),
  );
}

/** The largest difference of any activation between WebGPU and wasm. */
export async function activationDifference(): Promise<number> {
  const graph = graphBuilder('activations');
  const input = graph.input('x', 'float32', ['rows', 1]);
  for (const activation of ACTIVATIONS) {
    graph.output(activation, activate(graph, activation, input, graph.floats([0.3], [1])));
  }
  const emitted = emitGraph(graph);
  const x = tensor([161, 1]);
  for (let i = 0; i < x.data.length; i++) x.data[i] = (i - 80) / 8;
  const [gpu, cpu] = [await run(emitted, 'webgpu', { x }), await run(emitted, 'wasm', { x })];
  return Math.max(
    ...ACTIVATIONS.flatMap((name) => [...gpu[name]!.data].map((y, i) => Math.abs(y - cpu[name]!.data[i]!))),
  );
}

/** The largest error of the timestep's cosines and sines. */
export function sinusoids(): Promise<number> {
  return sinusoidError('webgpu');
}
