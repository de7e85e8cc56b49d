// The trainer on the golden model: exact resume, results as files, and what happens when training goes wrong.
import { beforeAll, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { readEmbedding } from '../../client/formats/embedding.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { encodePng } from '../../client/formats/png.ts';
import type { HypernetworkDescription } from '../../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { recordOf } from '../../client/hypernetwork/record.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { TEXT_PREFIX } from '../../client/models/names.ts';
import { createTokenizer } from '../../client/prompt/tokenizer.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { defaultOptions } from '../../client/training/default-options.ts';
import { type Example, prepareExamples } from '../../client/training/examples.ts';
import { holdBack } from '../../client/training/open-training.ts';
import type { TrainingOptions } from '../../client/training/options.ts';
import { embeddingFile, hypernetworkFile } from '../../client/training/result.ts';
import { type RunEvents, runTraining } from '../../client/training/run.ts';
import { startEmbedding, startHypernetwork } from '../../client/training/start-weights.ts';
import { checkResumable, readTrainingState, writeTrainingState } from '../../client/training/state-file.ts';
import type { TrainingModel } from '../../client/training/step-sessions.ts';
import { Trainer, type TrainerJob } from '../../client/training/trainer.ts';
import { freshState } from '../../client/training/training-state.ts';
import { sdTinyCheckpoint, sdTinyManifest } from '../models/sd-tiny.ts';

const FOLDER = new URL('../golden/sd-tiny/', import.meta.url).pathname;
/** All that a hypernetwork can have. */
const DESCRIPTION: HypernetworkDescription = {
  name: 'fresh',
  step: null,
  layerStructure: [1, 1.5, 1],
  activation: 'softsign',
  layerNorm: true,
  activateOutput: true,
  useDropout: true,
  dropoutStructure: [0, 0.3, 0],
  lastLayerDropout: false,
  weightInitialization: 'KaimingUniform',
  checkpointHash: null,
  checkpointName: null,
  optionalInfo: null,
};
const WIDTHS = [24, 32];
const FACTS = {
  kind: 'hypernetwork',
  name: 'mine',
  modelHash: '0123456789',
  modelName: 'sd-tiny',
  seed: 5n,
} as const;

let model: TrainingModel;
let examples: readonly Example[];

beforeAll(async () => {
  configureRuntime({ threads: 1 });
  const text = async (name: string) => {
    const file = await fileSource(`${FOLDER}${name}`);
    return new TextDecoder().decode(await file.read(0, file.size));
  };
  const checkpoint = await sdTinyCheckpoint();
  model = {
    checkpoint,
    config: readModelConfig(checkpoint, await sdTinyManifest()),
    tokenizer: createTokenizer(await text('vocab.json'), await text('merges.txt')),
  };
  const picture = (name: string, bytes: Uint8Array<ArrayBuffer>) => ({
    name,
    caption: `a photo of ${name}`,
    size: bytes.length,
    read: async () => bytes,
  });
  const pixels = (phase: number) =>
    Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, i) =>
      i % 4 === 3 ? 255 : 128 + 100 * Math.sin(i * phase),
    );
  const pictures = [0.01, 0.02, 0.03].map((phase, i) =>
    picture(`picture ${i}`, encodePng({ width: 64, height: 64, pixels: pixels(phase) })),
  );
  const options = {
    size: { width: 64, height: 64 },
    buckets: false,
    crop: 'centre',
    flip: false,
    alpha: true,
  } as const;
  const prepared = await prepareExamples(
    [...pictures, picture('a text', new TextEncoder().encode('hello'))],
    model,
    'wasm',
    options,
  );
  expect(prepared.notices).toEqual([expect.stringMatching(/left out: a text: not a picture/)]);
  examples = prepared.examples;
});

