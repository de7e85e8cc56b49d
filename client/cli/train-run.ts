// Runs a training of the command line: model and pictures opened, steps logged, results and previews written.
import { appendFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { openModel } from '../engine/model.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import { nodePlatform } from '../node.ts';
import { chooseTrainingBackend } from '../training/backend.ts';
import { prepareExamples } from '../training/examples.ts';
import { holdBack, openTraining } from '../training/open-training.ts';
import { exampleOptions } from '../training/request.ts';
import type { ResultFormat } from '../training/result.ts';
import { runTraining } from '../training/run.ts';
import { writeTrainingState } from '../training/state-file.ts';
import type { StepReport, Trainer } from '../training/trainer.ts';
import { writeWhole } from './output.ts';
import { readPictureFolder } from './train-pictures.ts';
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
  const { pictures, notices } = await readPictureFolder(request.data);
  const model = await openModel(request.model, {
    platform: nodePlatform(),
    registry: undefined,
    signal,
    onProgress: undefined,
  });
  const { backend, reason } = await chooseTrainingBackend(model.checkpoint, request.backend);
  say(`${request.kind} over ${model.facts.name} (${model.facts.hash}) on ${reason}`);
  const prepared = await prepareExamples(
    pictures,
    model,
    backend,
    exampleOptions(request, model.facts.defaults),
    { signal },
  );
  for (const notice of [...notices, ...prepared.notices]) {
    say(`note: ${notice}`);
    emit({ event: 'notice', notice });
  }
  const split = holdBack(prepared.examples, request);
  say(`${split.examples.length} pictures to train on, ${split.validation.length} held back`);
  const { trainer, facts, result } = await openTraining({
    ...split,
    request,
    model,
    backend,
    resume: request.resume,
  });
  const previews = new Previews(request, split.examples[0]!.caption);
  let last: StepReport | undefined;
  try {
    const log = await openLog(request, trainer.step);
    const state = await runTraining(
      trainer,
      {
        saveEvery: request.saveEvery,
        previewEvery: request.previewEvery,
        validateEvery: request.holdBack > 0 ? Math.max(request.saveEvery, 1) : 0,
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
        onSave: async (saved) => {
          await writeWhole(request.output, result(saved, formatOf(request.output)));
          await writeWhole(request.companion, writeTrainingState(saved, facts, request.keptOptions));
          say(`saved ${request.output} at step ${saved.step}`);
          emit({ event: 'save', step: saved.step, output: request.output, state: request.companion });
        },
        onPreview: async (seen) => {
          const path = await previews.draw(result(seen, 'safetensors'), seen.step);
          say(`preview ${path}`);
          emit({ event: 'preview', step: seen.step, path });
        },
      },
    );
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
    throw error;
  } finally {
    await previews.close();
    await trainer.close();
  }
}

function lineOf(
  { step, loss, rate, validationLoss }: StepReport & { validationLoss?: number },
  trainer: Trainer,
): string {
  const validation = validationLoss === undefined ? '' : `, validation loss ${validationLoss.toPrecision(4)}`;
  return `step ${step} of ${trainer.lastStep}: loss ${loss.toPrecision(4)}${validation}, rate ${rate.toPrecision(3)}`;
}

function formatOf(path: string): ResultFormat {
  return path.endsWith('.pt') ? 'pt' : 'safetensors';
}

/** A function that writes a CSV line for each step; a run that goes on adds to the file. */
async function openLog({ log }: TrainRequest, step: number) {
  if (log === undefined) return async () => {};
  if (step === 0) await writeFile(log, 'step,loss,rate,validation_loss\n');
  return ({ step: done, loss, rate, validationLoss }: StepReport & { readonly validationLoss?: number }) =>
    appendFile(log, `${done},${loss},${rate},${validationLoss ?? ''}\n`);
}

/** Pictures of a state, drawn by the engine with the seed of the training; its sessions live from the first one on. */
class Previews {
  readonly #request: TrainRequest;
  readonly #prompt: string;
  #engine: Promise<import('../engine/engine.ts').Engine> | undefined;

  constructor(request: TrainRequest, caption: string) {
    this.#request = request;
    const { kind, name, previewPrompt } = request;
    this.#prompt = previewPrompt ?? (kind === 'embedding' ? `${caption}, ${name}` : caption);
  }

  async draw(file: Uint8Array<ArrayBuffer>, step: number): Promise<string> {
    const { kind, name, output, seed, model, backend } = this.#request;
    this.#engine ??= import('../index.ts').then(({ createEngine }) =>
      createEngine({ model, ...(backend && { backend }) }),
    );
    const engine = await this.#engine;
    const source = { name: `${name}.safetensors`, file: bytesSource(`${name}.safetensors`, file) };
    const { png } = await engine.generate({
      prompt: this.#prompt,
      seed,
      ...(kind === 'embedding' ? { embeddings: [source] } : { styles: [{ style: source }] }),
    });
    const path = join(dirname(output), `${basename(output).replace(/\.[^.]+$/, '')}-${step}.png`);
    await writeWhole(path, png);
    return path;
  }

  async close(): Promise<void> {
    await (await this.#engine?.catch(() => undefined))?.close();
  }
}
