// One run of a training that this browser keeps: goes on from the kept state, and keeps what comes.
import { blobSource } from '../formats/blob-source.ts';
import type { Backend } from '../runtime/session.ts';
import { TrainingError } from './error.ts';
import { prepareExamples, type TrainingPicture } from './examples.ts';
import { KEPT, type KeptTraining } from './kept-training.ts';
import { deviceTurn } from './locks.ts';
import { type LossHistory, lossesUpTo, readLosses, writeLosses } from './losses.ts';
import { holdBack, type OpenTraining, openTraining, type TrainingBase } from './open-training.ts';
import type { ListedPicture, TrainingEnd, TrainingNews, TrainStart } from './protocol.ts';
import { exampleOptions } from './request.ts';
import { runTraining } from './run.ts';
import {
  checkResumableOver,
  readTrainingState,
  type SavedTraining,
  writeTrainingState,
} from './state-file.ts';
import type { StepReport } from './trainer.ts';
import type { TrainingState } from './training-state.ts';

/** A model with what it proposes. */
export interface KeptRunBase extends TrainingBase {
  readonly facts: TrainingBase['facts'] & {
    readonly defaults: { readonly width: number; readonly height: number };
  };
}

/** Milliseconds after which a save is due in any case: a page may be left at any time. */
const SAVE_AFTER = 60_000;

/** Ends in `toEnd`'s promise; the verbs steer it meanwhile. */
export class KeptRun {
  readonly #start: TrainStart;
  readonly #model: KeptRunBase;
  readonly #backend: Backend;
  readonly #kept: KeptTraining;
  readonly #tell: (news: TrainingNews) => void;
  readonly #stop = new AbortController();
  readonly #steps: StepReport[] = [];
  readonly #validations: LossHistory['validation'][number][] = [];
  #drawn: (() => void) | undefined;
  #saveAgain: (() => void) | undefined;
  #stepEnd = 0;

  constructor(
    start: TrainStart,
    model: KeptRunBase,
    backend: Backend,
    kept: KeptTraining,
    tell: (news: TrainingNews) => void,
  ) {
    this.#start = start;
    this.#model = model;
    this.#backend = backend;
    this.#kept = kept;
    this.#tell = tell;
  }

  pause(): void {
    this.#stop.abort(new TrainingPaused());
    this.#drawn?.();
  }

  previewDrawn(): void {
    this.#drawn?.();
  }

  saveAgain(): void {
    this.#saveAgain?.();
  }