test('pictures in buckets, mirrored, are examples of several sizes, encoded once; some are held back whole', async () => {
  let reads = 0;
  const of = (width: number, height: number, name: string) => {
    const pixels = new Uint8ClampedArray(width * height * 4).map((_, i) =>
      i % 4 === 3 ? 255 : (i * 7) % 256,
    );
    const bytes = encodePng({ width, height, pixels });
    const read = async () => {
      reads++;
      return bytes;
    };
    return { name, caption: name, size: bytes.length, read };
  };
  const files = [of(64, 64, 'square'), of(160, 80, 'wide'), of(80, 170, 'high')];
  const { examples: all } = await prepareExamples(files, model, 'wasm', {
    size: { width: 64, height: 64 },
    buckets: true,
    crop: 'focal',
    flip: true,
    alpha: false,
  });
  expect(reads).toBe(3);
  const sizeOf = ({ mean }: Example) => mean.shape.slice(1).join('×');
  expect(all.map((example) => [example.name, sizeOf(example)])).toEqual([
    ['square', '8×8'], ['square (mirrored)', '8×8'], ['wide', '6×10'], ['wide (mirrored)', '6×10'],
    ['high', '10×6'], ['high (mirrored)', '10×6'],
  ]); // biome-ignore format: a table
  expect(all[2]!.mean.data).not.toEqual(all[3]!.mean.data);
  const { examples: kept, validation } = holdBack(all, { holdBack: 1, flip: true, seed: 3n });
  expect(validation).toHaveLength(1);
  expect(kept.map(({ caption }) => caption)).not.toContain(validation[0]!.caption);
  expect(kept).toHaveLength(4);
  expect(() => holdBack(all, { holdBack: 3, flip: true, seed: 3n })).toThrow(/leaves no picture.*at most 2/s);
  const looked = holdBack(all, { holdBack: 0, validate: 1, flip: true, seed: 3n });
  expect(looked.examples).toBe(all);
  expect(looked.validation).toEqual(validation);
  expect(() => holdBack(all, { holdBack: 0, validate: 4, flip: true, seed: 3n })).toThrow(
    /fewer pictures.*at most 3/s,
  );
  expect(() => holdBack(all, { holdBack: 1, validate: 1, flip: true, seed: 3n })).toThrow(
    /both trained on and held back/,
  );
});

function job(change: Partial<TrainingOptions> = {}): TrainerJob {
  const start = freshState(startHypernetwork(DESCRIPTION, WIDTHS, 5n));
  return {
    model,
    backend: 'wasm',
    trainee: { kind: 'hypernetwork', description: DESCRIPTION, widths: WIDTHS },
    name: 'mine',
    examples,
    validation: [],
    options: {
      ...defaultOptions('hypernetwork', 4, '1e-2:3, 1e-3'),
      accumulation: 2,
      warmup: 2,
      clipping: { kind: 'norm', limit: 0.5 },
      ema: 0.2,
      minSnr: 5,
      snrFloor: 1,
      spreadTimesteps: true,
      rollouts: 2,
      sampledLatents: true,
      seed: 5n,
      ...change,
    },
    start,
  };
}

test('what goes on after a save, a close and a load has the same numbers as without the break', async () => {
  const whole = await Trainer.create(job());
  const reports = [await whole.next(), await whole.next()];
  const file = writeTrainingState(await whole.state(), FACTS);
  reports.push(await whole.next(), await whole.next());
  expect(await whole.next()).toBeUndefined();
  expect(reports.map((report) => report!.rate)).toEqual([5e-3, 1e-2, 1e-2, 1e-3]);
  const wanted = await whole.state();
  await whole.close();

  const loaded = await readTrainingState(bytesSource('mine.training.safetensors', file));
  expect(loaded.facts).toEqual(FACTS);
  checkResumable(loaded, FACTS, job().start.weights);
  const second = await Trainer.create({ ...job(), start: loaded.state });
  expect([await second.next(), await second.next()]).toEqual(reports.slice(2));
  const found = await second.state();
  await second.close();
  for (const part of ['weights', 'means', 'squares', 'averages'] as const)
    expect(found[part]).toEqual(wanted[part]);
  expect(found.rollouts).toEqual(wanted.rollouts);
  expect(found.step).toBe(4);

  const style = await readHypernetwork(
    bytesSource('mine.pt', hypernetworkFile(found, DESCRIPTION, WIDTHS, FACTS, 'pt')),
  );
  expect(style.description).toEqual({
    ...DESCRIPTION,
    name: 'mine',
    step: 4,
    checkpointHash: '0123456789',
    checkpointName: 'sd-tiny',
  });
  const bytes = recordOf(style).tensors.get('24.k.linear.0.weight')!.bytes;
  expect(new Float32Array(bytes.buffer)).toEqual(found.averages!.get('24.k.linear.0.weight')!.data);
  expect(found.averages).not.toEqual(found.weights);
});

