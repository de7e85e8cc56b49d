// Noise schedules: which σ a sampler visits, from the most noise down to none.
import { SIGMA_MAX, SIGMA_MIN, TRAINING_STEPS, timestepToSigma } from './diffusion.ts';
import { SamplingError } from './error.ts';
import type { Schedule } from './names.ts';

/** More steps than the network has timesteps would repeat some of them. */
export const MAX_STEPS = TRAINING_STEPS;

/** ρ of Karras et al. 2022, equation 5. */
const KARRAS_RHO = 7;

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
export function noiseSchedule(schedule: Schedule, steps: number, discardPenultimate = false): Float32Array {
  checkSteps(steps);
  const count = discardPenultimate ? steps + 1 : steps;
  const sigmas = new Float32Array(steps + 1);
  for (let i = 0; i < steps; i++) sigmas[i] = SIGMA_AT[schedule](count === 1 ? 0 : i / (count - 1));
  return sigmas;
}

/** σ at a share of the way, 0 (most noise) … 1 (least). */
const SIGMA_AT: Readonly<Record<Schedule, (share: number) => number>> = {
  discrete: (share) => timestepToSigma((TRAINING_STEPS - 1) * (1 - share)),
  karras: (share) => {
    const high = SIGMA_MAX ** (1 / KARRAS_RHO);
    const low = SIGMA_MIN ** (1 / KARRAS_RHO);
    return (high + share * (low - high)) ** KARRAS_RHO;
  },
  exponential: (share) => Math.exp(Math.log(SIGMA_MAX) + share * Math.log(SIGMA_MIN / SIGMA_MAX)),
};
