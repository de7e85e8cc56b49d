// Second-order single-step methods: the network is run twice a step, once in the last.
import type { Latent } from './latent.ts';
import { addNoise, ancestralSplit, eulerStep, type Step, type StepRule, slope } from './step.ts';

/** Heun's method (Karras et al. 2022, algorithm 1): the mean of the slopes at both ends. */
export function heun<L extends Latent>(): StepRule<L> {
  return async (step) => {
    const { math, x, denoised, sigma, next } = step;
    const reached = eulerStep(step, next);
    if (next === 0) return reached;
    const here = slope(math, x, denoised, sigma);
    const there = slope(math, reached, await step.denoise(reached, next), next);
    return math.weightedSum([1, x], [(next - sigma) / 2, here], [(next - sigma) / 2, there]);
  };
}

/** DPM-Solver-2: the slope at the geometric mean of both noise levels. */
export function dpm2<L extends Latent>(): StepRule<L> {
  return (step) => midpointStep(step, step.next);
}

/** DPM-Solver-2 down to less noise than asked, then fresh noise up to it. */
export function dpm2Ancestral<L extends Latent>(): StepRule<L> {
  return async (step) => {
    const { down, up } = ancestralSplit(step.sigma, step.next);
    return addNoise(await midpointStep(step, down), up, step);
  };
}

async function midpointStep<L extends Latent>(step: Step<L>, to: number): Promise<L> {
  if (to === 0) return eulerStep(step, 0);
  const { math, x, sigma } = step;
  const middle = Math.sqrt(sigma * to);
  const between = eulerStep(step, middle);
  const there = slope(math, between, await step.denoise(between, middle), middle);
  return math.weightedSum([1, x], [to - sigma, there]);
}
