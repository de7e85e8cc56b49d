// Euler's method and its ancestral kin: one run of the network a step.
import type { Latent } from './latent.ts';
import { addNoise, ancestralSplit, eulerStep, type StepRule } from './step.ts';

/** Euler's method on the probability-flow equation (Karras et al. 2022, algorithm 2 without churn). */
export function euler<L extends Latent>(): StepRule<L> {
  return (step) => eulerStep(step, step.next);
}

/** Euler down to less noise than asked, then fresh noise up to it. */
export function eulerAncestral<L extends Latent>(): StepRule<L> {
  return (step) => {
    const { down, up } = ancestralSplit(step.sigma, step.next);
    return addNoise(eulerStep(step, down), up, step);
  };
}
