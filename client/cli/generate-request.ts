// The options of `tincture generate`, and the request that they make.
import type { GenerateRequest, HiresRequest, MaskedContent, Picture } from '../engine/engine.ts';
import { HIRES_UPSCALERS } from '../engine/hires.ts';
import { MASKED_CONTENTS } from '../engine/mask.ts';
import { REQUEST_LIMITS } from '../engine/request.ts';
import { fileSource } from '../formats/node-file.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import type { Tensor } from '../node.ts';
import { decimalNumber, UsageError, wholeNumber } from './command.ts';
import { assignParameters, parseParameters } from './parameters.ts';
import { readStartPicture } from './start-picture.ts';
import { parseStyle, STRENGTH_HELP } from './style-use.ts';

export const HELP = `Usage: tincture generate PROMPT --output OUT.png [options]

Draws a picture on this machine. <hypernet:NAME:STRENGTH> in the prompt means the same as --style. The prompt may hold
(word:1.2), [word], [from:to:0.5], [a|b], BREAK and AND, as in AUTOMATIC1111's web UI.

  --output FILE            the PNG to write; it carries its parameters. Of several pictures OUT-1.png, OUT-2.png …
  --model DIR|NAME         a model’s folder, URL, or name: of tincture models, else of the registry (default: Tincture’s own model)
  --style FILE|NAME[:S]    a style or hypernetwork at strength S (default 1, negative works); again for more, in order
  --parameter NAME=VALUE   a parameter of the style; STYLE.NAME=VALUE where there are several; again for more
  --embedding FILE|NAME    a textual inversion (.pt, .bin, .safetensors, .png, .style, or a name in the registry): its name without
                           the extension, or the name inside it, is its word in both prompts; again for more
  --negative TEXT          what the picture should not be
  --clip-skip N            leave out the text encoder's last N-1 layers (default 1: none)
  --steps N                1 to 1000
  --sampler NAME           such as DDIM, Euler, Euler a, DPM++ 2M, LCM
  --schedule NAME          such as Karras, SGM Uniform (default: the model's, else the sampler's own, as with Automatic)
  --guidance G             1 means none
  --seed N                 0 to 2^64-1; without one a random seed, which is told
  --rng cpu|nv             whose random numbers: PyTorch's on the CPU (default), or those of its CUDA devices
  --variation-seed N       with --variation-strength S (0 to 1): mixes in the noise of another seed
  --ensd N                 eta noise seed delta: added to the seed for what ancestral samplers draw after the first noise
  --batch-size N           pictures drawn at once, 1 to 16; picture i has seed + i (or variation seed + i)
  --batch-count N          batches one after the other, 1 to 100
  --width W, --height H    pixels; with --image its own size, rounded down to what the model draws
  --noise FILE             safetensors file whose tensor noise [pictures, 4, h, w] replaces the seed's noise
  --init-latent FILE       safetensors file whose tensor latent [1, 4, h, w] the picture begins on, under noise
  --image FILE             PNG, JPEG, WebP or GIF that the picture begins on, under noise: its middle, scaled to the size
  --mask FILE              picture of that one's size: white is drawn anew, the rest stays (or its opacity, where it has some)
  --mask-blur N            pixels that the mask's edge is softened by, 0 to 64 (default 4)
  --masked-content NAME    what the masked part begins on: original (default), fill, latent-noise or latent-nothing
  --denoise S              how far that start is drawn anew, 0 to 1 (default 0.75)
  --hires-scale S          draws a second time, S times as large (1 to 8), over the enlarged picture; any of these options does:
  --hires-width W, --hires-height H   its size instead; one alone keeps the shape
  --hires-steps N          its steps (default: as many as the first)
  --hires-denoise S        how far the enlarged picture is drawn anew, above 0 to 1 (default 0.7)
  --hires-upscaler NAME    latent (default), latent-nearest, or pixels
  --tiling                 opposite edges of the picture meet, for patterns
  --vae-tiling auto|on|off whether the VAE runs over overlapping tiles, which bounds its memory (default auto: where a whole
                           run would take more than 2 GiB)
  --save-latents FILE      writes the final latents as tensor latents [pictures, 4, h, w]
  --registry URL           a Tincture edge, for models and styles given by name
  --backend webgpu|wasm    default: the best one here
  --runtime web|node       onnxruntime-web (default), or onnxruntime-node, which is faster and is installed apart
  --json                   print seed, parameters, timings and paths as JSON, and no progress

${STRENGTH_HELP}

Models' defaults apply where an option is missing. Ctrl-C stops and leaves no file behind.`;

