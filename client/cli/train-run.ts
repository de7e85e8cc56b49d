// Runs a training of the command line: model and pictures opened, steps logged, results and previews written.
import { appendFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { type OpenModel, openModel } from '../engine/model.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import type { Tensor } from '../index.ts';
import { nodePlatform } from '../node.ts';
import { chooseTrainingBackend } from '../training/backend.ts';
import { defaultOptions } from '../training/default-options.ts';
import { type Example, prepareExamples } from '../training/examples.ts';
import { PURPOSE, randomStream } from '../training/random.ts';
import { embeddingFile, hypernetworkFile, type ResultFormat } from '../training/result.ts';
import { runTraining } from '../training/run.ts';
import { startEmbedding, startHypernetwork } from '../training/start-weights.ts';
import { checkResumable, type TrainingFacts, writeTrainingState } from '../training/state-file.ts';
import { EMBEDDING, type Trainee } from '../training/step-graph.ts';
import { freshState, type StepReport, Trainer, type TrainingState } from '../training/trainer.ts';
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
    {
      size: request.size ?? model.facts.defaults,
      buckets: request.buckets,
      flip: request.flip,
      alpha: request.alpha,
    },
    { signal },
  );
  for (const notice of [...notices, ...prepared.notices]) {
    say(`note: ${notice}`);
    emit({ event: 'notice', notice });
  }
  const { examples, validation } = heldBack(prepared.examples, request);
  say(`${examples.length} pictures to train on, ${validation.length} held back`);

  const trainee = traineeOf(request, model);
  const fresh = await startWeights(request, trainee, model);
  const facts: TrainingFacts = {
    kind: request.kind,
    name: request.name,
    modelHash: model.facts.hash,
    modelName: model.facts.name,
    seed: request.seed,
  };
  if (request.resume !== undefined) checkResumable(request.resume, facts, fresh);
  const start = request.resume?.state ?? freshState(fresh);
  const defaults = defaultOptions(request.kind, request.steps, request.rate, start.step);
  const trainer = await Trainer.create({
    model,
    backend,
    trainee,
    name: request.name,
    examples,
    validation,
    start,
    options: {
      ...defaults,
      batch: request.batch,
      accumulation: request.accumulation,
      warmup: request.warmup,
      weightDecay: request.weightDecay ?? defaults.weightDecay,
      clipping: request.clipping,
      minSnr: request.minSnr,
      sampledLatents: request.sampled,
      seed: request.seed,
      memory: request.memory,
      captions: {
        templates: request.templates.length > 0 ? request.templates : defaults.captions.templates,
        shuffleTags: request.shuffleTags,
        tagDropout: request.tagDropout,
        emptyShare: request.emptyShare,
      },
    },
  });
  const previews = new Previews(request, examples[0]!.caption);
  let last: StepReport | undefined;
  try {
    const log = await openLog(request, start.step);
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
          await writeWhole(
            request.output,
            resultFile(saved, request, trainee, facts, formatOf(request.output)),
          );
          await writeWhole(request.companion, writeTrainingState(saved, facts, request.keptOptions));
          say(`saved ${request.output} at step ${saved.step}`);
          emit({ event: 'save', step: saved.step, output: request.output, state: request.companion });
        },
        onPreview: async (seen) => {
          const path = await previews.draw(
            resultFile(seen, request, trainee, facts, 'safetensors'),
            seen.step,
          );
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

/** Some of the pictures, drawn by the seed, are never trained on. A mirrored picture goes with its original. */
function heldBack(all: readonly Example[], { holdBack, flip, seed }: TrainRequest) {
  const copies = flip ? 2 : 1;
  const count = all.length / copies;
  if (holdBack === 0) return { examples: all, validation: [] };
  if (holdBack >= count) {
    throw new TinctureError('cli/input', 'holding back leaves no picture to train on', {
      expected: `--hold-back of at most ${count - 1}`,
      found: String(holdBack),
    });
  }
  const order = randomStream(seed, PURPOSE.start, 1).shuffled(Array.from({ length: count }, (_, i) => i));
  const kept = new Set(order.slice(0, holdBack));
  return {
    examples: all.filter((_, i) => !kept.has(Math.floor(i / copies))),
    validation: all.filter((_, i) => kept.has(Math.floor(i / copies)) && i % copies === 0),
  };
}

function traineeOf(request: TrainRequest, { facts }: OpenModel): Trainee {
  if (request.kind === 'embedding') return { kind: 'embedding', vectors: request.vectors };
  const available = [...new Set([facts.contextWidth, ...facts.selfAttentionWidths])].sort((a, b) => a - b);
  const widths = request.widths ?? available;
  const missing = widths.filter((width) => !available.includes(width));
  if (missing.length > 0) {
    throw new TinctureError('cli/input', 'the model has no attention of such a width', {
      where: facts.name,
      expected: available.join(', '),
      found: missing.join(', '),
    });
  }
  return { kind: 'hypernetwork', description: request.description, widths };
}

async function startWeights(
  request: TrainRequest,
  trainee: Trainee,
  model: OpenModel,
): Promise<ReadonlyMap<string, Tensor>> {
  if (trainee.kind === 'hypernetwork')
    return startHypernetwork(trainee.description, trainee.widths, request.seed);
  const { vectors, startWords: words } = request;
  const embedding = await startEmbedding(model.checkpoint, model.config, model.tokenizer, { words, vectors });
  return new Map([[EMBEDDING, embedding]]);
}

function formatOf(path: string): ResultFormat {
  return path.endsWith('.pt') ? 'pt' : 'safetensors';
}

function resultFile(
  state: TrainingState,
  request: TrainRequest,
  trainee: Trainee,
  facts: TrainingFacts,
  format: ResultFormat,
): Uint8Array<ArrayBuffer> {
  return trainee.kind === 'hypernetwork'
    ? hypernetworkFile(state, request.description, trainee.widths, facts, format)
    : embeddingFile(state, facts, format);
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