  /** Trains until the schedule is over or somebody pauses; everything is kept then. Throws what training throws. */
  async toEnd(): Promise<TrainingEnd> {
    const resume = await this.#keptState();
    // Now rather than after all pictures were encoded.
    if (resume !== undefined) {
      const { hash: modelHash, name: modelName } = this.#model.facts;
      checkResumableOver(resume.facts, { kind: this.#start.request.kind, modelHash, modelName });
    }
    let step = resume?.state.step ?? 0;
    let training: OpenTraining | undefined;
    try {
      const split = await this.#examples();
      this.#tell({ kind: 'preparing', message: 'making the steps' });
      const { request } = this.#start;
      training = await openTraining({
        ...split,
        request,
        model: this.#model,
        backend: this.#backend,
        resume,
      });
      await this.#begin(training, split.examples.length, split.validation.length);
      ({ step } = await this.#train(training));
      return { step, finished: true };
    } catch (error) {
      if (error instanceof TrainingPaused) return { step: training?.trainer.step ?? step, finished: false };
      throw error;
    } finally {
      await training?.trainer.close();
    }
  }

  #train(training: OpenTraining): Promise<TrainingState> {
    const { request, saveEvery, previewEvery } = this.#start;
    return runTraining(
      training.trainer,
      {
        saveEvery,
        previewEvery,
        validateEvery: request.holdBack > 0 ? Math.max(saveEvery, 1) : 0,
        saveAfter: SAVE_AFTER,
        signal: this.#stop.signal,
      },
      {
        onStep: (report) => this.#step(report),
        onSave: (state) => this.#save(training, state),
        onPreview: (state) => this.#preview(training, state),
        turn: deviceTurn,
      },
    );
  }

  async #keptState(): Promise<SavedTraining | undefined> {
    const file = await this.#kept.read(KEPT.state);
    return file === undefined ? undefined : readTrainingState(blobSource('the kept training', file));
  }

  async #examples() {
    const { request, pictures } = this.#start;
    const prepared = await prepareExamples(
      await Promise.all(pictures.map((picture) => this.#picture(picture))),
      this.#model,
      this.#backend,
      exampleOptions(request, this.#model.facts.defaults),
      {
        signal: this.#stop.signal,
        onProgress: (done, total) =>
          this.#tell({ kind: 'preparing', message: 'reading pictures', done, total }),
      },
    );
    for (const words of prepared.notices) this.#tell({ kind: 'notice', words });
    return holdBack(prepared.examples, request);
  }

  async #picture({ id, name, caption }: ListedPicture): Promise<TrainingPicture> {
    const file = await this.#kept.read(KEPT.picture(id));
    if (file === undefined) {
      throw new TrainingError('training/data', 'a picture is not kept any more', {
        where: name,
        fix: 'Remove it from the list, or drop it again.',
      });
    }
    return { name, caption, size: file.size, read: async () => new Uint8Array(await file.arrayBuffer()) };
  }

  async #begin(training: OpenTraining, pictures: number, heldBack: number): Promise<void> {
    const { trainer } = training;
    const { step, lastStep } = trainer;
    const losses = await this.#kept.read(KEPT.losses);
    if (losses !== undefined) {
      const { steps, validation } = readLosses(await losses.text(), step);
      for (const report of steps) this.#steps.push(report);
      for (const entry of validation) this.#validations.push(entry);
    }
    this.#tell({ kind: 'begun', step, lastStep, pictures, heldBack });
    this.#stepEnd = performance.now();
    if (step > 0) return;
    const loss = await deviceTurn(() => trainer.validationLoss());
    if (loss !== undefined) this.#validation(0, loss);
    if (this.#start.previewEvery > 0) await this.#preview(training, await trainer.state());
  }

  #step({ validationLoss, ...report }: StepReport & { readonly validationLoss?: number }): void {
    const now = performance.now();
    this.#steps.push(report);
    this.#tell({ kind: 'step', report, milliseconds: now - this.#stepEnd });
    this.#stepEnd = now;
    if (validationLoss !== undefined) this.#validation(report.step, validationLoss);
  }

  #validation(step: number, loss: number): void {
    this.#validations.push({ step, loss });
    this.#tell({ kind: 'validation', step, loss });
  }

  /** Without room the training waits, with everything in memory, until there is some. */
  async #save({ facts }: OpenTraining, state: TrainingState): Promise<void> {
    const file = writeTrainingState(state, facts, this.#start.options);
    const losses = { steps: this.#steps, validation: this.#validations };
    for (;;) {
      try {
        await this.#kept.write(KEPT.state, file);
        await this.#kept.write(KEPT.losses, writeLosses(lossesUpTo(losses, state.step)));
        this.#tell({ kind: 'saved', step: state.step });
        return;
      } catch (error) {
        if (!(error instanceof TrainingError && error.code === 'training/room')) throw error;
        this.#tell({ kind: 'unsaved', step: state.step, words: error.message });
        await new Promise<void>((resolve) => {
          this.#saveAgain = resolve;
        });
      }
    }
  }

  async #preview(training: OpenTraining, state: TrainingState): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const drawn = new Promise<void>((resolve) => {
      this.#drawn = resolve;
    });
    this.#tell({ kind: 'preview', step: state.step, file: training.result(state, 'safetensors') });
    await drawn;
    this.#drawn = undefined;
    this.#stepEnd = performance.now();
  }
}

/** Why a run ended before its schedule did. */
class TrainingPaused extends Error {
  override readonly name = 'TrainingPaused';
}
