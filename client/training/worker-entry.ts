// The Worker's side of training: opens the model, says what fits, trains, and keeps all of it in this browser.
import type { Progress } from '../engine/engine.ts';
import { wireError } from '../engine/wire-error.ts';
import { assess } from './fit.ts';
import { KeptRun } from './kept-run.ts';
import { openKeptTraining } from './kept-training.ts';
import { trainAlone } from './locks.ts';
import { type OpenBase, openBase, readyForSteps } from './open-base.ts';
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

let opened: OpenBase | undefined;
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

async function open(options: WorkerTrainerOptions): Promise<OpenBase> {
  opened = await openBase(options, preparing);
  return opened;
}

async function train(start: TrainStart): Promise<TrainingEnd> {
  return trainAlone(async () => {
    const { model, backend } = opened!;
    tell({ kind: 'preparing', message: 'preparing the weights' });
    run = new KeptRun(start, await readyForSteps(model, preparing), backend, openKeptTraining(), tell);
    try {
      return await run.toEnd();
    } finally {
      run = undefined;
    }
  });
}

function preparing({ message, done, total }: Progress): void {
  tell({
    kind: 'preparing',
    message,
    ...(done !== undefined && { done }),
    ...(total !== undefined && { total }),
  });
}

function tell(news: TrainingNews): void {
  if (news.kind === 'preview') send({ kind: 'news', news }, [news.file.buffer]);
  else send({ kind: 'news', news });
}

function send(message: FromTrainer, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}
