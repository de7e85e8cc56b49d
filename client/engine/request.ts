// Checks a request and fills in the model's defaults: after this, every number is in its range.
import { resolveSampling, type Sampler, type Schedule } from '../sampling/names.ts';
import { checkSeed, type RandomSource, randomSeed } from '../sampling/noise.ts';
import type { StartLatent } from '../sampling/sample.ts';
import { elementCount, type Tensor } from '../tensor/tensor.ts';
import type { GenerateRequest, ModelFacts, Picture, VaeTiling } from './engine.ts';
import { EngineError } from './errors.ts';
import { hiresSize, type PlannedHires, planHires } from './hires.ts';
import { MASKED_CONTENTS, type PlannedMask, planMask } from './mask.ts';
import { finite, oneOf, REQUEST_LIMITS, refused, side, text, truth, whole } from './request-fields.ts';
import type { Size } from './resample.ts';
import type { StyleParameter } from './running-style.ts';
import { checkStartPicture, sizeOfStart } from './start-picture.ts';

export { REQUEST_LIMITS };

/** A checked request: what the pipeline draws. */
export interface Plan {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly clipSkip: number;
  /** One for each picture, in batches one after the other. */
  readonly seeds: readonly bigint[];
  /** The last batch may not be smaller: `seeds` holds a multiple of it. */
  readonly batchSize: number;
  readonly variation: Variation | undefined;
  readonly rng: RandomSource;
  readonly laterSeedDelta: number;
  readonly steps: number;
  readonly sampler: Sampler;
  /** Undefined for DDIM, which has timesteps of its own. */
  readonly schedule: Schedule | undefined;
  readonly guidance: number;
  readonly width: number;
  readonly height: number;
  /** [pictures, 4, h, w] */
  readonly noise: Tensor | undefined;
  /** One latent, or a picture still to be encoded, which every picture begins on. */
  readonly start: StartLatent | StartPicture | undefined;
  /** A second pass at a larger size, over the pictures of the first. */
  readonly hires: PlannedHires | undefined;
  readonly previewEvery: number;
  /** Edges meet. */
  readonly tiling: boolean;
  readonly vaeTiling: VaeTiling;
}

export interface StartPicture {
  /** Of any size. */
  readonly image: Picture;
  /** As a start latent's. */
  readonly strength: number;
  /** Without one the whole picture is drawn anew. */
  readonly mask?: PlannedMask | undefined;
}

export interface Variation {
  /** One for each picture. */
  readonly seeds: readonly bigint[];
  readonly strength: number;
}

/** Throws `engine/request` naming the field, the range and what was given. */
export function planRequest(request: GenerateRequest, model: ModelFacts, latentFactor: number): Plan {
  const { defaults } = model;
  const start = planStart(request);
  const { width, height } = sizeOf(request, model);
  const size = {
    width: side('width', width, model.pixelMultiple),
    height: side('height', height, model.pixelMultiple),
  };
  const steps = whole('steps', request.steps ?? defaults.steps, REQUEST_LIMITS.steps);
  const plan: Plan = {
    prompt: text('prompt', request.prompt),
    negativePrompt: text('negativePrompt', request.negativePrompt ?? ''),
    clipSkip: whole('clipSkip', request.clipSkip ?? 1, { minimum: 1, maximum: model.textLayers }),
    ...planSeeds(request),
    rng: oneOf('rng', request.rng ?? 'cpu', ['cpu', 'nv']),
    laterSeedDelta: whole('laterSeedDelta', request.laterSeedDelta ?? 0, REQUEST_LIMITS.laterSeedDelta),
    steps,
    ...resolveSampling(request.sampler ?? defaults.sampler, request.schedule, defaults.schedule),
    guidance: finite('guidance', request.guidance ?? defaults.guidance, REQUEST_LIMITS.guidance),
    ...size,
    noise: request.noise,
    start,
    hires: planHires(request, size, steps, model.pixelMultiple),
    previewEvery: whole('previewEvery', request.previewEvery ?? 0, { minimum: 0, maximum: 1000 }),
    tiling: truth('tiling', request.tiling ?? false),
    vaeTiling: oneOf('vaeTiling', request.vaeTiling ?? 'auto', ['auto', 'on', 'off']),
  };
  const largest = plan.hires ?? plan;
  checkPixels('batchSize', largest, plan.batchSize, REQUEST_LIMITS.pixelsAtOnce);
  checkPixels('batchCount', largest, plan.seeds.length, REQUEST_LIMITS.pixels);
  const latent = [4, plan.height / latentFactor, plan.width / latentFactor];
  if (plan.noise !== undefined) checkLatent('noise', plan.noise, [plan.seeds.length, ...latent]);
  if (request.initLatent !== undefined) checkLatent('initLatent', request.initLatent, [1, ...latent]);
  return plan;
}

