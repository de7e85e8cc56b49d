// The Worker's side of training: opens the model, says what fits, trains, and keeps all of it in this browser.
import { openModel } from '../engine/model.ts';
import { currentPlatform } from '../engine/platform.ts';
import { prepareWeights } from '../engine/prepare-weights.ts';
import { wireError } from '../engine/wire-error.ts';
import { createRegistry } from '../registry/registry.ts';
import { configureRuntime } from '../runtime/configure.ts';
import type { Backend } from '../runtime/session.ts';
import { chooseTrainingBackend } from './backend.ts';
import { TrainingError } from './error.ts';
import { assess } from './fit.ts';
import { KeptRun } from './kept-run.ts';
import { openKeptTraining } from './kept-training.ts';
import { TRAINING_LOCK } from './locks.ts';
import type { TrainingBase } from './open-training.ts';
import type {
  FromTrainer,
  ToTrainer,
  TrainingEnd,
  TrainingNews,
  TrainStart,
  WorkerTrainerOptions,
} from './protocol.ts';
import { exampleOptions } from './request.ts';
import { deviceRoom } from './room.ts';

interface Opened {
  readonly model: Awaited<ReturnType<typeof openModel>> & TrainingBase;
  readonly backend: Backend;
}

let opened: Opened | undefined;
let run: KeptRun | undefined;

self.addEventListener('message', ({ data }: MessageEvent<ToTrainer>) => {
  switch (data.kind) {
    case 'pause':
      run?.pause();
      break;
    case 'drawn':
      run?.previewDrawn();
      break;
    case 'save-again':
      run?.saveAgain();
      break;
    default:
      answer(data).catch((error: unknown) => send({ kind: 'error', id: data.id, error: wireError(error) }));
  }
});

async function answer(message: Extract<ToTrainer, { readonly id: number }>): Promise<void> {
  const { id } = message;
  switch (message.kind) {
    case 'open': {
      const { backend, backendReason } = await open(message.options);
      send({ kind: 'opened', id, facts: opened!.model.facts, backend, backendReason });
      break;
    }
    case 'assess': {
      const { model, backend } = opened!;
      const { size } = exampleOptions(message.request, model.facts.defaults);
      const assessment = assess(model, message.request, size, await deviceRoom(backend));
      send({ kind: 'assessed', id, assessment });
      break;
    }
    case 'train':
      send({ kind: 'ended', id, end: await train(message.start) });
      break;
  }
}

async function open(options: WorkerTrainerOptions): Promise<{ backend: Backend; backendReason: string }> {
  const { wasmPaths, threads } = options;
  configureRuntime({
    ...(wasmPaths !== undefined && { wasmPaths }),
    ...(threads !== undefined && { threads }),
  });
  const platform = await currentPlatform();
  const registry =
    options.registry === undefined
      ? undefined
      : createRegistry(options.registry, { cache: await platform.openCache() });
  const model = await openModel(options.model, {
    platform,
    registry,
    signal: undefined,
    onProgress: ({ message, done, total }) =>
      tell({
        kind: 'preparing',
        message,
        ...(done !== undefined && { done }),
        ...(total !== undefined && { total }),
      }),
  });
  const { backend, reason } = await chooseTrainingBackend(model.checkpoint, options.backend);
  opened = { model, backend };
  return { backend, backendReason: reason };
}

/** One training of this origin at a time: the others would write over what this one keeps. */
async function train(start: TrainStart): Promise<TrainingEnd> {
  return navigator.locks.request(TRAINING_LOCK, { ifAvailable: true }, async (lock) => {
    if (lock === null) {
      throw new TrainingError('training/busy', 'another tab of this browser trains', {
        fix: 'Pause it there, or wait until it has ended.',
      });
    }
    const { model, backend } = opened!;
    tell({ kind: 'preparing', message: 'preparing the weights' });
    // Steps compute in single precision on every backend.
    const checkpoint = await prepareWeights(model.checkpoint, {
      sha256: model.sha256,
      halfUnet: false,
      files: (await currentPlatform()).workingFiles(),
      signal: undefined,
      onProgress: ({ message }) => tell({ kind: 'preparing', message }),
    });
    run = new KeptRun(start, { ...model, checkpoint }, backend, openKeptTraining(), tell);
    try {
      return await run.toEnd();
    } finally {
      run = undefined;
    }
  });
}

function tell(news: TrainingNews): void {
  if (news.kind === 'preview') send({ kind: 'news', news }, [news.file.buffer]);
  else send({ kind: 'news', news });
}

function send(message: FromTrainer, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}
