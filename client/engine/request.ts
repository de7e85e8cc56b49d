// Checks a request and fills in the model's defaults: after this, every number is in its range.
import { resolveSampling, type Sampler, type Schedule } from '../sampling/names.ts';
import { checkSeed, randomSeed } from '../sampling/noise.ts';
import { elementCount, type Tensor } from '../tensor/tensor.ts';
import type { GenerateRequest, ModelFacts } from './engine.ts';
import { EngineError } from './errors.ts';
import type { StyleParameter } from './running-style.ts';

/** Limits of a request; each is enforced here. */
export const REQUEST_LIMITS = {
  steps: { minimum: 1, maximum: 1000 },
  guidance: { minimum: 0, maximum: 100 },
  strength: { minimum: -100, maximum: 100 },
  /** Pixels a side: at a latent factor of 8, 4096 already asks attention for 262,144 places. */
  side: { minimum: 8, maximum: 4096 },
  styles: 32,
} as const;

/** A checked request: what the pipeline draws. */
export interface Plan {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: bigint;
  readonly steps: number;
  readonly sampler: Sampler;
  /** Undefined for DDIM, which has timesteps of its own. */
  readonly schedule: Schedule | undefined;
  readonly guidance: number;
  readonly width: number;
  readonly height: number;
  readonly noise: Tensor | undefined;
  readonly previewEvery: number;
}

/** Throws `engine/request` naming the field, the range and what was given. */
export function planRequest(request: GenerateRequest, model: ModelFacts, latentFactor: number): Plan {
  const { defaults } = model;
  const plan: Plan = {
    prompt: text('prompt', request.prompt),
    negativePrompt: text('negativePrompt', request.negativePrompt ?? ''),
    seed: request.seed === undefined ? randomSeed() : checkSeed(request.seed),
    steps: whole('steps', request.steps ?? defaults.steps, REQUEST_LIMITS.steps),
    ...resolveSampling(request.sampler ?? defaults.sampler, request.schedule),
    guidance: finite('guidance', request.guidance ?? defaults.guidance, REQUEST_LIMITS.guidance),
    width: side('width', request.width ?? defaults.width, model.pixelMultiple),
    height: side('height', request.height ?? defaults.height, model.pixelMultiple),
    noise: request.noise,
    previewEvery: whole('previewEvery', request.previewEvery ?? 0, { minimum: 0, maximum: 1000 }),
  };
  if (plan.noise !== undefined) {
    checkNoise(plan.noise, [1, 4, plan.height / latentFactor, plan.width / latentFactor]);
  }
  return plan;
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

function text(field: string, value: unknown): string {
  if (typeof value !== 'string') throw refused(field, 'text', typeof value);
  return value;
}

interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

function finite(field: string, value: number, { minimum, maximum }: Range): number {
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum)) {
    throw refused(field, `${minimum} … ${maximum}`, String(value));
  }
  return value;
}

function whole(field: string, value: number, range: Range): number {
  if (!Number.isInteger(value)) throw refused(field, 'a whole number', String(value));
  return finite(field, value, range);
}

function side(field: string, value: number, multiple: number): number {
  whole(field, value, REQUEST_LIMITS.side);
  if (value % multiple !== 0) {
    const nearest = Math.max(multiple, Math.round(value / multiple) * multiple);
    throw new EngineError('engine/request', `${field} does not fit the model`, {
      expected: `a multiple of ${multiple} pixels`,
      found: String(value),
      fix: `Use ${nearest}.`,
    });
  }
  return value;
}

function checkNoise(noise: Tensor, shape: readonly number[]): void {
  const same =
    noise.shape.length === shape.length && noise.shape.every((length, axis) => length === shape[axis]);
  if (!same || noise.data.length !== elementCount(shape)) {
    throw refused('noise', `shape [${shape.join(', ')}]`, `[${noise.shape.join(', ')}]`);
  }
}

function refused(field: string, expected: string, found: string): EngineError {
  return new EngineError('engine/request', `${field} cannot be used`, { expected, found });
}
