// The form of a training: texts as they are typed, under the command line's names, and the request that they make.
import { TinctureError } from '../../index.ts';
import { DEFAULT_RATES } from '../../training/default-options.ts';
import { dropoutFault, freshDescription, layersFault } from '../../training/description.ts';
import { parseRateSchedule } from '../../training/rate.ts';
import type { TrainingRequest } from '../../training/request.ts';
import { MAX_VECTORS } from '../../training/start-weights.ts';
import { seedOf } from '../state/settings.ts';

export type Preset = 'style' | 'subject';

/** `train`'s options in texts and switches; an empty text means the default. */
export interface TrainingForm {
  readonly preset: Preset;
  readonly name: string;
  readonly steps: string;
  readonly rate: string;
  readonly warmup: string;
  readonly batch: string;
  readonly accumulate: string;
  readonly clip: string;
  readonly weightDecay: string;
  readonly ema: string;
  readonly minSnr: string;
  readonly snrFloor: string;
  readonly spreadTimesteps: boolean;
  readonly seed: string;
  readonly size: string;
  readonly crop: string;
  readonly buckets: boolean;
  readonly flip: boolean;
  readonly alpha: boolean;
  readonly sampled: boolean;
  readonly holdBack: string;
  /** One a line. */
  readonly template: string;
  readonly shuffleTags: boolean;
  readonly tagDropout: string;
  readonly empty: string;
  readonly memory: string;
  readonly widths: string;
  readonly layers: string;
  readonly activation: string;
  readonly initialization: string;
  readonly layerNorm: boolean;
  readonly activateOutput: boolean;
  readonly dropout: string;
  readonly vectors: string;
  readonly startWords: string;
  readonly saveEvery: string;
  readonly previewEvery: string;
  readonly previewPrompt: string;
  readonly previewSeeds: string;
}

export type FormField = keyof TrainingForm;

const BLANK: Omit<TrainingForm, 'preset' | 'name'> = {
  steps: '1000', rate: '', warmup: '', batch: '', accumulate: '', clip: '', weightDecay: '', ema: '', minSnr: '', snrFloor: '',
  spreadTimesteps: false, seed: '', size: '', crop: '', buckets: false, flip: false, alpha: false, sampled: false, holdBack: '',
  template: '', shuffleTags: false, tagDropout: '', empty: '', memory: '', widths: '', layers: '', activation: '',
  initialization: '', layerNorm: false, activateOutput: false, dropout: '', vectors: '', startWords: '', saveEvery: '',
  previewEvery: '', previewPrompt: '', previewSeeds: '',
}; // biome-ignore format: a table

/** The presets: a style is a hypernetwork of all widths, a subject an embedding. */
export const PRESETS: Readonly<Record<Preset, TrainingForm>> = {
  style: { ...BLANK, preset: 'style', name: 'my-style' },
  subject: { ...BLANK, preset: 'subject', name: 'my-subject' },
};

/** What stands in a field that is left empty. */
export function placeholders(preset: Preset): Partial<Record<FormField, string>> {
  const isStyle = preset === 'style';
  return {
    rate: DEFAULT_RATES[isStyle ? 'hypernetwork' : 'embedding'],
    warmup: '0', batch: '1', accumulate: '1', clip: 'none', weightDecay: isStyle ? '0.01' : '0', ema: 'none', minSnr: 'off',
    snrFloor: 'off', seed: '0', size: 'the model’s', holdBack: '0', template: isStyle ? '[filewords]' : '[name]\n[filewords], [name]',
    tagDropout: '0', empty: '0', widths: 'all', layers: '1, 2, 1', dropout: 'none', vectors: '1', startWords: '*',
    saveEvery: '100', previewEvery: '100', previewPrompt: 'the first picture’s words', previewSeeds: 'the training’s',
  }; // biome-ignore format: a table
}

/** What the page does besides training. */
export interface Rhythm {
  readonly saveEvery: number;
  readonly previewEvery: number;
  readonly previewPrompt: string;
  readonly previewSeeds: readonly bigint[];
}

