// AUTOMATIC1111's text block: how a picture tells its own prompt, seed and settings.
import { PromptError } from './error.ts';
import { FIELD_NAME, type Fields, readFields, writeFields } from './parameter-line.ts';
import {
  type StyleParameters,
  type StyleStrengths,
  styleParameters,
  styleStrengths,
} from './style-fields.ts';
import { formatStyleTag } from './style-tags.ts';

/** Characters of a text block that is read; a picture's own is a few thousand. */
export const MAX_PARAMETERS_LENGTH = 262_144;

const NEGATIVE = 'Negative prompt:';
/** A last line with fewer pairs than this belongs to the prompt. */
const FEWEST_FIELDS = 3;

export interface PictureParameters {
  /** With its style tags. */
  readonly prompt: string;
  readonly negativePrompt?: string;
  readonly steps?: number;
  /** Title as the web UI writes it. */
  readonly sampler?: string;
  readonly scheduleType?: string;
  readonly guidance?: number;
  /** 0 … 2⁶⁴−1. */
  readonly seed?: bigint;
  /** Pixels. */
  readonly size?: { readonly width: number; readonly height: number };
  /** First ten hexadecimal digits of the checkpoint's SHA-256. */
  readonly modelHash?: string;
  readonly model?: string;
  /** `CPU`, `NV`; absent means the generator of the GPU that drew it. */
  readonly rng?: string;
  readonly variationSeed?: bigint;
  readonly variationStrength?: number;
  readonly denoisingStrength?: number;
  readonly clipSkip?: number;
  readonly ensd?: number;
  /** Opposite edges meet. */
  readonly tiling?: boolean;
  /** `on` or `off` where it was asked for; Tincture's own. */
  readonly vaeTiling?: string;
  /** Pixels. */
  readonly maskBlur?: number;
  /** As the web UI writes it: `fill`, `latent noise`, `latent nothing`; absent means `original`. */
  readonly maskedContent?: string;
  /** Of a second pass: by this factor, or to this size in pixels. */
  readonly hiresScale?: number;
  readonly hiresSize?: { readonly width: number; readonly height: number };
  /** Absent where the second pass takes as many as the first. */
  readonly hiresSteps?: number;
  /** Title as the web UI writes it. */
  readonly hiresUpscaler?: string;
  /** Style or embedding name → first hexadecimal digits of its file's SHA-256. */
  readonly hypernetHashes?: Readonly<Record<string, string>>;
  readonly embeddingHashes?: Readonly<Record<string, string>>;
  /** Of styles that have parameters, in the order of the tags; a style that is used twice may be here twice. */
  readonly styleParameters?: readonly StyleParameters[];
  /** Of styles with factors on their strength, in the same way. Tincture's own, as the parameters are. */
  readonly styleStrengths?: readonly StyleStrengths[];
  readonly version?: string;
  /** Fields that are not known here, and known ones whose value could not be read, as they stand. */
  readonly others?: Readonly<Record<string, string>>;
}

type Known = Omit<PictureParameters, 'prompt' | 'negativePrompt' | 'others'>;

interface Codec<T> {
  write(value: T): string;
  /** Undefined when the text is no such value. */
  read(text: string): T | undefined;
}

const text: Codec<string> = { write: (value) => value, read: (value) => value };
const number: Codec<number> = {
  write: String,
  read: (value) =>
    /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) && Number.isFinite(Number(value)) ? Number(value) : undefined,
};
const flag: Codec<boolean> = {
  write: (value) => (value ? 'True' : 'False'),
  read: (value) => (/^(true|false)$/i.test(value) ? value.toLowerCase() === 'true' : undefined),
};
const seed: Codec<bigint> = {
  write: String,
  read: (value) => (/^\d{1,20}$/.test(value) && BigInt(value) < 2n ** 64n ? BigInt(value) : undefined),
};
const size: Codec<{ readonly width: number; readonly height: number }> = {
  write: ({ width, height }) => `${width}x${height}`,
  read: (value) => {
    const found = /^(\d{1,6})x(\d{1,6})$/.exec(value);
    return found === null ? undefined : { width: Number(found[1]), height: Number(found[2]) };
  },
};
const hashes: Codec<Readonly<Record<string, string>>> = {
  write: (value) =>
    Object.entries(value)
      .map(([name, hash]) => `${name}: ${hash}`)
      .join(', '),
  read: readHashes,
};

