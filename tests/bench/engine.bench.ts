// A step of the engine against the same UNet session called bare in a loop.
import { writeSync } from 'node:fs';
import { buildUnet } from '../../client/models/unet.ts';
import { externalFiles } from '../../client/runtime/external.ts';
import { toOrt } from '../../client/runtime/feeds.ts';
import { loadRuntime } from '../../client/runtime/ort.ts';
import { randnCpu } from '../../client/sampling/cpu-noise.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { between, MODEL_FOLDER, type Moment, now, openModel, timeSteps } from './engine-model.ts';
import { median, pairedRatio, report } from './engine-report.ts';

const TURNS = 12;
const STEPS = 16;

const { engine, checkpoint, config } = await openModel();
const { width, height } = engine.model.defaults;
const request = { prompt: 'a red apple', negativePrompt: 'blurry', seed: 1, steps: STEPS, guidance: 4 };
await timeSteps(engine, request);

// The peer: the same graph and weights, the same session options, feeds made once, no sampler, no checks.
const { ort, build } = await loadRuntime();
const graph = buildUnet(checkpoint, config);
const bare = await ort.InferenceSession.create(graph.bytes, {
  executionProviders: ['wasm'],
  graphOptimizationLevel: 'all',
  externalData: await externalFiles(graph, build),
  logSeverityLevel: 4,
});
const { normal } = randnCpu(1n);
const latent = [2, config.latentChannels, height / config.latentFactor, width / config.latentFactor];
const context = [2, config.maxTokens, config.contextWidth];
const random = (shape: number[]) => tensor(shape, normal(shape.reduce((count, length) => count * length)));
const feeds = toOrt(ort, {
  sample: random(latent),
  timestep: tensor([2], Float32Array.of(500, 500)),
  context_k: random(context),
  context_v: random(context),
});

async function timeBare(): Promise<Moment[]> {
  const ends = [now()];
  for (let step = 0; step < STEPS; step++) {
    await bare.run(feeds);
    ends.push(now());
  }
  return between(ends).slice(1);
}

await timeBare();
const ours: Moment[][] = [];
const peer: Moment[][] = [];
for (let turn = 0; turn < TURNS; turn++) {
  // Whoever goes first in a turn finds the caches of the other: take turns at that too.
  if (turn % 2 === 0) ours.push(await timeSteps(engine, request));
  peer.push(await timeBare());
  if (turn % 2 === 1) ours.push(await timeSteps(engine, request));
  writeSync(2, '.');
}
writeSync(2, '\n');

const row = (name: string, turns: readonly Moment[][]) => ({
  what: name,
  'processor ms/step': median(turns.flat().map(({ processor }) => processor)),
  'wall ms/step': median(turns.flat().map(({ wall }) => wall)),
  steps: turns.flat().length,
});
report(
  `UNet step of ${engine.model.name} (${width}×${height}, two rows, wasm), ${MODEL_FOLDER.split('/').at(-1)}`,
  [row('through the engine', ours), row('bare session in a loop', peer)],
  [
    {
      claim: 'processor time of a step through the engine, against the bare session',
      value: pairedRatio(ours, peer),
      limit: 1.05,
      unit: '×',
    },
  ],
);
await bare.release();
await engine.close();
