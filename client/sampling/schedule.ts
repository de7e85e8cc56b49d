// Noise schedules: which σ a sampler visits, from the most noise down to none.
import { TRAINING_STEPS, timestepToSigma } from './diffusion.ts';
import { SamplingError } from './error.ts';
import type { Schedule } from './names.ts';

/** More steps than the network has timesteps would repeat some of them. */
export const MAX_STEPS = TRAINING_STEPS;

/** ρ of Karras et al. 2022, equation 5. */
const KARRAS_RHO = 7;

/** What a schedule is laid over: the noise levels that a network knows. */
export interface NoiseLevels {
  /** Timesteps of the most and of the least noise. */
  readonly mostNoise: number;
  readonly leastNoise: number;
  /** σ of a timestep between them, whole or not. */
  readonly sigmaAt: (timestep: number) => number;
}

/** Those of a network that was trained on every timestep. */
export const TRAINED_LEVELS: NoiseLevels = {
  mostNoise: TRAINING_STEPS - 1,
  leastNoise: 0,
  sigmaAt: timestepToSigma,
};

/** Throws `sampling/steps` unless steps is a whole number in 1 … 1000. */
export function checkSteps(steps: number): void {
  if (Number.isInteger(steps) && steps >= 1 && steps <= MAX_STEPS) return;
  throw new SamplingError('sampling/steps', 'the number of steps is out of range', {
    expected: `a whole number from 1 to ${MAX_STEPS}`,
    found: String(steps),
  });
}

/**
 * `steps` falling σ and a closing 0. With `discardPenultimate` one σ more is laid out and the last before the 0 is left
 * out, as the web UI does for DPM2 and DPM2 a. The σ are rounded to float32, as k-diffusion holds them.
 */
export function noiseSchedule(
  schedule: Schedule,
  steps: number,
  discardPenultimate = false,
  levels: NoiseLevels = TRAINED_LEVELS,
): Float32Array {
  checkSteps(steps);
  const count = discardPenultimate ? steps + 1 : steps;
  // SGM Uniform divides the way into as many parts as there are steps, so its last step begins above the least noise.
  const parts = schedule === 'sgm_uniform' ? count : Math.max(1, count - 1);
  const sigmas = new Float32Array(steps + 1);
  for (let i = 0; i < steps; i++) sigmas[i] = SIGMA_AT[schedule](i / parts, levels);
  return sigmas;
}

/** σ at a share of the way, 0 (most noise) … 1 (least). */
const SIGMA_AT: Readonly<Record<Schedule, (share: number, levels: NoiseLevels) => number>> = {
  discrete: evenly,
  sgm_uniform: evenly,
  karras: (share, levels) => {
    const [high, low] = ends(levels).map((sigma) => sigma ** (1 / KARRAS_RHO)) as [number, number];
    return (high + share * (low - high)) ** KARRAS_RHO;
  },
  exponential: (share, levels) => {
    const [high, low] = ends(levels);
    return Math.exp(Math.log(high) + share * Math.log(low / high));
  },
};

function evenly(share: number, { mostNoise, leastNoise, sigmaAt }: NoiseLevels): number {
  return sigmaAt(mostNoise + share * (leastNoise - mostNoise));
}

function ends({ mostNoise, leastNoise, sigmaAt }: NoiseLevels): [number, number] {
  return [sigmaAt(mostNoise), sigmaAt(leastNoise)];
}
