// Noise to latent: one call for every sampler.
import { ddimTimesteps, walkDdim } from './ddim.ts';
import { createDenoiser, type DenoiserOptions } from './denoiser.ts';
import { SamplingError } from './error.ts';
import { weightedSum } from './latent.ts';
import { resolveSampling, type SamplerKey } from './names.ts';
import { type WalkOptions, walkSigmas } from './run.ts';
import { checkSteps, noiseSchedule } from './schedule.ts';

export interface SampleRequest extends DenoiserOptions, WalkOptions {
  /** Key or title, as `findSampler` takes it. */
  readonly sampler: string;
  /** Key or title; without one the sampler's default. */
  readonly schedule?: string | undefined;
  /** 1 … 1000. */
  readonly steps: number;
  /** The start: normal noise, not scaled, [pictures, 4, h, w] flat. */
  readonly noise: Float32Array;
  /** The following draws of noise of the same size, in step order; only ancestral samplers ask for them. */
  readonly draw: () => Float32Array;
}

/** Steps that are taken when `steps` are asked for: DDIM fits in more where `steps` does not divide 1000. */
export function stepsTaken(sampler: SamplerKey, steps: number): number {
  checkSteps(steps);
  return sampler === 'ddim' ? ddimTimesteps(steps).length : steps;
}

/**
 * Draws the final latents [pictures, 4, h, w], not divided by the model's latent scale. Runs the UNet once a step, twice for the
 * second-order samplers. Rejects with the signal's reason when aborted; throws SamplingError.
 */
export async function sample(request: SampleRequest): Promise<Float32Array> {
  const { noise, steps, signal, onStep } = request;
  const { sampler, schedule } = resolveSampling(request.sampler, request.schedule);
  const denoiser = createDenoiser(request);
  if (sampler.key === 'ddim' || schedule === undefined) {
    return walkDdim({ steps, x: noise, predictNoise: denoiser.predictNoise, signal, onStep });
  }
  const discardPenultimate = sampler.key === 'dpm_2' || sampler.key === 'dpm_2_ancestral';
  const sigmas = noiseSchedule(schedule, steps, discardPenultimate);
  const draw = () => {
    const drawn = request.draw();
    if (drawn.length === noise.length) return drawn;
    throw new SamplingError('sampling/noise', 'a draw of noise has another size than the latent', {
      expected: `${noise.length} values`,
      found: `${drawn.length}`,
    });
  };
  return walkSigmas({
    sampler: sampler.key,
    sigmas,
    x: weightedSum([sigmas[0]!, noise]),
    denoise: denoiser.denoise,
    draw,
    signal,
    onStep,
  });
}
