// Runs in the page: the golden model's graphs and trajectories on a backend, as errors against the reference.
import { blobSource } from '../../../client/formats/blob-source.ts';
import type { TensorFile } from '../../../client/formats/entry.ts';
import { openTensorFile } from '../../../client/formats/open-tensors.ts';
import { applyReference } from '../../../client/hypernetwork/apply.ts';
import type { StrengthenedHypernetwork } from '../../../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../../../client/hypernetwork/read.ts';
import type { AttentionLowering } from '../../../client/models/attention.ts';
import { attentionProbe } from '../../../client/models/attention-probe.ts';
import { assembleCheckpoint } from '../../../client/models/checkpoint.ts';
import { type ModelConfig, readModelConfig } from '../../../client/models/config.ts';
import { buildDecoder } from '../../../client/models/decoder.ts';
import { buildEncoder } from '../../../client/models/encoder.ts';
import { parseModelManifest } from '../../../client/models/manifest.ts';
import { styleFeeds, styleSignature } from '../../../client/models/styles.ts';
import { buildTextEncoder } from '../../../client/models/text-encoder.ts';
import { buildUnet } from '../../../client/models/unet.ts';
import type { EmittedGraph } from '../../../client/onnx/graph.ts';
import { createSession } from '../../../client/runtime/create.ts';
import type { Backend, Feed, Session } from '../../../client/runtime/session.ts';
import { PLAIN_MATH } from '../../../client/sampling/latent.ts';
import { sample } from '../../../client/sampling/sample.ts';
import { relativeError, type Tensor, tensor } from '../../../client/tensor/tensor.ts';

interface GoldenConfig {
  readonly ddim_steps: number;
  readonly guidance_scale: number;
  readonly hypernetworks: readonly { readonly file: string; readonly strength: number }[];
}

interface Golden {
  readonly file: TensorFile;
  readonly config: ModelConfig;
  readonly golden: GoldenConfig;
  readonly latentScale: number;
  readonly prediction: 'epsilon' | 'v';
  readonly styles: readonly StrengthenedHypernetwork[];
  readonly expected: (name: string) => Promise<Tensor>;
}

let folder = '/tests/golden/sd-tiny/';
let opened: Promise<Golden> | undefined;

/** Goes on with another golden model. */
export async function useModel(_backend: Backend, name: string): Promise<void> {
  await releaseAll();
  folder = `/tests/golden/${name}/`;
  opened = undefined;
}

async function blob(name: string): Promise<Blob> {
  const response = await fetch(folder + name);
  if (!response.ok) throw new Error(`${folder + name}: HTTP ${response.status}`);
  return response.blob();
}

async function open(): Promise<Golden> {
  const source = async (name: string) => blobSource(name, await blob(name));
  const json = async (name: string): Promise<unknown> => JSON.parse(await (await blob(name)).text());
  const golden = (await json('config.json')) as GoldenConfig;
  const manifest = parseModelManifest(await json('model.json'), 'model.json');
  const file = assembleCheckpoint([await openTensorFile(await source('checkpoint.safetensors'))]);
  const expected = await openTensorFile(await source('expected.safetensors'));
  const styles: StrengthenedHypernetwork[] = [];
  for (const { file: name, strength } of golden.hypernetworks) {
    styles.push({ hypernetwork: await readHypernetwork(await source(name)), strength });
  }
  return {
    file,
    config: readModelConfig(file, manifest),
    golden,
    latentScale: manifest.latentScale,
    prediction: manifest.prediction,
    styles,
    expected: (name) => expected.read(name),
  };
}

function model(): Promise<Golden> {
  opened ??= open();
  return opened;
}

/** Sessions by name, kept so that WebGPU's compiled shaders serve the next graph too. */
const sessions = new Map<string, Promise<Session>>();

function session(key: string, graph: () => EmittedGraph, backend: Backend): Promise<Session> {
  const kept = sessions.get(key) ?? createSession(graph(), { backend });
  sessions.set(key, kept);
  return kept;
}

/** Releases every session; gives how many there were. */
export async function releaseAll(): Promise<number> {
  const count = sessions.size;
  for (const kept of sessions.values()) await (await kept).release();
  sessions.clear();
  return count;
}

/** Whether fused attention is right on this backend; where it is not, graphs are built with the plain lowering. */
export async function chooseAttention(backend: Backend): Promise<AttentionLowering> {
  const probe = attentionProbe((await model()).config);
  const outputs = await (await session('probe', () => probe.graph, backend)).run(probe.feeds);
  return probe.agrees(outputs) ? 'fused' : 'plain';
}

/** Relative error against the tensor of that name. */
async function compare(found: Tensor, name: string): Promise<number> {
  const wanted = await (await model()).expected(name);
  if (found.shape.join() !== wanted.shape.join()) throw new Error(`${name}: shape [${found.shape}]`);
  return relativeError(found.data, wanted.data);
}