export interface ReadForm {
  /** Undefined while there are faults. */
  readonly request: TrainingRequest | undefined;
  readonly rhythm: Rhythm;
  /** What is wrong, by field. */
  readonly faults: ReadonlyMap<FormField, string>;
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;

/** Reads the form. `currentStep` is where a training goes on from, whose rates are over. */
export function readForm(form: TrainingForm, currentStep = 0): ReadForm {
  const faults = new Map<FormField, string>();
  const number = (field: FormField, low: number, high: number, otherwise: number, whole = true): number => {
    const text = String(form[field]).trim();
    if (text === '') return otherwise;
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    faults.set(field, `must be ${whole ? 'a whole number' : 'a number'} from ${low} to ${high}`);
    return otherwise;
  };
  const optional = (field: FormField, low: number, high: number): number | undefined =>
    String(form[field]).trim() === '' ? undefined : number(field, low, high, low, false);
  const list = (field: FormField, low: number, high: number): number[] | undefined => {
    const parts = String(form[field]).split(',');
    if (parts.join('').trim() === '') return undefined;
    const values = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    if (parts.length <= 64 && values.every((value) => value >= low && value <= high)) return values;
    faults.set(field, `must be up to 64 numbers from ${low} to ${high} between commas`);
    return undefined;
  };
  const kind = form.preset === 'style' ? 'hypernetwork' : 'embedding';
  const name = form.name.trim();
  if (!NAME.test(name))
    faults.set('name', 'must begin with a letter or digit and have up to 64 of them, spaces, . _ -');
  const steps = number('steps', 1, 1_000_000, 1000);
  const rate = form.rate.trim() === '' ? DEFAULT_RATES[kind] : form.rate;
  const wrongRate = rateFault(rate, steps, currentStep);
  if (wrongRate !== undefined) faults.set('rate', wrongRate);
  const size = sizeOf(form.size, faults);
  const layerStructure = list('layers', 1e-3, 100) ?? [1, 2, 1];
  const dropout = list('dropout', 0, 0.99);
  const wrongLayers = layersFault(layerStructure);
  if (wrongLayers !== undefined && !faults.has('layers')) faults.set('layers', wrongLayers);
  const wrongDropout = dropout === undefined ? undefined : dropoutFault(dropout, layerStructure);
  if (wrongDropout !== undefined) faults.set('dropout', wrongDropout);
  const seed = form.seed.trim() === '' ? 0n : seedOf(form.seed);
  if (seed === undefined) faults.set('seed', 'must be a whole number from 0 to 2^64 − 1');
  const request: TrainingRequest = {
    kind,
    name,
    steps,
    rate,
    warmup: number('warmup', 0, 1_000_000, 0),
    batch: number('batch', 1, 64, 1),
    accumulation: number('accumulate', 1, 1024, 1),
    clipping: clippingOf(form.clip, faults),
    weightDecay: optional('weightDecay', 0, 1),
    ema: optional('ema', 1e-3, 0.999999),
    minSnr: optional('minSnr', 1e-3, 1e6),
    snrFloor: optional('snrFloor', 1e-3, 1e6),
    spreadTimesteps: form.spreadTimesteps,
    rollouts: 0,
    seed: seed ?? 0n,
    size,
    crop: form.crop === 'focal' ? 'focal' : 'centre',
    buckets: form.buckets,
    flip: form.flip,
    alpha: form.alpha,
    sampled: form.sampled,
    templates: templatesOf(form),
    shuffleTags: form.shuffleTags,
    tagDropout: number('tagDropout', 0, 1, 0, false),
    emptyShare: number('empty', 0, 1, 0, false),
    holdBack: number('holdBack', 0, 10_000, 0),
    memory:
      form.memory === 'kept' || form.memory === 'cheap' || form.memory === 'segments'
        ? form.memory
        : undefined,
    widths: list('widths', 1, 8192),
    description: freshDescription({
      name,
      layerStructure,
      activation: form.activation === '' ? 'relu' : form.activation,
      initialization: form.initialization === '' ? 'Normal' : form.initialization,
      layerNorm: form.layerNorm,
      activateOutput: form.activateOutput,
      dropout,
    }),
    vectors: number('vectors', 1, MAX_VECTORS, 1),
    startWords: form.startWords.trim() === '' ? '*' : form.startWords,
  };
  const rhythm: Rhythm = {
    saveEvery: number('saveEvery', 0, 1_000_000, 100),
    previewEvery: number('previewEvery', 0, 1_000_000, 100),
    previewPrompt: form.previewPrompt.trim(),
    previewSeeds: previewSeedsOf(form.previewSeeds, seed ?? 0n, faults),
  };
  return { request: faults.size === 0 ? request : undefined, rhythm, faults };
}

/** Steps that any schedule covers, so that all of a text is read. */
export const ALL_STEPS = 1_000_000;

function rateFault(rate: string, steps: number, currentStep: number): string | undefined {
  try {
    parseRateSchedule(rate, ALL_STEPS);
    parseRateSchedule(rate, steps, Math.min(currentStep, steps - 1));
    return undefined;
  } catch (error) {
    if (!(error instanceof TinctureError)) throw error;
    return error.facts.expected === undefined ? error.message : `expected ${error.facts.expected}`;
  }
}

/** Pictures of one preview. */
const MAX_PREVIEWS = 4;

function previewSeedsOf(text: string, seed: bigint, faults: Map<FormField, string>): bigint[] {
  if (text.trim() === '') return [seed];
  const seeds = text.split(',').map(seedOf);
  const known = seeds.filter((each) => each !== undefined);
  const sound = known.length === seeds.length && new Set(known).size === seeds.length;
  if (sound && seeds.length <= MAX_PREVIEWS) return known;
  faults.set('previewSeeds', `must be up to ${MAX_PREVIEWS} seeds between commas, each once`);
  return [seed];
}

function templatesOf({ template }: TrainingForm): string[] {
  return template
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function sizeOf(text: string, faults: Map<FormField, string>): TrainingRequest['size'] {
  if (text.trim() === '') return undefined;
  const match = /^\s*(\d{2,4})\s*[x×]\s*(\d{2,4})\s*$/i.exec(text);
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && Math.min(width, height) >= 64 && Math.max(width, height) <= 2048)
    return { width, height };
  faults.set('size', 'must be such as 512x512, from 64 to 2048 pixels a side');
  return undefined;
}

function clippingOf(text: string, faults: Map<FormField, string>): TrainingRequest['clipping'] {
  if (text.trim() === '') return { kind: 'none', limit: 1 };
  const match = /^\s*(value|norm)\s*:\s*([\d.eE+-]+)\s*$/.exec(text);
  const limit = Number(match?.[2]);
  if (match !== null && limit > 0 && Number.isFinite(limit))
    return { kind: match[1] as 'value' | 'norm', limit };
  faults.set('clip', 'must be value:X or norm:X, such as norm:1');
  return { kind: 'none', limit: 1 };
}

/** The form in the command line's vocabulary, so that its `--resume` goes on with the same options. */
export function keptOptions(form: TrainingForm): Record<string, unknown> {
  const entries = Object.entries(form).filter(([, value]) => value !== '' && value !== false);
  return Object.fromEntries(
    entries.map(([field, value]) => [
      optionName(field),
      field === 'template' ? templatesOf(form) : field === 'size' ? sizeText(String(value)) : value,
    ]),
  );
}

/** A field's name on the command line. */
function optionName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function sizeText(text: string): string {
  return text.replace(/\s/g, '').replace('×', 'x');
}

/** Options of the command line's training that this page has not, as they are written there. */
export function optionsLeftOut(options: unknown): string[] {
  const known = new Set(Object.keys(PRESETS.style).map(optionName));
  return Object.keys(Object(options) ?? {})
    .filter((option) => !known.has(option))
    .map((option) => `--${option}`);
}

/** The form that options were kept of; what is unsound in them stays at its default. */
export function formOfOptions(options: unknown, preset: Preset): TrainingForm {
  const kept = (Object(options) ?? {}) as Record<string, unknown>;
  const base = PRESETS[preset];
  const fields = Object.entries(base).map(([field, otherwise]) => {
    const value = kept[optionName(field)];
    const text =
      field === 'template' && Array.isArray(value)
        ? value.filter((line) => typeof line === 'string').join('\n')
        : value;
    return [field, field !== 'preset' && typeof text === typeof otherwise ? text : otherwise];
  });
  return Object.fromEntries(fields) as unknown as TrainingForm;
}