export const OPTIONS = {
  output: { type: 'string' },
  model: { type: 'string' },
  style: { type: 'string', multiple: true },
  parameter: { type: 'string', multiple: true },
  embedding: { type: 'string', multiple: true },
  negative: { type: 'string' },
  'clip-skip': { type: 'string' },
  steps: { type: 'string' },
  sampler: { type: 'string' },
  schedule: { type: 'string' },
  guidance: { type: 'string' },
  seed: { type: 'string' },
  rng: { type: 'string' },
  'variation-seed': { type: 'string' },
  'variation-strength': { type: 'string' },
  ensd: { type: 'string' },
  'batch-size': { type: 'string' },
  'batch-count': { type: 'string' },
  width: { type: 'string' },
  height: { type: 'string' },
  noise: { type: 'string' },
  'init-latent': { type: 'string' },
  image: { type: 'string' },
  mask: { type: 'string' },
  'mask-blur': { type: 'string' },
  'masked-content': { type: 'string' },
  denoise: { type: 'string' },
  'hires-scale': { type: 'string' },
  'hires-width': { type: 'string' },
  'hires-height': { type: 'string' },
  'hires-steps': { type: 'string' },
  'hires-denoise': { type: 'string' },
  'hires-upscaler': { type: 'string' },
  tiling: { type: 'boolean' },
  'vae-tiling': { type: 'string' },
  'save-latents': { type: 'string' },
  registry: { type: 'string' },
  backend: { type: 'string' },
  runtime: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const HIRES_OPTIONS = [
  'hires-scale',
  'hires-width',
  'hires-height',
  'hires-steps',
  'hires-denoise',
  'hires-upscaler',
] as const;

/** What Node's parser makes of the options. */
type Values = {
  readonly [K in keyof typeof OPTIONS]?: (typeof OPTIONS)[K] extends { multiple: true }
    ? string[]
    : (typeof OPTIONS)[K] extends { type: 'boolean' }
      ? boolean
      : string;
};

interface AskedPicture {
  readonly request: GenerateRequest;
  /** Files that are read, which no output may overwrite. */
  readonly inputs: readonly string[];
}

/** Reads the options. Throws UsageError naming the option, and the readers' errors for files of tensors. */
export async function requestOf(prompt: string, values: Values): Promise<AskedPicture> {
  const styles = (values.style ?? []).map(parseStyle);
  const parameters = assignParameters(
    styles.map(({ style }) => style),
    parseParameters(values.parameter ?? []),
  );
  checkStart(values);
  const { steps, side, guidance, clipSkip, batchSize, batchCount, share, maskBlur, laterSeedDelta } =
    REQUEST_LIMITS;
  const request: GenerateRequest = {
    prompt,
    ...defined('negativePrompt', values.negative),
    styles: styles.map((use, index) => ({ ...use, parameters: parameters[index]! })),
    ...defined('embeddings', values.embedding),
    ...defined('clipSkip', whole('--clip-skip', values['clip-skip'], clipSkip)),
    ...defined('seed', seed('--seed', values.seed)),
    ...defined('variationSeed', seed('--variation-seed', values['variation-seed'])),
    ...defined('variationStrength', decimal('--variation-strength', values['variation-strength'], share)),
    ...defined('rng', oneOf('--rng', values.rng, ['cpu', 'nv'])),
    ...defined('tiling', values.tiling),
    ...defined('vaeTiling', oneOf('--vae-tiling', values['vae-tiling'], ['auto', 'on', 'off'])),
    ...defined('laterSeedDelta', whole('--ensd', values.ensd, laterSeedDelta)),
    ...defined('batchSize', whole('--batch-size', values['batch-size'], batchSize)),
    ...defined('batchCount', whole('--batch-count', values['batch-count'], batchCount)),
    ...defined('steps', whole('--steps', values.steps, steps)),
    ...defined('sampler', values.sampler),
    ...defined('schedule', values.schedule),
    ...defined('guidance', decimal('--guidance', values.guidance, guidance)),
    ...defined('width', whole('--width', values.width, side)),
    ...defined('height', whole('--height', values.height, side)),
    ...defined('denoisingStrength', decimal('--denoise', values.denoise, share)),
    ...defined('hires', hiresOf(values)),
    ...defined('noise', await tensorOf(values.noise, 'noise')),
    ...defined('initLatent', await tensorOf(values['init-latent'], 'latent')),
    ...defined('image', await pictureOf(values.image)),
    ...defined('mask', await pictureOf(values.mask)),
    ...defined('maskBlur', decimal('--mask-blur', values['mask-blur'], maskBlur)),
    ...defined('maskedContent', maskedContent(values['masked-content'])),
  };
  if (values['variation-seed'] !== undefined && values['variation-strength'] === undefined) {
    throw new UsageError('--variation-seed changes nothing without --variation-strength');
  }
  const files = [values.noise, values['init-latent'], values.image, values.mask, ...(values.embedding ?? [])];
  return {
    request,
    inputs: [...files.filter((path) => path !== undefined), ...styles.map(({ style }) => style)],
  };
}

/** Refuses, before any file is read, starts that exclude each other. */
function checkStart(values: Values): void {
  const { image, mask, noise, denoise, 'init-latent': latent } = values;
  if (image !== undefined && noise !== undefined) {
    throw new UsageError(
      '--image and --noise exclude each other: the noise over a picture is that of --seed',
    );
  }
  if (image !== undefined && latent !== undefined) {
    throw new UsageError('--image and --init-latent exclude each other: a picture begins on one of them');
  }
  if (denoise !== undefined && image === undefined && latent === undefined) {
    throw new UsageError('--denoise changes nothing without --image or --init-latent');
  }
  if (mask !== undefined && image === undefined) {
    throw new UsageError('--mask needs --image: the picture that it belongs to');
  }
  for (const option of ['mask-blur', 'masked-content'] as const) {
    if (values[option] !== undefined && mask === undefined) {
      throw new UsageError(`--${option} changes nothing without --mask`);
    }
  }
}

interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

/** A whole number of this range. */
export function whole(
  option: string,
  text: string | undefined,
  { minimum, maximum }: Range,
): number | undefined {
  return wholeNumber(option, text, minimum, maximum);
}

/** A number of this range. */
export function decimal(
  option: string,
  text: string | undefined,
  { minimum, maximum }: Range,
): number | undefined {
  return decimalNumber(option, text, minimum, maximum);
}

/** 0 … 2⁶⁴−1. */
export function seed(option: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (value >= 0n && value < 2n ** 64n) return value;
  throw new UsageError(`${option} must be a whole number from 0 to 2^64-1, not ${JSON.stringify(text)}`);
}

function oneOf<const T extends string>(
  option: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  const choice = choices.find((known) => known === text);
  if (text === undefined || choice !== undefined) return choice;
  const known = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  throw new UsageError(`${option} must be ${known}, not ${JSON.stringify(text)}`);
}

/** The second pass, where any of its options is given. */
function hiresOf(values: Values): HiresRequest | undefined {
  const { side, steps, share, hiresScale } = REQUEST_LIMITS;
  const hires: HiresRequest = {
    ...defined('scale', decimal('--hires-scale', values['hires-scale'], hiresScale)),
    ...defined('width', whole('--hires-width', values['hires-width'], side)),
    ...defined('height', whole('--hires-height', values['hires-height'], side)),
    ...defined('steps', whole('--hires-steps', values['hires-steps'], steps)),
    ...defined('denoisingStrength', decimal('--hires-denoise', values['hires-denoise'], share)),
    ...defined('upscaler', upscaler(values['hires-upscaler'])),
  };
  const [given] = HIRES_OPTIONS.filter((option) => values[option] !== undefined);
  if (given === undefined) return undefined;
  const start = (['image', 'init-latent'] as const).find((option) => values[option] !== undefined);
  if (start !== undefined) {
    throw new UsageError(`--${given} draws a second time over a picture from noise, so not with --${start}`);
  }
  const oneSide = (['hires-width', 'hires-height'] as const).find((option) => values[option] !== undefined);
  if (hires.scale !== undefined && oneSide !== undefined) {
    throw new UsageError(`--hires-scale and --${oneSide} exclude each other`);
  }
  return hires;
}

function upscaler(text: string | undefined): HiresRequest['upscaler'] {
  const found = HIRES_UPSCALERS.find(({ key }) => key === text);
  if (text === undefined || found !== undefined) return found?.key;
  throw new UsageError(
    `--hires-upscaler must be latent, latent-nearest or pixels, not ${JSON.stringify(text)}`,
  );
}

function maskedContent(text: string | undefined): MaskedContent | undefined {
  const named = MASKED_CONTENTS.find((content) => content.replace(' ', '-') === text);
  if (text === undefined || named !== undefined) return named;
  throw new UsageError(
    `--masked-content must be original, fill, latent-noise or latent-nothing, not ${JSON.stringify(text)}`,
  );
}

async function pictureOf(path: string | undefined): Promise<Picture | undefined> {
  return path === undefined ? undefined : readStartPicture(path);
}

async function tensorOf(path: string | undefined, name: string): Promise<Tensor | undefined> {
  return path === undefined ? undefined : (await openSafetensors(await fileSource(path))).read(name);
}

/** `{ [key]: value }`, or nothing where the value is undefined: the engine then takes the model's default. */
export function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