test('an average begins with the weights of a state that has none, and the validation loss is the average’s', async () => {
  const fresh = job({ ema: 0.9 });
  const lookedAt = { ...fresh, validation: examples.slice(0, 1) };
  const averaged = await Trainer.create(lookedAt);
  const before = (await averaged.validationLoss())!;
  await averaged.next();
  const { averages, ...rest } = await averaged.state();
  const weight = (weights: ReadonlyMap<string, Tensor>) => weights.get('24.k.linear.0.weight')!.data[0]!;
  // The first step's average keeps 2 of 11 parts of itself.
  const expected = (2 * weight(fresh.start.weights) + 9 * weight(rest.weights)) / 11;
  expect(weight(averages!)).toBeCloseTo(expected, 6);
  expect(weight(averages!)).not.toBeCloseTo(weight(rest.weights), 6);
  const ofAverage = (await averaged.validationLoss())!;
  averaged.restore(rest);
  const ofWeights = (await averaged.validationLoss())!;
  expect((await averaged.state()).averages).toEqual(rest.weights);
  await averaged.close();
  expect(new Set([before, ofAverage, ofWeights]).size).toBe(3);
  await expect(Trainer.create(job({ ema: 1 }))).rejects.toThrow(/ema.*above 0 and below 1/s);
});

test('a state of another model or of other layers is refused by name', async () => {
  const { start } = job();
  const loaded = await readTrainingState(bytesSource('a', writeTrainingState(start, FACTS)));
  expect(() => checkResumable(loaded, { ...FACTS, modelHash: 'ffff' }, start.weights)).toThrow(
    /another model.*ffff.*0123456789/s,
  );
  expect(() => checkResumable(loaded, { ...FACTS, kind: 'embedding' }, start.weights)).toThrow(
    /another kind/,
  );
  const other = startHypernetwork({ ...DESCRIPTION, layerStructure: [1, 1] }, WIDTHS, 5n);
  expect(() => checkResumable(loaded, FACTS, other)).toThrow(/other layers/);
  const broken = writeTrainingState(start, FACTS).slice();
  broken.fill(0xff, broken.length - 4);
  await expect(readTrainingState(bytesSource('b', broken))).rejects.toThrow(/not finite/);
});

test('rollouts are refused for embeddings and without a bound of the SNR', async () => {
  const vectors = freshState(new Map([['embedding', tensor([2, 24])]]));
  const embedding = { ...job(), trainee: { kind: 'embedding', vectors: 2 }, start: vectors } as const;
  await expect(Trainer.create(embedding)).rejects.toThrow(/only a hypernetwork.*embedding/s);
  await expect(Trainer.create(job({ minSnr: undefined }))).rejects.toThrow(/minSnr.*for rollouts/s);
});

