// The second pass of a request: its size, steps and strength, checked.
import type { GenerateRequest, HiresRequest } from './engine.ts';
import { EngineError } from './errors.ts';
import { finite, oneOf, REQUEST_LIMITS, refused, side, whole } from './request-fields.ts';
import type { Size } from './resample.ts';

/** How the first pass's pictures are enlarged, with AUTOMATIC1111's titles. */
export const HIRES_UPSCALERS: readonly { readonly key: HiresUpscaler; readonly title: string }[] = [
  { key: 'latent', title: 'Latent' },
  { key: 'latent-nearest', title: 'Latent (nearest)' },
  { key: 'pixels', title: 'Lanczos' },
];
export type HiresUpscaler = NonNullable<HiresRequest['upscaler']>;

export interface PlannedHires extends Size {
  /** Steps that are taken; DDIM takes one less, as in the web UI. */
  readonly steps: number;
  /** Of the schedule whose last ones are taken. */
  readonly scheduleSteps: number;
  /** As the user knows it. */
  readonly denoisingStrength: number;
  readonly upscaler: HiresUpscaler;
  /** What the request says and does not leave to defaults. */
  readonly asked: HiresRequest;
}

/** Where neither a scale nor a size is asked for. */
export const DEFAULT_SCALE = 2;
const DEFAULT_STRENGTH = 0.7;

/**
 * Checks a request's second pass after `first`, the size and steps of the first. Throws `engine/request` naming the field, among them
 * for a size that is smaller than the first one, and for more steps than a schedule has.
 */
export function planHires(
  { hires: asked, image, initLatent }: GenerateRequest,
  first: Size,
  firstSteps: number,
  multiple: number,
): PlannedHires | undefined {
  if (asked === undefined) return undefined;
  if (image !== undefined || initLatent !== undefined) {
    throw new EngineError('engine/request', 'hires cannot be used', {
      expected: 'a picture from noise alone',
      found: image === undefined ? 'an initLatent' : 'an image',
      fix: 'Draw over the picture at a larger width and height instead.',
    });
  }
  const steps = whole('hires.steps', asked.steps ?? firstSteps, REQUEST_LIMITS.steps);
  const strength = finite(
    'hires.denoisingStrength',
    asked.denoisingStrength ?? DEFAULT_STRENGTH,
    REQUEST_LIMITS.share,
  );
  const names = HIRES_UPSCALERS.map(({ key }) => key);
  return {
    ...hiresSize(asked, first, multiple),
    steps,
    scheduleSteps: scheduleSteps(steps, strength),
    denoisingStrength: strength,
    upscaler: oneOf('hires.upscaler', asked.upscaler ?? 'latent', names),
    asked,
  };
}

/** As the web UI: so many steps that the share of them is `steps`. */
function scheduleSteps(steps: number, strength: number): number {
  const { maximum } = REQUEST_LIMITS.steps;
  const all = strength >= 0.999 ? steps : Math.floor(steps / strength);
  if (all <= maximum) return all;
  throw refused(
    'hires.denoisingStrength',
    `at least ${Math.ceil((1000 * steps) / maximum) / 1000} with ${steps} steps`,
    String(strength),
  );
}

/** The strength that takes exactly `steps` of the schedule's steps, one less with DDIM: half a step is left for rounding. */
export function strengthOfLast({ steps, scheduleSteps }: PlannedHires): number {
  return (steps - 0.5) / scheduleSteps;
}

/**
 * Pixels of the second pass: the first's times the scale, rounded down to what the model draws; or as asked, where one side follows
 * from the other in the first's shape.
 */
export function hiresSize({ scale, width, height }: HiresRequest, first: Size, multiple: number): Size {
  const drawable = (pixels: number): number => Math.floor(pixels / multiple + 1e-9) * multiple;
  if (width === undefined && height === undefined) {
    const by = finite('hires.scale', scale ?? DEFAULT_SCALE, REQUEST_LIMITS.hiresScale);
    return larger({ width: drawable(first.width * by), height: drawable(first.height * by) }, first);
  }
  if (scale !== undefined) throw refused('hires.scale', 'no hires.width or hires.height beside it', 'both');
  const asked = {
    ...(width !== undefined && { width: side('hires.width', width, multiple) }),
    ...(height !== undefined && { height: side('hires.height', height, multiple) }),
  };
  return larger(
    {
      width: asked.width ?? drawable((asked.height! * first.width) / first.height),
      height: asked.height ?? drawable((asked.width! * first.height) / first.width),
    },
    first,
  );
}

function larger(size: Size, first: Size): Size {
  const { maximum } = REQUEST_LIMITS.side;
  const fits = Math.max(size.width, size.height) <= maximum;
  if (fits && size.width >= first.width && size.height >= first.height) return size;
  throw refused(
    'hires',
    `at least the first pass’s ${first.width} × ${first.height}, at most ${maximum} pixels a side`,
    `${size.width} × ${size.height}`,
  );
}