/** Field name → property and spelling, in the order in which the web UI writes them. */
const FIELDS: {
  readonly [P in keyof Required<Known>]: readonly [field: string, codec: Codec<NonNullable<Known[P]>>];
} = {
  steps: ['Steps', number],
  sampler: ['Sampler', text],
  scheduleType: ['Schedule type', text],
  guidance: ['CFG scale', number],
  seed: ['Seed', seed],
  size: ['Size', size],
  modelHash: ['Model hash', text],
  model: ['Model', text],
  rng: ['RNG', text],
  variationSeed: ['Variation seed', seed],
  variationStrength: ['Variation seed strength', number],
  denoisingStrength: ['Denoising strength', number],
  clipSkip: ['Clip skip', number],
  ensd: ['ENSD', number],
  tiling: ['Tiling', flag],
  vaeTiling: ['VAE tiling', text],
  maskBlur: ['Mask blur', number],
  maskedContent: ['Masked content', text],
  hiresScale: ['Hires upscale', number],
  hiresSize: ['Hires resize', size],
  hiresSteps: ['Hires steps', number],
  hiresUpscaler: ['Hires upscaler', text],
  hypernetHashes: ['Hypernet hashes', hashes],
  embeddingHashes: ['TI hashes', hashes],
  styleParameters: ['Style parameters', styleParameters],
  styleStrengths: ['Style strengths', styleStrengths],
  version: ['Version', text],
};

/**
 * The text for a PNG's `parameters`: prompt, negative prompt if any, and one line of fields. Unknown fields come before
 * the version. Throws `prompt/parameters` for a field name that readers would not find again.
 */
export function writeParameters(parameters: PictureParameters): string {
  const { prompt, negativePrompt, others = {} } = parameters;
  const fields: [string, string][] = [];
  const add = <P extends keyof Known>(property: P) => {
    const value = parameters[property];
    const [field, codec] = FIELDS[property];
    if (value !== undefined) fields.push([field, codec.write(value as NonNullable<Known[P]>)]);
  };
  const properties = Object.keys(FIELDS) as (keyof Known)[];
  for (const property of properties) if (property !== 'version') add(property);
  for (const [name, value] of Object.entries(others)) {
    if (!FIELD_NAME.test(name))
      throw new PromptError('prompt/parameters', 'a field cannot have this name', { found: name });
    fields.push([name, value]);
  }
  add('version');
  const lines = prompt === '' ? [] : [prompt];
  if (negativePrompt) lines.push(`${NEGATIVE} ${negativePrompt}`);
  lines.push(writeFields(fields));
  return lines.join('\n');
}

/**
 * Reads a text block, ours or others'. A last line with fewer than three fields counts as prompt. The `Hypernet` and
 * `Hypernet strength` of older pictures become a style tag at the prompt's end. Throws `prompt/parameters` when too long.
 */
export function parseParameters(block: string): PictureParameters {
  if (block.length > MAX_PARAMETERS_LENGTH) {
    throw new PromptError('prompt/parameters', 'the text block is too long', {
      expected: `at most ${MAX_PARAMETERS_LENGTH} characters`,
      found: `${block.length}`,
    });
  }
  const lines = block.replace(/\n+$/, '').split('\n');
  let fields: Fields = readFields(lines.at(-1)!);
  if (fields.size >= FEWEST_FIELDS) lines.pop();
  else fields = new Map();
  const cut = lines.findIndex((line) => line.startsWith(NEGATIVE));
  const positive = (cut === -1 ? lines : lines.slice(0, cut)).join('\n');
  const negative = cut === -1 ? '' : lines.slice(cut).join('\n').slice(NEGATIVE.length).replace(/^ /, '');
  const prompt = positive + oldStyleTag(fields);
  return { prompt, ...(negative !== '' && { negativePrompt: negative }), ...readKnown(fields) };
}

function oldStyleTag(fields: Fields): string {
  const name = fields.get('Hypernet');
  if (name === undefined) return '';
  const strength = number.read(fields.get('Hypernet strength') ?? '1');
  if (strength === undefined) return '';
  fields.delete('Hypernet');
  fields.delete('Hypernet strength');
  return formatStyleTag({ name, strength });
}

function readKnown(fields: Fields): Omit<PictureParameters, 'prompt' | 'negativePrompt'> {
  const known: Record<string, unknown> = {};
  for (const [property, [field, codec]] of Object.entries(FIELDS)) {
    const written = fields.get(field);
    const value = written === undefined ? undefined : codec.read(written);
    if (value === undefined) continue;
    known[property] = value;
    fields.delete(field);
  }
  if (fields.size > 0) known.others = Object.fromEntries(fields);
  return known;
}

/** `name: hash, name: hash`; a name may hold commas and colons, since a hash and a comma end the pair. */
function readHashes(value: string): Record<string, string> | undefined {
  const pairs = [...value.matchAll(/(.+?): ([0-9a-f]{8,64})(?:, |$)/gsy)];
  if (pairs.reduce((length, [pair]) => length + pair.length, 0) !== value.length) return undefined;
  return Object.fromEntries(pairs.map(([, name, hash]) => [name!, hash!]));
}
