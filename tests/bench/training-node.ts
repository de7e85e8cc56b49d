// A process of its own that trains in Node: arguments are batch, side of the latent, threads, memory plan, steps and backend.
import { readFileSync } from 'node:fs';
import { adamWScalars, buildAdamW, stateName } from '../../client/autodiff/adamw.ts';
import { peakMemory } from '../../client/autodiff/peak-memory.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { createDeviceSession } from '../../client/runtime/create.ts';
import type { DeviceTensor, Feed } from '../../client/runtime/session.ts';
import { elementCount, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { randomStream } from '../../client/training/random.ts';
import { startHypernetwork } from '../../client/training/start-weights.ts';
import { buildStepGraph, gradientName, type MemoryPlan } from '../../client/training/step-graph.ts';
import { freshState } from '../../client/training/training-state.ts';

const MODEL = new URL('../../client/default-model/', import.meta.url).pathname;

/** The kernel's own record of this process's highest resident size, in bytes. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

const [batch, side, threads, steps] = [2, 3, 4, 6].map((at) => Number(process.argv[at])) as [
  number,
  number,
  number,
  number,
];
const memory = process.argv[5] as MemoryPlan | 'forward';
const backend = process.argv[7] === 'cpu' ? 'cpu' : 'wasm';
configureRuntime({ threads });
const checkpoint = await openSafetensors(await fileSource(`${MODEL}checkpoint.safetensors`));
const manifest = parseModelManifest(JSON.parse(readFileSync(`${MODEL}model.json`, 'utf8')), 'model.json');
const config = readModelConfig(checkpoint, manifest);
const description = {
  name: 'bench', step: 0, layerStructure: [1, 2, 1], activation: 'relu', layerNorm: false, activateOutput: false,
  useDropout: false, dropoutStructure: [0, 0, 0], lastLayerDropout: false, weightInitialization: 'Normal',
  checkpointHash: null, checkpointName: null, optionalInfo: null,
} as const; // biome-ignore format: a table
const widths = [...new Set([config.contextWidth, ...config.selfAttentionWidths])];
const state = freshState(startHypernetwork(description, widths, 1n));
const lossOnly = memory === 'forward';
const { graph, forwardNodes } = buildStepGraph(
  checkpoint,
  config,
  { kind: 'hypernetwork', description, widths },
  { batch, height: side, width: side, tokens: config.maxTokens },
  { memory: lossOnly ? 'kept' : memory, lossOnly },
);
const onPaper = peakMemory(graph, forwardNodes);
const names = [...state.weights.keys()];
const session = await createDeviceSession(emitGraph(graph), { backend }, names.map(gradientName));
const parameters = [...state.weights].map(([name, { shape }]) => ({ name, shape }));
const adamW = emitGraph(buildAdamW(parameters));
const update = await createDeviceSession(
  adamW,
  { backend },
  adamW.outputs.map(({ name }) => name),
);
const random = randomStream(1n, 1);
const normal = (shape: number[]): Tensor => tensor(shape, random.normal(elementCount(shape)));
const latent = [batch, config.latentChannels, side, side];
const batchFeeds = {
  sample: normal(latent),
  target: normal(latent),
  timestep: tensor(
    [batch],
    Float32Array.from({ length: batch }, () => random.below(1000)),
  ),
  loss_weight: tensor([batch, 1, side, side], new Float32Array(batch * side * side).fill(1)),
  context: normal([batch, config.maxTokens, config.contextWidth]),
  ...(memory !== 'kept' && !lossOnly && { zero: tensor([1]) }),
};
let values: Record<string, Feed | DeviceTensor> = {};
for (const name of names) {
  values[name] = state.weights.get(name)!;
  values[stateName.mean(name)] = state.means.get(name)!;
  values[stateName.square(name)] = state.squares.get(name)!;
}
const weights = () => Object.fromEntries(names.map((name) => [name, values[name]!]));

async function step(number: number): Promise<void> {
  const { kept } = await session.run({ ...batchFeeds, ...weights() });
  if (lossOnly) return;
  const scalars = Object.entries(adamWScalars({ step: number, rate: 1e-4, weightDecay: 0.01 })).map(
    ([name, value]) => [name, tensor([1], Float32Array.of(value))] as const,
  );
  const { kept: next } = await update.run({ ...values, ...kept, ...Object.fromEntries(scalars) });
  values = Object.fromEntries(Object.keys(values).map((name) => [name, next[stateName.next(name)]!]));
}

const idle = peak();
await step(1);
const held = peak() - idle;
let [ms, cpuMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
for (let i = 0; i < steps; i++) {
  const started = performance.now();
  const before = process.cpuUsage();
  await step(i + 2);
  const { user, system } = process.cpuUsage(before);
  ms = Math.min(ms, performance.now() - started);
  cpuMs = Math.min(cpuMs, (user + system) / 1000);
}
const { kept, peak: most } = onPaper;
console.log(JSON.stringify({ ms, cpuMs, held, kept, peak: most }));
