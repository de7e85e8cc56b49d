// From a UNet to what samplers ask for: guided denoised latents by σ, or guided noise by timestep.
import { ALPHAS_CUMULATIVE, sigmaToTimestep } from './diffusion.ts';
import { SamplingError } from './error.ts';
import type { Latent, LatentMath } from './latent.ts';

/** What the network was trained to give: the noise ε, or the velocity v = √ᾱ ε − √(1−ᾱ) x₀. */
export type Prediction = 'epsilon' | 'v';

/** Which contexts a run's rows stand for: of each picture the prompt alone, or the prompt's parts and then the negative prompt. */
export type GuidanceRows = 'prompt' | 'prompt-and-negative';

/**
 * Runs the network on `sample`, [pictures, 4, h, w] flat and scaled for it, at `timestep`, 0 … 999, fractions allowed. Gives its
 * predictions, each of that size: with `prompt` one; with `prompt-and-negative` one for each part of the prompt, and the negative
 * prompt's last. `step` is the number of the step that asks, from 0; second-order samplers ask twice in one.
 */
export type UnetRun<L> = (
  sample: L,
  timestep: number,
  rows: GuidanceRows,
  step: number,
) => Promise<readonly L[]>;

export interface DenoiserOptions<L extends Latent> {
  readonly math: LatentMath<L>;
  readonly unet: UnetRun<L>;
  readonly prediction: Prediction;
  /** g in u + g · (c − u). */
  readonly guidance: number;
  /** How much each part of the prompt counts; default one part that counts 1. */
  readonly weights?: readonly number[] | undefined;
  /** The timestep that the network is shown for a σ; default: the one between its own that has this σ. */
  readonly timestepOf?: ((sigma: number) => number) | undefined;
}

export interface Denoiser<L> {
  /** Guided clean latent at noise level sigma, x being signal + sigma · noise. */
  denoise(x: L, sigma: number, step: number): Promise<L>;
  /** Guided noise at a whole timestep, x being √ᾱ · signal + √(1−ᾱ) · noise. */
  predictNoise(x: L, timestep: number, step: number): Promise<L>;
}

/** Whether the negative prompt has a say; where it has none, only the prompt's rows are run. */
export function needsNegative(guidance: number, weights: readonly number[] = [1]): boolean {
  return weights.length > 1 || weights[0] !== 1 || guidance !== 1;
}

/**
 * Classifier-free guidance (Ho & Salimans 2022) by several prompts, u + g · Σ wᵢ (cᵢ − u), as what each prediction counts: those of
 * the prompt's parts in the order of their weights, then the negative prompt's. The shares sum to 1.
 */
export function guidanceShares(weights: readonly number[], guidance: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return [...weights.map((weight) => guidance * weight), 1 - guidance * total];
}

/**
 * k-diffusion's wrappers: the network sees x / √(σ² + 1) and the timestep of σ. ε: denoised = x − σ ε;
 * v: denoised = x / (σ² + 1) − v σ / √(σ² + 1). Guidance mixes the results; since its shares sum to 1, one sum does both. Throws
 * `sampling/shape` when the network's predictions are not as many, or of another size than its input.
 */
export function createDenoiser<L extends Latent>(options: DenoiserOptions<L>): Denoiser<L> {
  const { math, unet, prediction, guidance, weights = [1], timestepOf = sigmaToTimestep } = options;
  const guided = needsNegative(guidance, weights);
  const rows: GuidanceRows = guided ? 'prompt-and-negative' : 'prompt';
  const shares = guided ? guidanceShares(weights, guidance) : [1];

  /** `kept` · x + `factor` · the guided prediction for `input`. */
  async function run(
    input: L,
    timestep: number,
    step: number,
    [factor, kept, x]: readonly [factor: number, kept: number, x: L],
  ): Promise<L> {
    const predictions = await unet(input, timestep, rows, step);
    if (predictions.length !== shares.length || predictions.some(({ length }) => length !== input.length)) {
      throw new SamplingError('sampling/shape', 'the UNet answered with another size', {
        expected: `${shares.length} × ${input.length} values`,
        found: predictions.map(({ length }) => length).join(' + '),
      });
    }
    const terms = predictions.map((predicted, i) => [factor * shares[i]!, predicted] as const);
    return math.weightedSum(...(kept === 0 ? [] : [[kept, x] as const]), ...terms);
  }

  return {
    denoise(x, sigma, step) {
      const variance = sigma ** 2 + 1;
      const input = math.weightedSum([1 / Math.sqrt(variance), x]);
      const finish =
        prediction === 'epsilon'
          ? ([-sigma, 1, x] as const)
          : ([-sigma / Math.sqrt(variance), 1 / variance, x] as const);
      return run(input, timestepOf(sigma), step, finish);
    },
    predictNoise(x, timestep, step) {
      const alpha = ALPHAS_CUMULATIVE[timestep]!;
      const finish =
        prediction === 'epsilon'
          ? ([1, 0, x] as const)
          : ([Math.sqrt(alpha), Math.sqrt(1 - alpha), x] as const);
      return run(x, timestep, step, finish);
    },
  };
}
