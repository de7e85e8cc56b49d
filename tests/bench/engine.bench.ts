// A step of the engine against the same UNet session called bare in a loop.
import { writeSync } from 'node:fs';
import { MODEL_FOLDER, type Moment, openModel, timeSteps } from './engine-model.ts';
import { barePeer } from './engine-peer.ts';
import { median, pairedRatio, report } from './engine-report.ts';

const TURNS = 12;
const STEPS = 16;

const model = await openModel();
const { engine } = model;
const { width, height } = engine.model.defaults;
const request = { prompt: 'a red apple', negativePrompt: 'blurry', seed: 1, steps: STEPS, guidance: 4 };
await timeSteps(engine, request);
const bare = await barePeer(model, request);
await bare.timeSteps();

const ours: Moment[][] = [];
const peer: Moment[][] = [];
for (let turn = 0; turn < TURNS; turn++) {
  // Whoever goes first in a turn finds the caches of the other: take turns at that too.
  if (turn % 2 === 0) ours.push(await timeSteps(engine, request));
  peer.push(await bare.timeSteps());
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
