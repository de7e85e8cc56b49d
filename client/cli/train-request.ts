// `train`'s options as what training takes: checked, with defaults, and with those of the run that is gone on from.
import { basename, dirname, join, resolve } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { fileSource } from '../formats/node-file.ts';
import type { Backend, HypernetworkDescription } from '../index.ts';
import { DEFAULT_MODEL } from '../kit/prompt-context.ts';
import { DEFAULT_RATES } from '../training/default-options.ts';
import { dropoutFault, freshDescription, layersFault } from '../training/description.ts';
import { parseRateSchedule } from '../training/rate.ts';
import type { TrainingRequest } from '../training/request.ts';
import { MAX_ROLLOUTS } from '../training/rollouts.ts';
import { MAX_VECTORS } from '../training/start-weights.ts';
import { readTrainingState, type SavedTraining } from '../training/state-file.ts';
import { decimalNumber, required, UsageError, wholeNumber } from './command.ts';
import { checkOutput } from './output.ts';
import { backendOf } from './runtime-option.ts';
import { cardOf } from './train-card.ts';
import { clippingOf, cropOf, list, memoryOf, previewSeedsOf, seedOf, sizeOf } from './train-values.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** Options that change the numbers: a run that goes on takes them from its file, unless they are given anew. */
const KEPT = {
  name: text, steps: text, rate: text, warmup: text, batch: text, accumulate: text, clip: text, 'weight-decay': text, ema: text,
  'min-snr': text, 'snr-floor': text, 'spread-timesteps': flag, rollouts: text, seed: text, size: text, buckets: flag, crop: text,
  flip: flag, alpha: flag, sampled: flag,
  template: { type: 'string', multiple: true }, 'shuffle-tags': flag, 'tag-dropout': text, empty: text,
  'hold-back': text, validate: text, memory: text, widths: text, layers: text, activation: text, initialization: text,
  'layer-norm': flag, 'activate-output': flag, dropout: text, vectors: text, 'start-words': text,
} as const; // biome-ignore format: a table

export const TRAIN_OPTIONS = {
  ...KEPT,
  output: text, data: text, plain: text, model: text, 'save-every': text, 'preview-every': text, 'preview-prompt': text,
  'preview-seeds': text, card: text, author: text, licence: text, resume: text, log: text, backend: text, runtime: text, json: flag,
} as const; // biome-ignore format: a table

/** Previews of a style where no seeds are given. */
const STYLE_PREVIEWS = 4;

type Values = Readonly<Partial<Record<string, string | boolean | string[]>>>;

/** All of a run but the model and the pictures themselves. */
export interface TrainRequest extends TrainingRequest {
  readonly output: string;
  /** Where the state goes. */
  readonly companion: string;
  readonly data: string;
  /** Folder of the same pictures without the style. */
  readonly plain: string | undefined;
  readonly model: string;
  readonly saveEvery: number;
  readonly previewEvery: number;
  readonly previewPrompt: string | undefined;
  /** A preview is a picture for each of them. */
  readonly previewSeeds: readonly bigint[];
  /** What the author says of a style, by the fields of a card. */
  readonly card: Readonly<Record<string, unknown>>;
  readonly log: string | undefined;
  readonly backend: Backend | undefined;
  readonly resume: SavedTraining | undefined;
  /** Options to be kept with the state, as JSON. */
  readonly keptOptions: string;
}

