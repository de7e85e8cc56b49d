// From a UNet to what samplers ask for: guided denoised latents by σ, or guided noise by timestep.
import { ALPHAS_CUMULATIVE, sigmaToTimestep } from './diffusion.ts';
import { SamplingError } from './error.ts';
import { weightedSum } from './latent.ts';

/** What the network was trained to give: the noise ε, or the velocity v = √ᾱ ε − √(1−ᾱ) x₀. */
export type Prediction = 'epsilon' | 'v';

/** Which contexts a run's rows stand for: of each picture the prompt alone, or all prompts and then all negative prompts. */
export type GuidanceRows = 'prompt' | 'prompt-and-negative';

/**
 * Runs the network: `sample` holds [rows, 4, h, w] flat, `timestep` one value a row. With `prompt` rows = pictures; with
 * `prompt-and-negative` rows = 2 · pictures, the prompts' half first. `step` is the number of the step that asks, from 0; second-order samplers ask twice in one. Gives
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
  /** g in u + g · (c − u); 1 means that the negative prompt has no say, so only the prompt's rows are run. */
  readonly guidance: number;
  readonly pictures: number;
}

export interface Denoiser {
  /** Guided clean latent at noise level sigma, x being signal + sigma · noise. */
  denoise(x: Float32Array, sigma: number, step: number): Promise<Float32Array>;
  /** Guided noise at a whole timestep, x being √ᾱ · signal + √(1−ᾱ) · noise. */
  predictNoise(x: Float32Array, timestep: number, step: number): Promise<Float32Array>;
}

/** Classifier-free guidance (Ho & Salimans 2022): u + g · (c − u). */
export function guide(
  conditional: Float32Array,
  unconditional: Float32Array,
  guidance: number,
): Float32Array {
  return weightedSum([guidance, conditional], [1 - guidance, unconditional]);
}

/**
 * k-diffusion's wrappers: the network sees x / √(σ² + 1) and the timestep of σ. ε: denoised = x − σ ε;
 * v: denoised = x / (σ² + 1) − v σ / √(σ² + 1). Guidance mixes the results. Throws `sampling/shape` when the network's
 * output has another size than its input.
 */
export function createDenoiser({ unet, prediction, guidance, pictures }: DenoiserOptions): Denoiser {
  const rows: GuidanceRows = guidance === 1 ? 'prompt' : 'prompt-and-negative';

  /** Runs the network on each half of the guidance and mixes what `finish` makes of the halves. */
  async function run(
    input: Float32Array<ArrayBuffer>,
    timestep: number,
    step: number,
    finish: (output: Float32Array) => Float32Array,
  ): Promise<Float32Array> {
    const copies = rows === 'prompt' ? 1 : 2;
    const sample = copies === 1 ? input : new Float32Array(2 * input.length);
    if (copies === 2) {
      sample.set(input);
      sample.set(input, input.length);
    }
    const output = await unet(sample, new Float32Array(copies * pictures).fill(timestep), rows, step);
    if (output.length !== sample.length) {
      throw new SamplingError('sampling/shape', 'the UNet answered with another size', {
        expected: `${sample.length} values`,
        found: `${output.length}`,
      });
    }
    if (copies === 1) return finish(output);
    return guide(finish(output.subarray(0, input.length)), finish(output.subarray(input.length)), guidance);
  }

  return {
    denoise(x, sigma, step) {
      const variance = sigma ** 2 + 1;
      const input = weightedSum([1 / Math.sqrt(variance), x]);
      return run(input, sigmaToTimestep(sigma), step, (output) =>
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
