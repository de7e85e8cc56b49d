// Three training steps and an embedding's gradient on the golden model, held against PyTorch's; in Node and in a page.
import { adamWScalars, buildAdamW, stateName } from '../../client/autodiff/adamw.ts';
import type { ByteSource, TensorFile } from '../../client/formats/entry.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { recordOf } from '../../client/hypernetwork/record.ts';
import { type ModelConfig, readModelConfig } from '../../client/models/config.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { createDeviceSession } from '../../client/runtime/create.ts';
import type { Backend, DeviceTensor, Feed } from '../../client/runtime/session.ts';
import { ALPHAS_CUMULATIVE } from '../../client/sampling/diffusion.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { buildStepGraph, gradientName, type MemoryPlan } from '../../client/training/step-graph.ts';

export type OpenFile = (name: string) => Promise<ByteSource>;

export interface Differences {
  /** Relative errors of the three losses. */
  readonly losses: readonly number[];
  /** Relative error of each gradient after the first step, but for those of `vanishing`. */
  readonly gradients: Readonly<Record<string, number>>;
  /** Norms beside the norm of all gradients of those that are 0 in exact arithmetic. */
  readonly vanishing: Readonly<Record<string, number>>;
  /** Relative error of each parameter after three steps, but for those of `vanishing` and the weights of `unsettled`. */
  readonly weights: Readonly<Record<string, number>>;
  /** The weights whose first gradient rounding decides, and the largest difference among them after three steps. */
  readonly unsettled: { readonly count: number; readonly largest: number };
  readonly names: number;
}

const STEPS = 3;
const SIZE = { batch: 2, height: 8, width: 8, tokens: 77 };
const LATENT = [2, 4, 8, 8];
const COUNT = 2 * 4 * 8 * 8;

export interface Golden {
  readonly checkpoint: TensorFile;
  readonly config: ModelConfig;
  readonly training: TensorFile;
  readonly open: OpenFile;
}

export async function openGolden(open: OpenFile): Promise<Golden> {
  const checkpoint = await openSafetensors(await open('checkpoint.safetensors'));
  const manifest = await open('model.json');
  const json = new TextDecoder().decode(await manifest.read(0, manifest.size));
  const config = readModelConfig(checkpoint, parseModelManifest(JSON.parse(json), 'model.json'));
  return { checkpoint, config, training: await openSafetensors(await open('training.safetensors')), open };
}

/** The noised batch of a step, from 0. */
export async function goldenBatch({ training }: Golden, step: number): Promise<Record<string, Tensor>> {
  const part = async (name: string, count: number) =>
    (await training.read(name)).data.slice(step * count, (step + 1) * count);
  const [latents, noise, timesteps] = [
    await part('latents', COUNT),
    await part('noise', COUNT),
    await part('timesteps', 2),
  ];
  const sample = latents.map((value, i) => {
    const alpha = ALPHAS_CUMULATIVE[timesteps[Math.floor(i / (COUNT / 2))]!]!;
    return Math.sqrt(alpha) * value + Math.sqrt(1 - alpha) * noise[i]!;
  });
  return {
    sample: tensor(LATENT, sample),
    target: tensor(LATENT, noise),
    timestep: tensor([2], timesteps),
    loss_weight: tensor([2, 1, 8, 8], new Float32Array(128).fill(1)),
    zero: tensor([1]),
  };
}

/**
 * Adding the same to all keys changes no softmax, so the last bias of the keys' networks has gradient 0: what both
 * programs compute there is rounding, which AdamW then scales up.
 */
const vanishes = (name: string): boolean => name.endsWith('.k.linear.2.bias');

/**
 * AdamW's first step is the rate times g / (|g| + 1e-8), whatever the size of g: where |g| is this small beside the RMS
 * of its parameter's gradients, the rounding of the sums that it comes of, PyTorch's or ours, decides what is left of it.
 */
const UNSETTLED = 1e-4;

function isUnsettled(gradient: Float32Array): (index: number) => boolean {
  const limit = UNSETTLED * Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0) / gradient.length);
  return (index) => Math.abs(gradient[index]!) < limit;
}

