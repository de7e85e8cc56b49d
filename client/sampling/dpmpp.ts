// DPM-Solver++ (Lu et al. 2022): exponential integrators on the denoised prediction, in the time λ = −ln σ.
import type { Latent } from './latent.ts';
import { addNoise, ancestralSplit, eulerStep, type StepRule } from './step.ts';

/** DPM-Solver++(2M): second order from the present and the last prediction; one run of the network a step. */
export function dpmpp2m<L extends Latent>(): StepRule<L> {
  let last: { denoised: L; lambda: number } | undefined;
  return ({ math, x, denoised, sigma, next, remember }) => {
    const lambda = -Math.log(sigma);
    const previous = last;
    last = { denoised, lambda };
    remember(denoised);
    const gain = 1 - next / sigma;
    if (previous === undefined || next === 0) return math.weightedSum([next / sigma, x], [gain, denoised]);
    const half = (-Math.log(next) - lambda) / (lambda - previous.lambda) / 2;
    return math.weightedSum(
      [next / sigma, x],
      [gain * (1 + half), denoised],
      [-gain * half, previous.denoised],
    );
  };
}

/** DPM-Solver++(2S), ancestral: a half step in λ to `down`, then the whole one, then fresh noise. */
export function dpmpp2sAncestral<L extends Latent>(): StepRule<L> {
  return async (step) => {
    const { math, x, denoised, sigma, next } = step;
    const { down, up } = ancestralSplit(sigma, next);
    if (down === 0) return eulerStep(step, 0);
    const middle = Math.sqrt(sigma * down);
    const between = math.weightedSum([middle / sigma, x], [1 - middle / sigma, denoised]);
    const there = await step.denoise(between, middle);
    return addNoise(math.weightedSum([down / sigma, x], [1 - down / sigma, there]), up, step);
  };
}

/**
 * SDE-DPM-Solver++(2M), midpoint, η = 1: as 2M, for the stochastic equation, so each step forgets noise and draws new.
 * The web UI draws it from a Brownian tree; here it comes in step order, so pictures differ from the web UI's.
 */
export function dpmpp2mSde<L extends Latent>(): StepRule<L> {
  let last: { denoised: L; h: number } | undefined;
  return (step) => {
    const { math, x, denoised, sigma, next, remember } = step;
    if (next === 0) return denoised;
    const h = Math.log(sigma / next);
    const gain = -Math.expm1(-2 * h);
    const correction = last === undefined ? 0 : (gain * h) / last.h / 2;
    const moved = math.weightedSum(
      [(next / sigma) * Math.exp(-h), x],
      [gain + correction, denoised],
      [-correction, last?.denoised ?? denoised],
    );
    last = { denoised, h };
    remember(denoised);
    return addNoise(moved, next * Math.sqrt(gain), step);
  };
}
