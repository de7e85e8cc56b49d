// Trains a hypernetwork and an embedding on the same pictures with the same budget, and measures both beside the model alone.
import type { Engine, GenerateRequest } from '../engine/engine.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import type { Backend } from '../runtime/session.ts';
import { openTraining, type SplitExamples, type TrainingBase } from '../training/open-training.ts';
import type { TrainingRequest } from '../training/request.ts';
import type { ResultFormat } from '../training/result.ts';
import { type RunEvents, runTraining } from '../training/run.ts';
import type { Trainer } from '../training/trainer.ts';
import type { ComparedKind } from './compare-kinds.ts';
import { type CaptionedPicture, type Figures, judgeOf } from './figures.ts';

/** Steps of each, or minutes of each; the time includes the making of the first session. */
export type Budget = { readonly steps: number } | { readonly minutes: number };

/** One picture of the set, as it was cut for training. */
export interface SetPicture extends CaptionedPicture {
  readonly heldBack: boolean;
}

export interface ComparisonJob extends SplitExamples {
  readonly model: TrainingBase;
  readonly backend: Backend;
  /** Over the same model. */
  readonly engine: Engine;
  readonly pictures: readonly SetPicture[];
  readonly requests: Readonly<Record<ComparedKind, TrainingRequest>>;
  readonly budget: Budget;
  /** Seeds of the pictures that are drawn for each caption. */
  readonly seeds: readonly bigint[];
  /** Steps of a drawn picture; undefined: the model's. */
  readonly pictureSteps: number | undefined;
}

export interface TrainedSide {
  readonly steps: number;
  /** Training alone, without preparing and validating. */
  readonly seconds: number;
  /** Of each step. */
  readonly losses: readonly number[];
  readonly validationBefore: number | undefined;
  readonly validationAfter: number | undefined;
  /** Of the .safetensors file. */
  readonly bytes: number;
  readonly parameters: number;
  readonly rate: string;
  readonly files: Readonly<Record<ResultFormat, Uint8Array<ArrayBuffer>>>;
}

/** The model alone, or with what was trained. */
export interface DrawnSide {
  readonly figures: Figures;
  readonly drawn: readonly CaptionedPicture[];
}

export interface Comparison {
  readonly trained: Readonly<Record<ComparedKind, TrainedSide>>;
  readonly sides: Readonly<Record<'none' | ComparedKind, DrawnSide>>;
  /** How well the classifier behind `inStyle` tells the pictures that it was made from. */
  readonly accuracy: number;
  /** The set's own figures, as the model's autoencoder draws it: the most that can be reached. */
  readonly ceiling: Figures;
}

/** How far one part is: steps of a training, or pictures of all that are drawn. */
export interface ComparisonProgress {
  readonly part: ComparedKind | 'pictures';
  readonly done: number;
  /** Undefined where minutes are the budget. */
  readonly total: number | undefined;
}

export interface ComparisonSurroundings {
  readonly signal?: AbortSignal;
  /** Words for people. */
  readonly say?: (line: string) => void;
  readonly onProgress?: (progress: ComparisonProgress) => void;
  /** Runs a step when it is its turn on the device. Default: at once. */
  readonly turn?: RunEvents['turn'];
}

/** Runs all of it, the one after the other. Rejects with the signal's reason, and with what training and drawing throw. */
export async function compare(
  job: ComparisonJob,
  surroundings: ComparisonSurroundings = {},
): Promise<Comparison> {
  const hypernetwork = await trainSide(job, 'hypernetwork', surroundings);
  const embedding = await trainSide(job, 'embedding', surroundings);
  const trained = { hypernetwork, embedding };

  const words = job.pictures.flatMap(({ caption }) => job.seeds.map((seed) => ({ caption, seed })));
  const total = job.pictures.length + 3 * words.length;
  let done = 0;
  const drawing = {
    ...surroundings,
    onDrawn: () => surroundings.onProgress?.({ part: 'pictures', done: ++done, total }),
  };
  // Drawn through the autoencoder, so that sharpness does not tell a real picture from a drawn one.
  const set = await drawAll(job, job.pictures, drawing, 'the set', ({ picture }) => ({
    prompt: '',
    image: picture,
    denoisingStrength: 0,
  }));
  const none = await drawAll(job, words, drawing, 'the model alone', ({ caption, seed }) => ({
    prompt: caption,
    seed,
  }));
  const judge = judgeOf(set, none);
  const sideOf = async (kind: ComparedKind): Promise<DrawnSide> => {
    const { name } = job.requests[kind];
    const source = {
      name: `${name}.safetensors`,
      file: bytesSource(`${name}.safetensors`, trained[kind].files.safetensors),
    };
    const drawn = await drawAll(job, words, drawing, `the ${kind}`, ({ caption, seed }) => ({
      seed,
      ...(kind === 'embedding'
        ? { prompt: `${caption}, ${name}`, embeddings: [source] }
        : { prompt: caption, styles: [{ style: source }] }),
    }));
    return { drawn, figures: judge.figuresOf(drawn) };
  };
  return {
    trained,
    sides: {
      none: { drawn: none, figures: judge.figuresOf(none) },
      hypernetwork: await sideOf('hypernetwork'),
      embedding: await sideOf('embedding'),
    },
    accuracy: judge.accuracy,
    ceiling: judge.figuresOf(set),
  };
}