/** Reads the options. Throws UsageError, and what the state of `--resume` throws. */
export async function trainRequest(kind: TrainRequest['kind'], given: Values): Promise<TrainRequest> {
  const resume =
    given['resume'] === undefined
      ? undefined
      : await readTrainingState(await fileSource(String(given['resume'])));
  const kept = keptOptions(given, resume);
  const values: Values = { ...kept, ...given };
  const word = (name: string): string | undefined => values[name] as string | undefined;
  const whole = (name: string, otherwise: number, low: number, high: number): number =>
    wholeNumber(`--${name}`, word(name), low, high) ?? otherwise;
  const share = (name: string): number => decimalNumber(`--${name}`, word(name), 0, 1) ?? 0;
  const output = required('--output', word('output'));
  const seed = seedOf(word('seed'));
  checkEnding(kind, output);
  if (kind === 'model' && (word('preview-every') ?? '0') !== '0') {
    throw new UsageError('--preview-every is for hypernetworks and embeddings: a model is loaded to draw');
  }
  const stem = basename(output).replace(/\.[^.]+$/, '');
  const companion = join(dirname(output), `${stem}.training.safetensors`);
  if (resolve(output) === resolve(companion)) {
    throw new UsageError(
      '--output must not end in .training.safetensors: that is the name of the state beside it',
    );
  }
  await checkOutput(output, []);
  const log = word('log');
  if (log !== undefined) await checkOutput(log, [output, companion]);
  const name = word('name') ?? resume?.facts.name ?? stem;
  const backend = backendOf(word('backend'), word('runtime'));
  const steps = whole('steps', 1000, 1, 1_000_000);
  const rate = word('rate') ?? DEFAULT_RATES[kind];
  // Refused now rather than after the pictures were read.
  parseRateSchedule(rate, steps, resume?.state.step);
  const [plain, crop] = [word('plain'), cropOf(word('crop'))];
  if (plain !== undefined && crop === 'focal') {
    throw new UsageError('--plain goes with --crop centre: a picture and its plain one must be cut alike');
  }
  const templates = (values['template'] as string[] | undefined) ?? [];
  return {
    kind,
    output,
    companion,
    data: required('--data', word('data')),
    plain,
    model: word('model') ?? DEFAULT_MODEL,
    name,
    steps,
    rate,
    warmup: whole('warmup', 0, 0, 1_000_000),
    batch: whole('batch', 1, 1, 64),
    accumulation: whole('accumulate', 1, 1, 1024),
    clipping: clippingOf(word('clip')),
    weightDecay: decimalNumber('--weight-decay', word('weight-decay'), 0, 1),
    ema: decimalNumber('--ema', word('ema'), 1e-3, 0.999999),
    minSnr: decimalNumber('--min-snr', word('min-snr'), 1e-3, 1e6),
    snrFloor: decimalNumber('--snr-floor', word('snr-floor'), 1e-3, 1e6),
    spreadTimesteps: values['spread-timesteps'] === true,
    rollouts: whole('rollouts', 0, 0, MAX_ROLLOUTS),
    seed,
    size: sizeOf(word('size')),
    buckets: values['buckets'] === true,
    crop,
    flip: values['flip'] === true,
    alpha: values['alpha'] === true,
    sampled: values['sampled'] === true,
    templates,
    shuffleTags: values['shuffle-tags'] === true,
    tagDropout: share('tag-dropout'),
    emptyShare: share('empty'),
    holdBack: whole('hold-back', 0, 0, 10_000),
    validate: whole('validate', 0, 0, 10_000),
    memory: memoryOf(word('memory')),
    saveEvery: whole('save-every', 250, 0, 1_000_000),
    previewEvery: whole('preview-every', 0, 0, 1_000_000),
    previewPrompt: word('preview-prompt'),
    previewSeeds: previewSeedsOf(word('preview-seeds'), seed, output.endsWith('.style') ? STYLE_PREVIEWS : 1),
    card: await cardOf(output, word('card'), { author: word('author'), licence: word('licence') }),
    log,
    backend,
    widths: word('widths') === undefined ? undefined : list('--widths', word('widths')!, 1, 8192),
    description: descriptionOf(values, name),
    vectors: whole('vectors', 1, 1, MAX_VECTORS),
    startWords: word('start-words') ?? '*',
    resume,
    keptOptions: JSON.stringify(Object.fromEntries(Object.entries(values).filter(([key]) => key in KEPT))),
  };
}

/** The options that the state was saved with, of those types that the command line gives. */
function keptOptions(given: Values, resume: SavedTraining | undefined): Values {
  if (resume?.options === undefined) return {};
  const saved = parsedObject(resume.options, String(given['resume']));
  const sound = Object.entries(saved).filter(([key, value]) => {
    const option = Object.hasOwn(KEPT, key) ? KEPT[key as keyof typeof KEPT] : undefined;
    if (option === undefined || given[key] !== undefined) return false;
    if ('multiple' in option) return Array.isArray(value) && value.every((item) => typeof item === 'string');
    return typeof value === option.type;
  });
  return Object.fromEntries(sound) as Values;
}

function parsedObject(json: string, where: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(json)) as Record<string, unknown>;
  } catch (cause) {
    throw new TinctureError('cli/input', 'the options kept in the file are not JSON', { where, cause });
  }
}

function descriptionOf(values: Values, name: string): HypernetworkDescription {
  const layerStructure = list('--layers', String(values['layers'] ?? '1,2,1'), 1e-3, 100);
  const dropout =
    values['dropout'] === undefined ? undefined : list('--dropout', String(values['dropout']), 0, 0.99);
  const wrongLayers = layersFault(layerStructure);
  if (wrongLayers !== undefined) throw new UsageError(`--layers ${wrongLayers}`);
  const wrongDropout = dropout === undefined ? undefined : dropoutFault(dropout, layerStructure);
  if (wrongDropout !== undefined) throw new UsageError(`--dropout ${wrongDropout}`);
  return freshDescription({
    name,
    layerStructure,
    activation: String(values['activation'] ?? 'relu'),
    initialization: String(values['initialization'] ?? 'Normal'),
    layerNorm: values['layer-norm'] === true,
    activateOutput: values['activate-output'] === true,
    dropout,
  });
}

function checkEnding(kind: TrainRequest['kind'], output: string): void {
  if (!/\.(pt|safetensors|style)$/.test(output)) {
    throw new UsageError(
      `--output must end in .pt, .safetensors or .style, not ${JSON.stringify(basename(output))}`,
    );
  }
  if (kind === 'model' && !output.endsWith('.safetensors')) {
    throw new UsageError('--output of a model must end in .safetensors');
  }
}
