// What one step of a k-diffusion sampler is given and gives back, and the quantities several samplers share.
import type { Latent, LatentMath } from './latent.ts';

/** The network's guess of the clean latent, of the size of x, for noise level sigma. */
export type Denoise<L> = (x: L, sigma: number) => Promise<L>;

export interface Step<L extends Latent> {
  readonly math: LatentMath<L>;
  /** Number of the step, from 0; it goes from `sigmas[index]` to `sigmas[index + 1]`. */
  readonly index: number;
  readonly sigmas: Float32Array;
  readonly sigma: number;
  /** The noise level to reach; 0 in the last step. */
  readonly next: number;
  readonly x: L;
  /** `denoise(x, sigma)`, already run. */
  readonly denoised: L;
  readonly denoise: Denoise<L>;
  /** The next draw of normal noise of the size of x. */
  readonly draw: () => L;
  /** Keeps these latents for the next step instead of those of the last; all others but the new x are freed after the step. */
  readonly remember: (...latents: readonly L[]) => void;
}

/** Advances x by one step. A sampler with a memory is made anew for each picture. */
export type StepRule<L extends Latent> = (step: Step<L>) => Promise<L> | L;

/** The slope dx/dσ of the probability-flow equation (Karras et al. 2022, equation 3): (x − denoised) / σ. */
export function slope<L extends Latent>(math: LatentMath<L>, x: L, denoised: L, sigma: number): L {
  return math.weightedSum([1 / sigma, x], [-1 / sigma, denoised]);
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
export function eulerStep<L extends Latent>({ math, x, denoised, sigma }: Step<L>, to: number): L {
  const kept = to / sigma;
  return math.weightedSum([kept, x], [1 - kept, denoised]);
}

/** x with noise of deviation `up` added, drawn only when there is noise to reach; the last step draws none. */
export function addNoise<L extends Latent>(x: L, up: number, { math, next, draw }: Step<L>): L {
  return next > 0 ? math.weightedSum([1, x], [up, draw()]) : x;
}