async function trainSide(
  job: ComparisonJob,
  kind: ComparedKind,
  surroundings: ComparisonSurroundings,
): Promise<TrainedSide> {
  const { model, backend, examples, validation, budget } = job;
  const { say, onProgress } = surroundings;
  const request = job.requests[kind];
  const { trainer, result } = await openTraining({
    request, model, backend, examples, validation, resume: undefined,
  }); // biome-ignore format: one line
  try {
    const validationBefore = await trainer.validationLoss();
    const losses: number[] = [];
    const total = 'steps' in budget ? budget.steps : undefined;
    const seconds = await trainFor(trainer, budget, surroundings, (loss) => {
      losses.push(loss);
      onProgress?.({ part: kind, done: losses.length, total });
      if (losses.length % SAY_EVERY === 0)
        say?.(`${kind}: step ${losses.length}, loss ${loss.toPrecision(3)}`);
    });
    const validationAfter = await trainer.validationLoss();
    const state = await trainer.state();
    const files = { safetensors: result(state, 'safetensors'), pt: result(state, 'pt') };
    say?.(`${kind}: ${state.step} steps in ${seconds.toFixed(0)} s`);
    return {
      steps: state.step,
      seconds,
      losses,
      validationBefore,
      validationAfter,
      bytes: files.safetensors.length,
      parameters: [...state.weights.values()].reduce((sum, { data }) => sum + data.length, 0),
      rate: request.rate,
      files,
    };
  } finally {
    await trainer.close();
  }
}

/** Steps between lines for people. */
const SAY_EVERY = 25;

/** Trains until the budget is spent and gives the seconds that it took. */
async function trainFor(
  trainer: Trainer,
  budget: Budget,
  { signal, turn }: ComparisonSurroundings,
  onLoss: (loss: number) => void,
): Promise<number> {
  const started = performance.now();
  const over = new AbortController();
  const end = 'minutes' in budget ? started + budget.minutes * 60_000 : Number.POSITIVE_INFINITY;
  const spent = new Error('the time is over');
  const signals = AbortSignal.any([over.signal, ...(signal === undefined ? [] : [signal])]);
  try {
    await runTraining(
      trainer,
      { saveEvery: 0, previewEvery: 0, validateEvery: 0, signal: signals },
      {
        ...(turn !== undefined && { turn }),
        onStep: ({ loss }) => {
          onLoss(loss);
          if (performance.now() >= end) over.abort(spent);
        },
      },
    );
  } catch (error) {
    if (error !== spent) throw error;
  }
  return (performance.now() - started) / 1000;
}

async function drawAll<T extends { readonly caption: string }>(
  { engine, pictureSteps }: ComparisonJob,
  items: readonly T[],
  { signal, say, onDrawn }: ComparisonSurroundings & { readonly onDrawn: () => void },
  what: string,
  requestOf: (item: T) => GenerateRequest,
): Promise<CaptionedPicture[]> {
  const drawn: CaptionedPicture[] = [];
  say?.(`drawing ${items.length} pictures with ${what}`);
  for (const item of items) {
    const request = { ...(pictureSteps !== undefined && { steps: pictureSteps }), ...requestOf(item) };
    const { picture } = await engine.generate(request, { ...(signal && { signal }) });
    drawn.push({ caption: item.caption, picture });
    onDrawn();
  }
  return drawn;
}