export async function hypernetworkDifferences(
  golden: Golden,
  backend: Backend,
  memory: MemoryPlan,
): Promise<Differences> {
  const { checkpoint, config, training } = golden;
  const { learning_rate: rate, weight_decay: weightDecay } = await settings(golden);
  const start = await readHypernetwork(await golden.open('train-start.pt'));
  const trainee = {
    kind: 'hypernetwork',
    description: start.description,
    widths: [...start.widths.keys()],
  } as const;
  const { graph } = buildStepGraph(checkpoint, config, trainee, SIZE, { memory });
  const stored = [...recordOf(start).tensors];
  const names = stored.map(([name]) => name);
  const gradientOutputs = names.map(gradientName);
  const step = await createDeviceSession(emitGraph(graph), { backend }, gradientOutputs);
  const parameters = stored.map(([name, { shape }]) => ({ name, shape }));
  const updateGraph = emitGraph(buildAdamW(parameters));
  const update = await createDeviceSession(
    updateGraph,
    { backend },
    updateGraph.outputs.map(({ name }) => name),
  );

  let state: Record<string, Feed | DeviceTensor> = {};
  for (const [name, { shape, bytes }] of stored) {
    state[name] = tensor(shape, new Float32Array(bytes.slice().buffer));
    state[stateName.mean(name)] = tensor(shape);
    state[stateName.square(name)] = tensor(shape);
  }
  const weightsOf = () => Object.fromEntries(names.map((name) => [name, state[name]!]));
  const context = await training.read('context');
  const losses: number[] = [];
  const gradients: Record<string, number> = {};
  const vanishing: Record<string, number> = {};
  for (let index = 0; index < STEPS; index++) {
    const feeds = { ...(await goldenBatch(golden, index)), context, ...weightsOf() } as Record<
      string,
      Feed | DeviceTensor
    >;
    if (memory === 'kept') delete feeds['zero'];
    const { outputs, kept } = await step.run(feeds);
    const wanted = (await training.read('losses')).data[index]!;
    losses.push(Math.abs(outputs['loss']!.data[0]! - wanted) / wanted);
    if (index === 0) {
      const found = await Promise.all(names.map((name) => kept[gradientName(name)]!.read()));
      const whole = Math.hypot(...found.flatMap(({ data }) => Math.hypot(...data)));
      for (const [i, name] of names.entries()) {
        const { data } = found[i]!;
        if (vanishes(name)) vanishing[name] = Math.hypot(...data) / whole;
        else gradients[name] = relativeError(data, (await training.read(`grad.${name}`)).data);
      }
    }
    const scalars = Object.entries(adamWScalars({ step: index + 1, rate, weightDecay })).map(
      ([name, value]) => [name, tensor([1], Float32Array.of(value))] as const,
    );
    const { kept: next } = await update.run({ ...state, ...kept, ...Object.fromEntries(scalars) });
    for (const value of Object.values(kept)) value.release();
    for (const value of Object.values(state)) if ('release' in value) value.release();
    state = Object.fromEntries(Object.keys(state).map((name) => [name, next[stateName.next(name)]!]));
  }
  const weights: Record<string, number> = {};
  const unsettled = { count: 0, largest: 0 };
  for (const name of names) {
    if (vanishes(name)) continue;
    const found = (await (state[name] as DeviceTensor).read()).data;
    const wanted = (await training.read(`after3.${name}`)).data;
    const apart = isUnsettled((await training.read(`grad.${name}`)).data);
    for (const [i, value] of found.entries()) {
      if (!apart(i)) continue;
      unsettled.count++;
      unsettled.largest = Math.max(unsettled.largest, Math.abs(value - wanted[i]!));
    }
    const settled = (_: number, index: number) => !apart(index);
    weights[name] = relativeError(found.filter(settled), wanted.filter(settled));
  }
  for (const value of Object.values(state)) (value as DeviceTensor).release();
  await step.release();
  await update.release();
  return { losses, gradients, vanishing, weights, unsettled, names: names.length };
}

export async function embeddingDifferences(golden: Golden, backend: Backend) {
  const { checkpoint, config, training } = golden;
  const expected = await openSafetensors(await golden.open('expected.safetensors'));
  const ids = await expected.read('input_ids');
  const positions = (await settings(golden)).embedding_positions;
  const embedding = await training.read('embedding');
  const vectors = embedding.shape[0]!;
  const placement = tensor([2 * 77, vectors]);
  for (const [sample, ...places] of positions) {
    for (const [vector, place] of places.entries())
      placement.data[(sample! * 77 + place) * vectors + vector] = 1;
  }
  const { graph } = buildStepGraph(checkpoint, config, { kind: 'embedding', vectors }, SIZE, {
    memory: 'cheap',
  });
  const session = await createDeviceSession(emitGraph(graph), { backend }, []);
  const { outputs } = await session.run({
    ...(await goldenBatch(golden, 0)),
    input_ids: { shape: ids.shape, data: Int32Array.from(ids.data) },
    placement,
    embedding,
  });
  await session.release();
  return {
    loss: relativeError(outputs['loss']!.data, (await training.read('embedding_loss')).data),
    gradient: relativeError(
      outputs[gradientName('embedding')]!.data,
      (await training.read('grad.embedding')).data,
    ),
  };
}

async function settings({ open }: Golden): Promise<{
  learning_rate: number;
  weight_decay: number;
  embedding_positions: readonly (readonly number[])[];
}> {
  const file = await open('training.json');
  return JSON.parse(new TextDecoder().decode(await file.read(0, file.size)));
}
