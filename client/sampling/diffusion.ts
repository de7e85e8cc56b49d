// Stable Diffusion's training noise: ᾱ(t), σ(t) and t(σ) over its thousand timesteps.

/** Timesteps that the networks were trained on. */
export const TRAINING_STEPS = 1000;

// β(t) = linspace(√0.00085, √0.012, 1000)², the "scaled linear" schedule of the Stable Diffusion papers' code.
const FIRST_ROOT_BETA = Math.sqrt(0.00085);
const LAST_ROOT_BETA = Math.sqrt(0.012);

/** ᾱ(t) = ∏ (1 − β), the share of the picture's variance that is left at timestep t, 0 … 999; float32 as in checkpoints. */
export const ALPHAS_CUMULATIVE: Float32Array = cumulativeAlphas();

/** ln σ(t) for whole t, σ = √((1 − ᾱ) / ᾱ). Ascending. */
const LOG_SIGMAS: Float32Array = ALPHAS_CUMULATIVE.map((alpha) => Math.log(Math.sqrt((1 - alpha) / alpha)));

export const SIGMA_MIN: number = timestepToSigma(0);
export const SIGMA_MAX: number = timestepToSigma(TRAINING_STEPS - 1);

/** σ of a timestep in 0 … 999; between whole ones ln σ is interpolated (k-diffusion's DiscreteSchedule). */
export function timestepToSigma(timestep: number): number {
  const low = Math.floor(timestep);
  const share = timestep - low;
  return Math.exp((1 - share) * LOG_SIGMAS[low]! + share * LOG_SIGMAS[Math.ceil(timestep)]!);
}

/** The timestep of a σ, its inverse; a σ outside the trained range gets the nearest end, 0 or 999. */
export function sigmaToTimestep(sigma: number): number {
  const logSigma = Math.log(sigma);
  let low = 0;
  let high = TRAINING_STEPS - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (LOG_SIGMAS[middle]! <= logSigma) low = middle;
    else high = middle;
  }
  const share = (logSigma - LOG_SIGMAS[low]!) / (LOG_SIGMAS[high]! - LOG_SIGMAS[low]!);
  return low + Math.min(Math.max(share, 0), 1);
}

function cumulativeAlphas(): Float32Array {
  const alphas = new Float32Array(TRAINING_STEPS);
  let product = 1;
  for (let t = 0; t < TRAINING_STEPS; t++) {
    const share = t / (TRAINING_STEPS - 1);
    product *= 1 - (FIRST_ROOT_BETA + share * (LAST_ROOT_BETA - FIRST_ROOT_BETA)) ** 2;
    alphas[t] = product;
  }
  return alphas;
}
