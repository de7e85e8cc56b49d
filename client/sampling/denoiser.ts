// From a UNet to what samplers ask for: guided denoised latents by σ, or guided noise by timestep.
import { ALPHAS_CUMULATIVE, sigmaToTimestep } from './diffusion.ts';
import { SamplingError } from './error.ts';
import { weightedSum } from './latent.ts';

/** What the network was trained to give: the noise ε, or the velocity v = √ᾱ ε − √(1−ᾱ) x₀. */
export type Prediction = 'epsilon' | 'v';

/** Which contexts a run's rows stand for: of each picture the prompt alone, or the prompt's parts and then the negative prompt. */
export type GuidanceRows = 'prompt' | 'prompt-and-negative';

/**
 * Runs the network: `sample` holds [rows, 4, h, w] flat, `timestep` one value a row. With `prompt` rows = pictures; with
 * `prompt-and-negative` rows = (parts + 1) · pictures: the first part of the prompt for all pictures, then the next, and the negative
 * prompt last. `step` is the number of the step that asks, from 0; second-order samplers ask twice in one. Gives
 * the prediction of the same size.
 */
export type UnetRun = (
  sample: Float32Array<ArrayBuffer>,
  timestep: Float32Array<ArrayBuffer>,
  rows: GuidanceRows,
  step: number,
) => Promise<Float32Array>;

export interface DenoiserOptions {
  readonly unet: UnetRun;
  readonly prediction: Prediction;
  /** g in u + g · (c − u). */
  readonly guidance: number;
  /** How much each part of the prompt counts; default one part that counts 1. */
  readonly weights?: readonly number[] | undefined;
  readonly pictures: number;
  /** The timestep that the network is shown for a σ; default: the one between its own that has this σ. */
  readonly timestepOf?: ((sigma: number) => number) | undefined;
}

export interface Denoiser {
  /** Guided clean latent at noise level sigma, x being signal + sigma · noise. */
  denoise(x: Float32Array, sigma: number, step: number): Promise<Float32Array>;
  /** Guided noise at a whole timestep, x being √ᾱ · signal + √(1−ᾱ) · noise. */
  predictNoise(x: Float32Array, timestep: number, step: number): Promise<Float32Array>;
}

/** Whether the negative prompt has a say; where it has none, only the prompt's rows are run. */
export function needsNegative(guidance: number, weights: readonly number[] = [1]): boolean {
  return weights.length > 1 || weights[0] !== 1 || guidance !== 1;
}

/**
 * Classifier-free guidance (Ho & Salimans 2022) by several prompts: u + g · Σ wᵢ (cᵢ − u). `outputs` are the cᵢ in the order of
 * their weights, then u.
 */
export function guide(
  outputs: readonly Float32Array[],
  weights: readonly number[],
  guidance: number,
): Float32Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const factors = [...weights.map((weight) => guidance * weight), 1 - guidance * total];
  return weightedSum(...outputs.map((output, i) => [factors[i]!, output] as const));
}

/**
 * k-diffusion's wrappers: the network sees x / √(σ² + 1) and the timestep of σ. ε: denoised = x − σ ε;
 * v: denoised = x / (σ² + 1) − v σ / √(σ² + 1). Guidance mixes the results. Throws `sampling/shape` when the network's
 * output has another size than its input.
 */
export function createDenoiser(options: DenoiserOptions): Denoiser {
  const { unet, prediction, guidance, pictures, weights = [1], timestepOf = sigmaToTimestep } = options;
  const rows: GuidanceRows = needsNegative(guidance, weights) ? 'prompt-and-negative' : 'prompt';
  const copies = rows === 'prompt' ? 1 : weights.length + 1;

  /** Runs the network for each part of the guidance and mixes what `finish` makes of the outputs. */
  async function run(
    input: Float32Array<ArrayBuffer>,
    timestep: number,
    step: number,
    finish: (output: Float32Array) => Float32Array,
  ): Promise<Float32Array> {
    const { length } = input;
    const sample = copies === 1 ? input : new Float32Array(copies * length);
    if (copies > 1) for (let copy = 0; copy < copies; copy++) sample.set(input, copy * length);
    const output = await unet(sample, new Float32Array(copies * pictures).fill(timestep), rows, step);
    if (output.length !== sample.length) {
      throw new SamplingError('sampling/shape', 'the UNet answered with another size', {
        expected: `${sample.length} values`,
        found: `${output.length}`,
      });
    }
    if (copies === 1) return finish(output);
    const outputs = Array.from({ length: copies }, (_, copy) =>
      finish(output.subarray(copy * length, (copy + 1) * length)),
    );
    return guide(outputs, weights, guidance);
  }

  return {
    denoise(x, sigma, step) {
      const variance = sigma ** 2 + 1;
      const input = weightedSum([1 / Math.sqrt(variance), x]);
      return run(input, timestepOf(sigma), step, (output) =>
        prediction === 'epsilon'
          ? weightedSum([1, x], [-sigma, output])
          : weightedSum([1 / variance, x], [-sigma / Math.sqrt(variance), output]),
      );
    },
    predictNoise(x, timestep, step) {
      const alpha = ALPHAS_CUMULATIVE[timestep]!;
      return run(weightedSum([1, x]), timestep, step, (output) =>
        prediction === 'epsilon'
          ? output
          : weightedSum([Math.sqrt(alpha), output], [Math.sqrt(1 - alpha), x]),
      );
    },
  };
}
