// The page's side of a training that runs in a Worker.
import type { ModelFacts } from '../engine/engine.ts';
import { revivedError } from '../engine/wire-error.ts';
import type { Backend } from '../runtime/session.ts';
import { TrainingError } from './error.ts';
import type { Assessment } from './fit.ts';
import type {
  FromTrainer,
  ToTrainer,
  TrainingEnd,
  TrainingNews,
  TrainStart,
  WorkerTrainerOptions,
} from './protocol.ts';
import type { TrainingRequest } from './request.ts';

export interface WorkerTrainer {
  readonly model: ModelFacts;
  readonly backend: Backend;
  readonly backendReason: string;
  /** Says whether a training fits this device, and what size does. */
  assess(request: TrainingRequest): Promise<Assessment>;
  /** Trains what this browser keeps, from where it stands. One at a time. */
  train(start: TrainStart): Promise<TrainingEnd>;
  /** Lets the training save and end. */
  pause(): void;
  /** The preview that was told of is drawn, or cannot be. */
  previewDrawn(): void;
  /** Tries the save again that found no room. */
  saveAgain(): void;
  /** Ends the Worker at once; what was saved last stays. */
  close(): void;
}

/** Starts a Worker and opens the model in it; it tells what happens from then on. Aborting ends the Worker. */
export async function createWorkerTrainer(
  options: WorkerTrainerOptions,
  tell: (news: TrainingNews) => void,
  signal: AbortSignal,
): Promise<WorkerTrainer> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./worker-entry.ts', import.meta.url), {
    type: 'module',
    name: 'tincture-training',
  });
  const waiting = new Map<number, PromiseWithResolvers<FromTrainer>>();
  let nextId = 0;
  let dead: unknown;

  const die = (reason: unknown): void => {
    dead ??= reason;
    worker.terminate();
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  };
  worker.addEventListener('error', ({ message }) => {
    die(
      new TrainingError('training/worker', 'the Worker that trains has failed', {
        found: message,
        fix: 'What was saved last is kept: go on from there.',
      }),
    );
  });
  worker.addEventListener('message', ({ data }: MessageEvent<FromTrainer>) => {
    if (data.kind === 'news') {
      if (dead === undefined) tell(data.news);
      return;
    }
    const waiter = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.kind === 'error') waiter?.reject(revivedError(data.error));
    else waiter?.resolve(data);
  });
  const post = (message: ToTrainer): void => worker.postMessage(message);
  const call = async <Kind extends FromTrainer['kind']>(
    make: (id: number) => ToTrainer,
    kind: Kind,
  ): Promise<Extract<FromTrainer, { readonly kind: Kind }>> => {
    if (dead !== undefined) throw dead;
    const id = nextId++;
    const waiter = Promise.withResolvers<FromTrainer>();
    waiting.set(id, waiter);
    post(make(id));
    const answer = await waiter.promise;
    if (isKind(answer, kind)) return answer;
    throw new TrainingError('training/worker', `unexpected answer ${answer.kind}`);
  };

  const abort = (): void => die(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    const { facts, backend, backendReason } = await call((id) => ({ kind: 'open', id, options }), 'opened');
    return {
      model: facts,
      backend,
      backendReason,
      assess: async (request) =>
        (await call((id) => ({ kind: 'assess', id, request }), 'assessed')).assessment,
      train: async (start) => (await call((id) => ({ kind: 'train', id, start }), 'ended')).end,
      pause: () => post({ kind: 'pause' }),
      previewDrawn: () => post({ kind: 'drawn' }),
      saveAgain: () => post({ kind: 'save-again' }),
      close: () => die(new DOMException('The training was ended.', 'AbortError')),
    };
  } catch (error) {
    die(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function isKind<Kind extends FromTrainer['kind']>(
  message: FromTrainer,
  kind: Kind,
): message is Extract<FromTrainer, { readonly kind: Kind }> {
  return message.kind === kind;
}
