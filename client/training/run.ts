// A whole training: steps to the end of the schedule, saves, previews, validation, and what happens when it goes wrong.
import { TrainingError } from './error.ts';
import { LossWatch } from './loss-watch.ts';
import type { StepReport, Trainer } from './trainer.ts';
import type { TrainingState } from './training-state.ts';

export interface RunOptions {
  /** Steps between saves, previews and looks at the held-back pictures; 0 for none in between. */
  readonly saveEvery: number;
  readonly previewEvery: number;
  readonly validateEvery: number;
  /** Save also when this long has passed since the last one. Milliseconds; default: never. */
  readonly saveAfter?: number;
  /** Aborting saves, then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What the face of a training does with what comes. Each is awaited. */
export interface RunEvents {
  onStep?(report: StepReport & { readonly validationLoss?: number }): void | Promise<void>;
  /** Must keep the last save whole when it fails. */
  onSave?(state: TrainingState): Promise<void>;
  onPreview?(state: TrainingState): Promise<void>;
  /** Runs what needs the device, when it is its turn. Default: at once. */
  turn?<Result>(work: () => Promise<Result>): Promise<Result>;
}

/**
 * Trains to the end of the schedule and gives the last state, which was saved. A saved state counts as good once the
 * next loss that comes of it is. When the loss is not finite or has exploded, or a weight is not finite, goes back to
 * the last good state, saves that again where a later one was saved, and throws `training/exploded`. Whatever else ends
 * it, a lost device or a save that fails among them, is thrown as `training/stopped`, which says what was saved before.
 */
export async function runTraining(
  trainer: Trainer,
  { saveEvery, previewEvery, validateEvery, saveAfter = Number.POSITIVE_INFINITY, signal }: RunOptions,
  events: RunEvents,
): Promise<TrainingState> {
  const watch = new LossWatch();
  const turn: NonNullable<RunEvents['turn']> = (work) => events.turn?.(work) ?? work();
  let good = await trainer.state();
  /** Saved, and not yet proven by a loss. */
  let candidate: TrainingState | undefined;
  let savedStep: number | undefined;
  /** What goes on from a save has that one until there is a later one. */
  const start = trainer.step;
  let savedAt = performance.now();
  const giveUp = async (wrong: string): Promise<never> => {
    const { step } = trainer;
    trainer.restore(good);
    if (candidate !== undefined) await events.onSave?.(good);
    throw exploded(wrong, step, good.step);
  };
  const save = async (): Promise<TrainingState> => {
    const state = await trainer.state();
    if (state.step === savedStep) return state;
    const broken = [...state.weights].find(([, { data }]) => !data.every(Number.isFinite));
    if (broken !== undefined) return giveUp(`the weight ${broken[0]} is not finite`);
    await events.onSave?.(state);
    savedStep = state.step;
    savedAt = performance.now();
    candidate = state;
    return state;
  };
  /** A picture that cannot be drawn, or that cancelling ends, must not cost the steps since the last save. */
  const preview = async (): Promise<void> => {
    try {
      await events.onPreview?.(await trainer.state());
    } catch (error) {
      await save();
      throw error;
    }
  };
  const steps = async (): Promise<TrainingState> => {
    for (;;) {
      if (signal?.aborted) {
        await save();
        throw signal.reason;
      }
      const report = await turn(() => trainer.next());
      if (report === undefined) return save();
      const wrong = watch.take(report.loss);
      if (wrong !== undefined) await giveUp(wrong);
      good = candidate ?? good;
      candidate = undefined;
      const due = (every: number): boolean =>
        every > 0 && (report.step % every === 0 || report.step === trainer.lastStep);
      const validationLoss = due(validateEvery) ? await turn(() => trainer.validationLoss()) : undefined;
      await events.onStep?.({ ...report, ...(validationLoss !== undefined && { validationLoss }) });
      if (due(saveEvery) || performance.now() - savedAt >= saveAfter) await save();
      if (due(previewEvery)) await preview();
    }
  };
  try {
    return await steps();
  } catch (error) {
    if (signal?.aborted && error === signal.reason) throw error;
    if (error instanceof TrainingError && error.code === 'training/exploded') throw error;
    throw stopped(error, trainer.step, savedStep ?? (start > 0 ? start : undefined));
  }
}

function stopped(cause: unknown, step: number, saved: number | undefined): TrainingError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new TrainingError('training/stopped', `training was stopped after step ${step}: ${words}`, {
    fix:
      saved === undefined
        ? 'Nothing had been saved. Begin again, with saves in shorter distances.'
        : `The save of step ${saved} is whole: go on from it.`,
    cause,
  });
}

function exploded(wrong: string, step: number, back: number): TrainingError {
  return new TrainingError('training/exploded', `training was stopped at step ${step}: ${wrong}`, {
    expected: 'a loss that falls or stays',
    fix: `The state of step ${back} is kept. Go on from there with a lower rate, or clip the gradients.`,
  });
}
