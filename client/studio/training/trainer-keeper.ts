// The one trainer of the page: its Worker is made for the model and backend that are chosen, and anew for others.
import type { ModelSource } from '../../index.ts';
import type { TrainingNews, WorkerTrainerOptions } from '../../training/protocol.ts';
import { createWorkerTrainer, type WorkerTrainer } from '../../training/worker-trainer.ts';
import type { Studio } from '../components/studio-context.ts';

/** A model of more bytes shares the device badly: it is not opened before somebody asks. */
export const LARGE_MODEL_BYTES = 64 * 2 ** 20;

/** Whether the chosen model is such a one. */
export function modelIsLarge({ store }: Studio): boolean {
  const { models, model } = store.state();
  return (models.find(({ name }) => name === model)?.bytes ?? 0) > LARGE_MODEL_BYTES;
}

/** How a Worker opens the model, on the backend that is chosen in the studio. */
export function trainerOptions({ store }: Studio, model: ModelSource): WorkerTrainerOptions {
  const { wantedBackend } = store.state();
  return {
    model,
    registry: location.origin,
    wasmPaths: '/ort/',
    ...(wantedBackend === 'auto' ? {} : { backend: wantedBackend }),
  };
}

export interface TrainerKeeper {
  /** The trainer over the chosen model; undefined where there is none. What it tells goes to the last `tell`. */
  trainer(tell: (news: TrainingNews) => void): Promise<WorkerTrainer | undefined>;
  current(): WorkerTrainer | undefined;
  /** Ends the Worker. */
  dismiss(): void;
}

export function createTrainerKeeper(studio: Studio): TrainerKeeper {
  let opening: { readonly key: string; readonly promise: Promise<WorkerTrainer | undefined> } | undefined;
  let open: WorkerTrainer | undefined;
  let abort = new AbortController();
  let told: (news: TrainingNews) => void = () => {};

  const dismiss = (): void => {
    abort.abort(new DOMException('The training was ended.', 'AbortError'));
    abort = new AbortController();
    open?.close();
    open = undefined;
    opening = undefined;
  };

  const make = async ({ signal }: AbortController): Promise<WorkerTrainer | undefined> => {
    const model = await studio.actions.modelSource(signal);
    if (model === undefined) return undefined;
    const trainer = await createWorkerTrainer(trainerOptions(studio, model), (news) => told(news), signal);
    open = trainer;
    return trainer;
  };

  return {
    trainer(tell) {
      told = tell;
      const { model, wantedBackend } = studio.store.state();
      const key = `${model} ${wantedBackend}`;
      if (opening?.key !== key) {
        dismiss();
        const promise = make(abort);
        const mine = { key, promise };
        opening = mine;
        promise.catch(() => {
          if (opening === mine) dismiss();
        });
      }
      return opening!.promise;
    },
    current: () => open,
    dismiss,
  };
}
