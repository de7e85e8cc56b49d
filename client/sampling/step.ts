// What one step of a k-diffusion sampler is given and gives back, and the quantities several samplers share.
import { weightedSum } from './latent.ts';

/** The network's guess of the clean latent, of the size of x, for noise level sigma. */
export type Denoise = (x: Float32Array, sigma: number) => Promise<Float32Array>;

export interface Step {
  /** Number of the step, from 0; it goes from `sigmas[index]` to `sigmas[index + 1]`. */
  readonly index: number;
  readonly sigmas: Float32Array;
  readonly sigma: number;
  /** The noise level to reach; 0 in the last step. */
  readonly next: number;
  readonly x: Float32Array;
  /** `denoise(x, sigma)`, already run. */
  readonly denoised: Float32Array;
  readonly denoise: Denoise;
  /** The next draw of normal noise of the size of x. */
  readonly draw: () => Float32Array;
}

/** Advances x by one step. A sampler with a memory is made anew for each picture. */
export type StepRule = (step: Step) => Promise<Float32Array> | Float32Array;

/** The slope dx/dσ of the probability-flow equation (Karras et al. 2022, equation 3): (x − denoised) / σ. */
export function slope(x: Float32Array, denoised: Float32Array, sigma: number): Float32Array {
  return weightedSum([1 / sigma, x], [-1 / sigma, denoised]);
}

/**
 * Splits the way to `next` into a deterministic part down to `down` and fresh noise of deviation `up`, so that
 * down² + up² = next²; up² = next² (σ² − next²) / σ² (ancestral sampling, η = 1).
 */
export function ancestralSplit(sigma: number, next: number): { down: number; up: number } {
  const up = Math.min(next, Math.sqrt((next ** 2 * (sigma ** 2 - next ** 2)) / sigma ** 2));
  return { down: Math.sqrt(next ** 2 - up ** 2), up };
}

/** One Euler step along the slope, from sigma to `to`: x + (x − denoised) / σ · (to − σ). */
export function eulerStep({ x, denoised, sigma }: Step, to: number): Float32Array {
  const kept = to / sigma;
  return weightedSum([kept, x], [1 - kept, denoised]);
}

/** x with noise of deviation `up` added, drawn only when there is noise to reach; the last step draws none. */
export function addNoise(x: Float32Array, up: number, { next, draw }: Step): Float32Array {
  return next > 0 ? weightedSum([1, x], [up, draw()]) : x;
}
