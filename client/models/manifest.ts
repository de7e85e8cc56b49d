// model.json: the few facts about a model that its tensors do not tell.
import { ModelError } from './errors.ts';

/** 2.x differs in its text encoder: OpenCLIP's, with the exact GELU, read one layer before the last. */
export type ModelArchitecture = 'stable-diffusion-v1' | 'stable-diffusion-v2';

export interface ModelManifest {
  readonly name: string;
  readonly architecture: ModelArchitecture;
  /** Paths are relative to model.json. */
  readonly checkpoint: string;
  /** Files of parts that the checkpoint lacks, or that take the place of its own. */
  readonly vae?: string;
  readonly textEncoder?: string;
  /** A small decoder of TAESD's shape, for previews. */
  readonly previewDecoder?: string;
  /** SHA-256 of the checkpoint, so that it need not be read whole to name it. */
  readonly sha256?: string;
  readonly tokenizer: { readonly vocab: string; readonly merges: string };
  /** Of every attention of the UNet: how many heads, or how wide each is. One of the two is there. */
  readonly attentionHeads?: number;
  readonly attentionHeadWidth?: number;
  readonly textEncoderHeads: number;
  /** The encoder's latents times this have unit variance. */
  readonly latentScale: number;
  /** What the UNet predicts: the noise, or the velocity. */
  readonly prediction: 'epsilon' | 'v';
  readonly defaults: {
    /** Pixels. */
    readonly width: number;
    readonly height: number;
    readonly steps: number;
    /** 1 means none, as models distilled to a few steps want it. */
    readonly guidance: number;
    readonly sampler: string;
    /** Default: the sampler's own. */
    readonly schedule?: string;
  };
}

/** Far above any model; they keep a wrong number from becoming a huge allocation. */
const MAX_HEADS = 256;
const MAX_HEAD_WIDTH = 4096;
const MAX_PIXELS = 8192;
const MAX_STEPS = 1000;
const MAX_GUIDANCE = 100;
const MAX_TEXT = 200;

/** Checks a parsed model.json. `where` names the file in errors. Throws `model/manifest` naming the field. */
export function parseModelManifest(value: unknown, where: string): ModelManifest {
  const field = fieldReader(where);
  const top = field.record(value, 'the manifest');
  const tokenizer = field.record(top.tokenizer, 'tokenizer');
  const defaults = field.record(top.defaults, 'defaults');
  return {
    name: field.text(top.name, 'name'),
    architecture: field.oneOf(top.architecture, 'architecture', [
      'stable-diffusion-v1',
      'stable-diffusion-v2',
    ]),
    checkpoint: field.path(top.checkpoint, 'checkpoint'),
    ...(top.vae !== undefined && { vae: field.path(top.vae, 'vae') }),
    ...(top.textEncoder !== undefined && { textEncoder: field.path(top.textEncoder, 'textEncoder') }),
    ...(top.previewDecoder !== undefined && {
      previewDecoder: field.path(top.previewDecoder, 'previewDecoder'),
    }),
    ...(top.sha256 !== undefined && { sha256: field.digest(top.sha256, 'sha256') }),
    tokenizer: {
      vocab: field.path(tokenizer.vocab, 'tokenizer.vocab'),
      merges: field.path(tokenizer.merges, 'tokenizer.merges'),
    },
    ...(top.attentionHeadWidth === undefined
      ? { attentionHeads: field.whole(top.attentionHeads, 'attentionHeads', 1, MAX_HEADS) }
      : { attentionHeadWidth: field.whole(top.attentionHeadWidth, 'attentionHeadWidth', 1, MAX_HEAD_WIDTH) }),
    textEncoderHeads: field.whole(top.textEncoderHeads, 'textEncoderHeads', 1, MAX_HEADS),
    latentScale: field.number(top.latentScale, 'latentScale', 1e-6, 1e6),
    prediction: field.oneOf(top.prediction, 'prediction', ['epsilon', 'v']),
    defaults: {
      width: field.whole(defaults.width, 'defaults.width', 1, MAX_PIXELS),
      height: field.whole(defaults.height, 'defaults.height', 1, MAX_PIXELS),
      steps: field.whole(defaults.steps, 'defaults.steps', 1, MAX_STEPS),
      guidance: field.number(defaults.guidance, 'defaults.guidance', 0, MAX_GUIDANCE),
      sampler: field.text(defaults.sampler, 'defaults.sampler'),
      ...(defaults.schedule !== undefined && {
        schedule: field.text(defaults.schedule, 'defaults.schedule'),
      }),
    },
  };
}

function fieldReader(where: string) {
  const fail = (name: string, expected: string, found: unknown): ModelError =>
    new ModelError('manifest', `${name} is wrong`, { where, expected, found: shown(found) });

  const number = (value: unknown, name: string, low: number, high: number): number => {
    if (typeof value === 'number' && value >= low && value <= high) return value;
    throw fail(name, `a number from ${low} to ${high}`, value);
  };
  const text = (value: unknown, name: string): string => {
    if (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TEXT) return value;
    throw fail(name, `text of 1 to ${MAX_TEXT} characters`, value);
  };
  return {
    number,
    text,
    record(value: unknown, name: string): Record<string, unknown> {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return value as Record<string, unknown>;
      }
      throw fail(name, 'an object', value);
    },
    whole(value: unknown, name: string, low: number, high: number): number {
      if (Number.isInteger(value)) return number(value, name, low, high);
      throw fail(name, `a whole number from ${low} to ${high}`, value);
    },
    oneOf<T extends string>(value: unknown, name: string, choices: readonly T[]): T {
      const choice = choices.find((known) => known === value);
      if (choice !== undefined) return choice;
      throw fail(name, choices.map((known) => `"${known}"`).join(' or '), value);
    },
    digest(value: unknown, name: string): string {
      if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
      throw fail(name, '64 lower-case hexadecimal digits', value);
    },
    /** A path below the manifest's folder: a manifest from the network must not name other files. */
    path(value: unknown, name: string): string {
      const path = text(value, name);
      const parts = path.split('/');
      if (parts.some((part) => part === '' || part === '.' || part === '..') || /[\\:?#%]/.test(path)) {
        throw fail(name, 'a relative path below the folder of model.json', value);
      }
      return path;
    },
  };
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value).slice(0, 100);
}
