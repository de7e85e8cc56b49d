// Runs a training of the command line: model and pictures opened, steps logged, results and previews written.
import { appendFile, writeFile } from 'node:fs/promises';
import { TinctureError } from '../../plugins/contract/error.ts';
import { decodeAnyPicture } from '../formats/node-picture.ts';
import { TrainingError } from '../training/error.ts';
import { prepareExamples, type TrainingPicture, withPlain } from '../training/examples.ts';
import { holdBack, openTraining } from '../training/open-training.ts';
import { exampleOptions } from '../training/request.ts';
import { runTraining } from '../training/run.ts';
import { checkResumableOver } from '../training/state-file.ts';
import type { StepReport, Trainer } from '../training/trainer.ts';
import { checkCardOfTraining, saveTraining, type TrainingJob } from './train-files.ts';
import { openTrainingModel } from './train-model.ts';
import { readPictureFolder } from './train-pictures.ts';
import { Previews } from './train-previews.ts';
import type { TrainRequest } from './train-request.ts';

export interface TrainOutlets {
  /** Lines for people. */
  readonly say: (line: string) => void;
  /** Events for machines. */
  readonly emit: (event: object) => void;
}

export interface TrainResult {
  readonly output: string;
  readonly step: number;
  readonly loss: number | undefined;
}

/** Steps between lines for people. */
const SAY_EVERY = 25;

/** Trains and writes. Rejects with `cli/cancelled` after a save when the signal is aborted. */
export async function trainToFiles(
  request: TrainRequest,
  signal: AbortSignal,
  { say, emit }: TrainOutlets,
): Promise<TrainResult> {
  const { pictures: files, notices } = await readPictureFolder(request.data);
  const plain = request.plain === undefined ? undefined : (await readPictureFolder(request.plain)).pictures;
  const { kind, resume } = request;
  const { model, backend } = await openTrainingModel(
    request,
    signal,
    say,
    ({ name: modelName, hash: modelHash }) => {
      if (resume !== undefined) checkResumableOver(resume.facts, { kind, modelName, modelHash });
    },
  );
  const sizes = exampleOptions(request, model.facts.defaults);
  const prepare = (some: readonly TrainingPicture[]) =>
    prepareExamples(some, model, backend, sizes, { signal, decodeOther: decodeAnyPicture });
  const prepared = await prepare(files);
  const examples =
    plain === undefined ? prepared.examples : withPlain(prepared.examples, (await prepare(plain)).examples);
  for (const notice of [...notices, ...prepared.notices]) {
    say(`note: ${notice}`);
    emit({ event: 'notice', notice });
  }
  const split = holdBack(examples, request);
  const pictures = split.examples.length / (request.flip ? 2 : 1);
  checkCardOfTraining({ request, model, pictures });
  const looked = (request.validate ?? 0) > 0 ? 'of them looked at by the validation loss' : 'held back';
  say(`${split.examples.length} pictures to train on, ${split.validation.length} ${looked}`);
  const training = await openTraining({
    ...split,
    request,
    model,
    backend,
    resume,
  });
  const { trainer, result } = training;
  const job: TrainingJob = { request, model, pictures, training };
  const previews = new Previews(
    request,
    split.examples.map(({ caption }) => caption),
  );
  let last: StepReport | undefined;
  let saved = false;
  try {
    const log = await openLog(request, trainer.step);
    const before = await trainer.validationLoss();
    if (before !== undefined) {
      say(`validation loss ${before.toPrecision(4)} before step ${trainer.step + 1}`);
      emit({ event: 'start', step: trainer.step, validationLoss: before });
    }
    const state = await runTraining(
      trainer,
      {
        saveEvery: request.saveEvery,
        previewEvery: request.previewEvery,
        validateEvery: split.validation.length > 0 ? Math.max(request.saveEvery, 1) : 0,
        signal,
      },
      {
        onStep: async (report) => {
          last = report;
          emit({ event: 'step', ...report });
          await log(report);
          if (report.step % SAY_EVERY === 0 || report.validationLoss !== undefined)
            say(lineOf(report, trainer));
        },
        onSave: async (state) => {
          await saveTraining(job, state, previews.latest);
          saved = true;
          say(`saved ${request.output} at step ${state.step}`);
          emit({ event: 'save', step: state.step, output: request.output, state: request.companion });
        },
        onPreview: async (seen) => {
          await previews.draw(result(seen, 'safetensors'), signal);
          for (const path of await previews.write(seen.step)) {
            say(`preview ${path}`);
            emit({ event: 'preview', step: seen.step, path });
          }
        },
      },
    );
    if (request.output.endsWith('.style')) {
      // The pictures' sessions take the place of the training's.
      await trainer.close();
      say(`drawing ${request.previewSeeds.length} previews`);
      await previews.draw(result(state, 'safetensors'), signal);
      await saveTraining(job, state, previews.latest);
    }
    emit({ event: 'end', step: state.step, loss: last?.loss, output: request.output });
    return { output: request.output, step: state.step, loss: last?.loss };
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      throw new TinctureError(
        'cli/cancelled',
        `stopped after step ${trainer.step}; ${request.output} is saved`,
        {
          fix: `Go on with --resume ${request.companion}`,
        },
      );
    }
    if (error instanceof TrainingError && saved) say(`go on with --resume ${request.companion}`);
    throw error;
  } finally {
    // What ended the run is told, not what closing says after it.
    await Promise.allSettled([previews.close(), trainer.close()]);
  }
}

function lineOf(
  { step, loss, rate, validationLoss }: StepReport & { validationLoss?: number },
  trainer: Trainer,
): string {
  const validation = validationLoss === undefined ? '' : `, validation loss ${validationLoss.toPrecision(4)}`;
  return `step ${step} of ${trainer.lastStep}: loss ${loss.toPrecision(4)}${validation}, rate ${rate.toPrecision(3)}`;
}

/** A function that writes a CSV line for each step; a run that goes on adds to the file. */
async function openLog({ log }: TrainRequest, step: number) {
  if (log === undefined) return async () => {};
  if (step === 0) await writeFile(log, 'step,loss,rate,validation_loss\n');
  return ({ step: done, loss, rate, validationLoss }: StepReport & { readonly validationLoss?: number }) =>
    appendFile(log, `${done},${loss},${rate},${validationLoss ?? ''}\n`);
}
