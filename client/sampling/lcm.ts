// Latent consistency models (Luo et al. 2023): networks that jump to the clean latent in one step, for pictures in 1 to 8 steps.
import { TRAINING_STEPS, timestepToSigma } from './diffusion.ts';
import type { Latent, LatentMath } from './latent.ts';
import type { NoiseLevels } from './schedule.ts';
import { addNoise, type StepRule } from './step.ts';

/** The teacher's DDIM timesteps that the models are distilled along: 19, 39 … 999. */
const TEACHER_STEPS = 50;
const STRIDE = TRAINING_STEPS / TEACHER_STEPS;
const FIRST = STRIDE - 1;

/** σ_data and the timestep scaling of the boundary condition, section 4.1 and the authors' models. */
const SIGMA_DATA = 0.5;
const TIMESTEP_SCALING = 10;

/** A σ in the middle of two timesteps differs from it by float32's rounding; it belongs to the lower one. */
const TIE = 1e-4;

/** ln σ of teacher timestep number i, 0 … 49, ascending. */
const LOG_SIGMAS: readonly number[] = Array.from({ length: TEACHER_STEPS }, (_, i) =>
  Math.log(timestepToSigma(FIRST + i * STRIDE)),
);

/** The noise levels between the teacher's timesteps; between two of them ln σ is interpolated, as the web UI does. */
export const LCM_LEVELS: NoiseLevels = {
  mostNoise: TRAINING_STEPS - 1,
  leastNoise: FIRST,
  sigmaAt(timestep) {
    const place = Math.min(Math.max((timestep - FIRST) / STRIDE, 0), TEACHER_STEPS - 1);
    const low = Math.floor(place);
    const share = place - low;
    return Math.exp((1 - share) * LOG_SIGMAS[low]! + share * LOG_SIGMAS[Math.ceil(place)]!);
  },
};

/** The teacher's timestep whose ln σ is nearest; of two that are equally near, the one of less noise. */
export function lcmTimestep(sigma: number): number {
  const logSigma = Math.log(sigma);
  const above = LOG_SIGMAS.findIndex((level) => level >= logSigma);
  if (above <= 0) return above === 0 ? FIRST : TRAINING_STEPS - 1;
  const [low, high] = [LOG_SIGMAS[above - 1]!, LOG_SIGMAS[above]!];
  const isNearHigh = (logSigma - low) / (high - low) > 0.5 + TIE;
  return FIRST + (isNearHigh ? above : above - 1) * STRIDE;
}

/**
 * The consistency function at a noise level: f(x) = c_skip · x + c_out · denoised, with s = σ_data, T = 10 t,
 * c_skip = s² / (T² + s²) and c_out = T / √(T² + s²), so that f(x) = x where there is no noise.
 */
export function consistent<L extends Latent>(math: LatentMath<L>, x: L, denoised: L, sigma: number): L {
  const scaled = TIMESTEP_SCALING * lcmTimestep(sigma);
  const sum = scaled ** 2 + SIGMA_DATA ** 2;
  return math.weightedSum([SIGMA_DATA ** 2 / sum, x], [scaled / Math.sqrt(sum), denoised]);
}

/** Multistep consistency sampling (Song et al. 2023, algorithm 1): to the clean latent, then fresh noise of the next level. */
export function lcm<L extends Latent>(): StepRule<L> {
  return (step) => addNoise(step.denoised, step.next, step);
}