test('a rate that ruins the net ends the training at the last good state', async () => {
  const trainer = await Trainer.create(
    job({
      accumulation: 1,
      rollouts: 0,
      clipping: { kind: 'none', limit: 1 },
      rates: [{ rate: 1e30, until: 50 }],
      warmup: 0,
    }),
  );
  const saved: number[] = [];
  const options = { saveEvery: 1, previewEvery: 0, validateEvery: 0 };
  const events = { onSave: async ({ step }: { step: number }) => void saved.push(step) };
  await expect(runTraining(trainer, options, events)).rejects.toThrow(
    /stopped at step \d+: the loss is (NaN|Infinity).*step 0 is kept/s,
  );
  const { step, weights } = await trainer.state();
  expect(step).toBe(0);
  expect(weights).toEqual(job().start.weights);
  // The first step's weights were saved before their loss told of them; the last save is the good state again.
  expect(saved).toEqual([1, 0]);
  await trainer.close();
});

test('what else ends a training tells which save is whole', async () => {
  const run = async (
    saveEvery: number,
    events: RunEvents & { atStep?: (trainer: Trainer) => Promise<void> },
  ) => {
    const trainer = await Trainer.create(job({ accumulation: 1, rates: [{ rate: 1e-3, until: 6 }] }));
    const options = { saveEvery, previewEvery: 0, validateEvery: 0 };
    const onStep = async ({ step }: { step: number }) => {
      if (step === 3) await events.atStep?.(trainer);
    };
    return runTraining(trainer, options, { onStep, ...events }).finally(() => trainer.close());
  };
  // The values on the device go away under the trainer, as when that is lost.
  await expect(
    run(2, { onSave: async () => {}, atStep: (trainer) => trainer.close() }),
  ).rejects.toMatchObject({
    code: 'training/stopped',
    message: expect.stringMatching(/stopped after step 3: .+The save of step 2 is whole/s),
  });
  const full = async ({ step }: { step: number }) => {
    if (step === 4) throw new Error('ENOSPC: no space left on device');
  };
  await expect(run(2, { onSave: full })).rejects.toThrow(/step 4: ENOSPC.*The save of step 2 is whole/s);
  await expect(run(0, { atStep: async () => Promise.reject(new Error('EIO: the log')) })).rejects.toThrow(
    /step 3: EIO.*Nothing had been saved/s,
  );
});

test('an embedding starts from words, learns, and is saved when training is cancelled', async () => {
  const words = model.tokenizer.encode('apple');
  const vectors = await startEmbedding(model.checkpoint, model.config, model.tokenizer, {
    words: 'apple',
    vectors: 2,
  });
  const table = await model.checkpoint.read(`${TEXT_PREFIX}.embeddings.token_embedding.weight`);
  expect(vectors.data.slice(0, 24)).toEqual(table.data.slice(words[0]! * 24, words[0]! * 24 + 24));
  const options = { ...defaultOptions('embedding', 40, '0.02'), batch: 4, seed: 1n };
  const trainer = await Trainer.create({
    model,
    backend: 'wasm',
    trainee: { kind: 'embedding', vectors: 2 },
    name: 'thing',
    examples: examples.slice(0, 1),
    validation: examples.slice(0, 1),
    options,
    start: freshState(new Map([['embedding', vectors]])),
  });
  const before = (await trainer.validationLoss())!;
  const stop = new AbortController();
  const saved: number[] = [];
  const last = runTraining(
    trainer,
    { saveEvery: 10, previewEvery: 0, validateEvery: 0, signal: stop.signal },
    {
      onStep: ({ step }) => {
        if (step === 28) stop.abort(new Error('enough'));
      },
      onSave: async ({ step }) => void saved.push(step),
    },
  );
  await expect(last).rejects.toThrow('enough');
  expect(saved).toEqual([10, 20, 28]);
  expect((await trainer.validationLoss())!).toBeLessThan(before);
  const state = await trainer.state();
  await trainer.close();
  const facts = { ...FACTS, kind: 'embedding', name: 'thing' } as const;
  const embedding = await readEmbedding(bytesSource('thing.pt', embeddingFile(state, facts, 'pt')));
  expect(embedding).toMatchObject({ name: 'thing', step: 28, checkpointHash: '0123456789' });
  expect(embedding!.vectors.shape).toEqual([2, 24]);
});