/** Runs a session once and compares its one output. */
async function single(kept: Promise<Session>, feeds: Record<string, Feed>, name: string): Promise<number> {
  const [output] = Object.values(await (await kept).run(feeds));
  return compare(output!, name);
}

/** Token ids → context. */
export async function context(backend: Backend): Promise<number> {
  const { file, config, expected } = await model();
  const { shape, data } = await expected('input_ids');
  const text = session('text', () => buildTextEncoder(file, config), backend);
  return single(text, { input_ids: { shape, data: Int32Array.from(data) } }, 'context');
}

async function decoder(backend: Backend, attention: AttentionLowering): Promise<Session> {
  const { file, config } = await model();
  return session(`decoder ${attention}`, () => buildDecoder(file, config, { attention }), backend);
}

/** Latent → picture. */
export async function image(backend: Backend, attention: AttentionLowering): Promise<number> {
  const feeds = { latent: await (await model()).expected('latent') };
  return single(decoder(backend, attention), feeds, 'image');
}

/** Picture → mean and log variance of its latent. */
export async function moments(backend: Backend, attention: AttentionLowering): Promise<number> {
  const { file, config, expected } = await model();
  const encoder = session(`encoder ${attention}`, () => buildEncoder(file, config, { attention }), backend);
  return single(encoder, { image: await expected('encode_input') }, 'encode_moments');
}

/** The golden context as the styles' keys or values read it. */
async function bent(styles: readonly StrengthenedHypernetwork[], kind: 'k' | 'v'): Promise<Tensor> {
  const { shape, data } = await (await model()).expected('context');
  const [batch, tokens, width] = shape as [number, number, number];
  let rows = tensor([batch * tokens, width], data);
  for (const { hypernetwork, strength } of styles) {
    const pair = hypernetwork.widths.get(width);
    if (pair !== undefined) rows = applyReference(pair[kind], rows, strength);
  }
  return tensor(shape, rows.data);
}

/** The UNet for the first `count` styles, and the feeds that carry them. */
async function styledUnet(backend: Backend, count: number, attention: AttentionLowering) {
  const { file, config, styles } = await model();
  const active = styles.slice(0, count);
  const signature = styleSignature(active, config);
  const graph = () => buildUnet(file, config, { signature, attention });
  return {
    unet: await session(`unet ${count} ${attention}`, graph, backend),
    feeds: {
      context_k: await bent(active, 'k'),
      context_v: await bent(active, 'v'),
      ...styleFeeds(active, signature),
    },
  };
}

/** One UNet run with the first `count` styles. */
export async function noisePrediction(backend: Backend, attention: AttentionLowering, count: number) {
  const { expected } = await model();
  const { unet, feeds } = await styledUnet(backend, count, attention);
  const inputs = { sample: await expected('sample'), timestep: await expected('timestep'), ...feeds };
  const { noise_pred } = await unet.run(inputs);
  return compare(noise_pred!, count === 0 ? 'noise_pred' : `noise_pred_hypernetworks_${count}`);
}

/** All DDIM steps with guidance and `count` styles, then the decoder: differences of latent and picture. */
export async function trajectory(backend: Backend, attention: AttentionLowering, count: number) {
  const { golden, latentScale, prediction, expected } = await model();
  const { unet, feeds } = await styledUnet(backend, count, attention);
  const noise = await expected('init_noise');
  const latents = await sample({
    math: PLAIN_MATH,
    sampler: 'ddim',
    steps: golden.ddim_steps,
    guidance: golden.guidance_scale,
    prediction,
    noise: noise.data,
    draw: () => new Float32Array(noise.data.length),
    unet: async (values, timestep) => {
      const { noise_pred } = await unet.run({
        sample: tensor([2, ...noise.shape.slice(1)], PLAIN_MATH.repeat(values, 2)),
        timestep: tensor([2], Float32Array.of(timestep, timestep)),
        ...feeds,
      });
      return PLAIN_MATH.split(noise_pred!.data, 2);
    },
  });
  const latent = tensor(
    noise.shape,
    latents.map((value) => value / latentScale),
  );
  const { image: drawn } = await (await decoder(backend, attention)).run({ latent });
  const suffix = count === 0 ? '' : '_hypernetworks';
  return {
    latent: await compare(tensor(noise.shape, latents), `ddim_latent${suffix}`),
    picture: await comparePicture(drawn!, `ddim_image${suffix}`),
  };
}

/** The reference keeps finished pictures in 0 … 1, clamped. */
async function comparePicture({ shape, data }: Tensor, name: string): Promise<number> {
  const wanted = (await (await model()).expected(name)).data;
  if (wanted.length !== data.length) throw new Error(`${name}: shape [${shape}]`);
  const levels = data.map((value) => Math.min(1, Math.max(0, (value + 1) / 2)) * 255);
  return levels.reduce((most, level, i) => Math.max(most, Math.abs(level - wanted[i]! * 255)), 0);
}