/** AUTOMATIC1111's rule: seeds count up from the first; with a variation, those of the variations do. */
function planSeeds(request: GenerateRequest): Pick<Plan, 'seeds' | 'batchSize' | 'variation'> {
  const batchSize = whole('batchSize', request.batchSize ?? 1, REQUEST_LIMITS.batchSize);
  const pictures = batchSize * whole('batchCount', request.batchCount ?? 1, REQUEST_LIMITS.batchCount);
  const strength = finite('variationStrength', request.variationStrength ?? 0, REQUEST_LIMITS.share);
  const seed = request.seed === undefined ? randomSeed() : checkSeed(request.seed);
  if (strength === 0) return { batchSize, seeds: counted(seed, pictures), variation: undefined };
  const variationSeed = request.variationSeed === undefined ? randomSeed() : checkSeed(request.variationSeed);
  return {
    batchSize,
    seeds: Array.from({ length: pictures }, () => seed),
    variation: { seeds: counted(variationSeed, pictures), strength },
  };
}

function checkPixels(field: string, { width, height }: Size, pictures: number, limit: number): void {
  if (width * height * pictures <= limit) return;
  throw refused(
    field,
    `at most ${Math.floor(limit / (width * height))} pictures of this size`,
    String(pictures),
  );
}

function counted(first: bigint, count: number): bigint[] {
  checkSeed(first + BigInt(count - 1));
  return Array.from({ length: count }, (_, i) => first + BigInt(i));
}

/** Pixels of the pictures that a request comes to; of a checked one. */
export function drawnSize(request: GenerateRequest, model: ModelFacts): Size {
  const size = sizeOf(request, model);
  return request.hires === undefined ? size : hiresSize(request.hires, size, model.pixelMultiple);
}

/** Pixels of the first or only pass: as asked, else of the picture that is begun on, else the model's. */
function sizeOf({ image, width, height }: GenerateRequest, { defaults, pixelMultiple }: ModelFacts): Size {
  if (image !== undefined) {
    return sizeOfStart(image, { width, height }, pixelMultiple, REQUEST_LIMITS.side.maximum);
  }
  return { width: width ?? defaults.width, height: height ?? defaults.height };
}

function planStart(request: GenerateRequest): StartLatent | StartPicture | undefined {
  const { image, initLatent, noise, denoisingStrength } = request;
  const strength = finite('denoisingStrength', denoisingStrength ?? 0.75, REQUEST_LIMITS.share);
  finite('maskBlur', request.maskBlur ?? 0, REQUEST_LIMITS.maskBlur);
  const mask = planMask(
    request,
    oneOf('maskedContent', request.maskedContent ?? 'original', MASKED_CONTENTS),
  );
  if (image !== undefined) {
    if (initLatent !== undefined) throw refused('image', 'no initLatent beside it', 'both');
    if (noise !== undefined) throw refused('image', 'the noise of a seed', 'noise of its own');
    return { image: checkStartPicture(image), strength, mask };
  }
  return initLatent === undefined ? undefined : { latents: initLatent.data, strength };
}

/** A style's strength; throws `engine/request` naming the style. */
export function strengthOf(name: string, strength: number | undefined): number {
  return finite(`strength of ${name}`, strength ?? 1, REQUEST_LIMITS.strength);
}

/**
 * The value of every parameter of a style: the given one, or its default. Throws `engine/request` naming the style, the parameter
 * and its range.
 */
export function parametersOf(
  name: string,
  parameters: readonly StyleParameter[],
  given: Readonly<Record<string, number>> = {},
): Record<string, number> {
  for (const key of Object.keys(given)) {
    if (parameters.some((parameter) => parameter.name === key)) continue;
    const known = parameters.map((it) => `${it.name} (${it.minimum} … ${it.maximum})`).join(', ');
    throw new EngineError('engine/request', `the style ${name} has no such parameter`, {
      expected: known === '' ? 'none: it has no parameters' : known,
      found: key.slice(0, 64),
      ...(key === 'strength' && {
        fix: 'The strength is not among the parameters: it is given beside them.',
      }),
    });
  }
  return Object.fromEntries(
    parameters.map((parameter) => {
      const value = Object.hasOwn(given, parameter.name) ? given[parameter.name]! : parameter.default;
      return [parameter.name, finite(`parameter ${parameter.name} of ${name}`, value, parameter)];
    }),
  );
}

function checkLatent(field: string, latent: Tensor, shape: readonly number[]): void {
  const same =
    latent.shape.length === shape.length && latent.shape.every((length, axis) => length === shape[axis]);
  if (!same || latent.data.length !== elementCount(shape)) {
    throw refused(field, `shape [${shape.join(', ')}]`, `[${latent.shape.join(', ')}]`);
  }
}
