// A run that is kept: paused and gone on with to the same numbers, waiting where there is no room, refused over another base.
import { beforeAll, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { encodePng } from '../../client/formats/png.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { TrainingError } from '../../client/training/error.ts';
import { KeptRun, type KeptRunBase } from '../../client/training/kept-run.ts';
import { KEPT, type KeptTraining } from '../../client/training/kept-training.ts';
import { readLosses } from '../../client/training/losses.ts';
import type { TrainingNews, TrainStart } from '../../client/training/protocol.ts';
import { readTrainingState } from '../../client/training/state-file.ts';
import { sdTinyCheckpoint, sdTinyManifest } from '../models/sd-tiny.ts';
import { goldenTokenizer, TRAINING_REQUEST } from './training-request.ts';

const START: TrainStart = {
  request: { ...TRAINING_REQUEST, holdBack: 1 },
  pictures: ['a', 'b', 'c'].map((id) => ({ id, name: `${id}.png`, caption: `a photo of ${id}` })),
  options: '{"steps":"4"}',
  saveEvery: 0,
  previewEvery: 0,
};
let model: KeptRunBase;

beforeAll(async () => {
  configureRuntime({ threads: 1 });
  const checkpoint = await sdTinyCheckpoint();
  const config = readModelConfig(checkpoint, await sdTinyManifest());
  const { contextWidth, selfAttentionWidths } = config;
  const defaults = { width: 64, height: 64 };
  model = {
    checkpoint,
    config,
    tokenizer: await goldenTokenizer(),
    facts: { name: 'sd-tiny', hash: '0123456789', contextWidth, selfAttentionWidths, defaults },
  };
});

/** What a browser keeps, in memory, with the three pictures; the saves counted from 1 that `full` holds find no room. */
function memoryTraining(
  full: ReadonlySet<number> = new Set(),
): KeptTraining & { readonly files: Map<string, File> } {
  const files = new Map<string, File>();
  for (const [i, { id }] of START.pictures.entries()) {
    const pixels = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, at) =>
      at % 4 === 3 ? 255 : (at * (i + 3)) % 251,
    );
    files.set(KEPT.picture(id), new File([encodePng({ width: 64, height: 64, pixels })], id));
  }
  let saves = 0;
  return {
    files,
    read: async (path) => files.get(path),
    async write(path, content) {
      if (path === KEPT.state && full.has(++saves)) throw new TrainingError('training/room', 'no room');
      files.set(path, new File([content], path));
    },
    remove: async (path) => void files.delete(path),
    list: async () => [],
    clear: async () => files.clear(),
  };
}

async function stateOf({ files }: { readonly files: Map<string, File> }) {
  const bytes = new Uint8Array(await files.get(KEPT.state)!.arrayBuffer());
  return readTrainingState(bytesSource('state', bytes));
}

test('what is paused and gone on with has the same numbers as what ran through, losses included', async () => {
  const whole = memoryTraining();
  const told: TrainingNews[] = [];
  const end = await new KeptRun(START, model, 'wasm', whole, (news) => told.push(news)).toEnd();
  expect(end).toEqual({ step: 4, finished: true });
  expect(told.filter(({ kind }) => kind === 'begun')).toEqual([
    { kind: 'begun', step: 0, lastStep: 4, pictures: 2, heldBack: 1 },
  ]);

  const broken = memoryTraining();
  const first = new KeptRun(START, model, 'wasm', broken, (news) => {
    if (news.kind === 'step' && news.report.step === 2) first.pause();
  });
  expect(await first.toEnd()).toEqual({ step: 2, finished: false });
  const second = new KeptRun(START, model, 'wasm', broken, () => {});
  expect(await second.toEnd()).toEqual({ step: 4, finished: true });

  expect(await stateOf(broken)).toEqual(await stateOf(whole));
  const losses = async ({ files }: typeof whole) => readLosses(await files.get(KEPT.losses)!.text(), 4);
  expect(await losses(broken)).toEqual(await losses(whole));
  expect((await losses(whole)).steps.map(({ rate }) => rate)).toEqual([1e-2, 1e-2, 1e-2, 1e-3]);
  expect((await losses(whole)).validation.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]);
});

test('a save without room waits, loses nothing, and is made when there is some', async () => {
  const kept = memoryTraining(new Set([2]));
  const unsaved: number[] = [];
  const run = new KeptRun({ ...START, saveEvery: 2 }, model, 'wasm', kept, (news) => {
    if (news.kind !== 'unsaved') return;
    unsaved.push(news.step);
    // The last good save is still there.
    expect(kept.files.has(KEPT.state)).toBe(true);
    setTimeout(() => run.saveAgain());
  });
  expect(await run.toEnd()).toEqual({ step: 4, finished: true });
  expect(unsaved).toEqual([4]);
  expect((await stateOf(kept)).state.step).toBe(4);
});

test('previews wait to be drawn; another base is refused before anything is encoded', async () => {
  const kept = memoryTraining();
  const seen: number[] = [];
  const run = new KeptRun({ ...START, previewEvery: 3 }, model, 'wasm', kept, (news) => {
    if (news.kind !== 'preview') return;
    seen.push(news.step);
    setTimeout(() => run.previewDrawn());
  });
  await run.toEnd();
  expect(seen).toEqual([0, 3, 4]);

  const other = { ...model, facts: { ...model.facts, name: 'other', hash: 'ffffffffff' } };
  kept.files.delete(KEPT.picture('a'));
  await expect(new KeptRun(START, other, 'wasm', kept, () => {}).toEnd()).rejects.toThrow(
    /another model.*other \(ffffffffff\).*sd-tiny \(0123456789\)/s,
  );
});
