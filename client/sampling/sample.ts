// Noise to latent: one call for every sampler.
import { ddimTimesteps, walkDdim } from './ddim.ts';
import { createDenoiser, type Denoiser, type DenoiserOptions } from './denoiser.ts';
import { ALPHAS_CUMULATIVE, TRAINING_STEPS } from './diffusion.ts';
import { SamplingError } from './error.ts';
import type { Latent } from './latent.ts';
import { consistent, LCM_LEVELS, lcmTimestep } from './lcm.ts';
import { type Kept, keepUnmasked } from './masked.ts';
import { resolveSampling, type SamplerKey } from './names.ts';
import { type WalkOptions, walkSigmas } from './run.ts';
import { checkSteps, noiseSchedule, TRAINED_LEVELS } from './schedule.ts';

export interface SampleRequest<L extends Latent> extends DenoiserOptions<L>, WalkOptions<L> {
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
  /** Begins on this latent under noise instead of on noise alone. */
  readonly start?: StartLatent | undefined;
}

export interface StartLatent {
  /** Of the size of the noise. */
  readonly latents: Float32Array;
  /** 0 … 1: the share of the steps that are taken, from the noise level that they begin at. */
  readonly strength: number;
  /** Of the size of the noise: 1 where the latent is drawn anew, 0 where it stays as it is; without one, all is drawn. */
  readonly mask?: Float32Array | undefined;
}

/**
 * Steps that are taken when `steps` are asked for. DDIM fits in more where `steps` does not divide 1000; on a start latent only
 * the last ones are taken.
 */
export function stepsTaken(sampler: SamplerKey, steps: number, strength?: number): number {
  checkSteps(steps);
  if (strength !== undefined)
    return sampler === 'ddim' ? ddimStepsTaken(steps, strength) : startStep(steps, strength) + 1;
  return sampler === 'ddim' ? ddimTimesteps(steps).length : steps;
}

/** AUTOMATIC1111's web UI: ⌊min(strength, 0.999) · steps⌋ steps and one more, from the end. */
function startStep(steps: number, strength: number): number {
  return Math.floor(Math.min(strength, 0.999) * steps);
}

/** DDIM takes no step more; one at least, or nothing would be drawn. */
function ddimStepsTaken(steps: number, strength: number): number {
  return Math.max(1, startStep(steps, strength));
}

/**
 * Draws the final latents [pictures, 4, h, w], not divided by the model's latent scale. Runs the UNet once a step, twice for the
 * second-order samplers. Rejects with the signal's reason when aborted; throws SamplingError.
 */
export async function sample<L extends Latent>(request: SampleRequest<L>): Promise<Float32Array> {
  const { math, start } = request;
  if (start?.mask === undefined) return math.read(await walk(request, undefined));
  const kept = { mask: math.hold(math.upload(start.mask)), latents: math.hold(math.upload(start.latents)) };
  return math.read(math.blend(kept.mask, await walk(request, kept), kept.latents));
}

async function walk<L extends Latent>(request: SampleRequest<L>, kept: Kept<L> | undefined): Promise<L> {
  const { math, noise, steps, start, signal, onStep } = request;
  const { sampler, schedule } = resolveSampling(request.sampler, request.schedule);
  const isConsistency = sampler.key === 'lcm';
  const denoiser = denoiserOf(request, isConsistency, kept);
  if (sampler.key === 'ddim' || schedule === undefined) {
    return walkDdim({ ...ddimStart(request), math, predictNoise: denoiser.predictNoise, signal, onStep });
  }
  const discardPenultimate = sampler.key === 'dpm_2' || sampler.key === 'dpm_2_ancestral';
  const levels = isConsistency ? LCM_LEVELS : TRAINED_LEVELS;
  const whole = noiseSchedule(schedule, steps, discardPenultimate, levels);
  const sigmas = start === undefined ? whole : whole.slice(steps - startStep(steps, start.strength) - 1);
  const draw = () => {
    const drawn = request.draw();
    if (drawn.length === noise.length) return math.upload(drawn);
    throw new SamplingError('sampling/noise', 'a draw of noise has another size than the latent', {
      expected: `${noise.length} values`,
      found: `${drawn.length}`,
    });
  };
  const under = start === undefined ? [] : [[1, math.upload(start.latents)] as const];
  return walkSigmas({
    math,
    sampler: sampler.key,
    sigmas,
    x: math.weightedSum([sigmas[0]!, math.upload(noise)], ...under),
    denoise: denoiser.denoise,
    draw,
    signal,
    onStep,
  });
}

/** The network as the sampler asks it; what is kept is put back last. */
function denoiserOf<L extends Latent>(
  request: SampleRequest<L>,
  isConsistency: boolean,
  kept: Kept<L> | undefined,
): Denoiser<L> {
  const { math } = request;
  const guided = createDenoiser({ ...request, ...(isConsistency && { timestepOf: lcmTimestep }) });
  const asked: Denoiser<L> = isConsistency
    ? {
        ...guided,
        denoise: async (x, sigma, step) => consistent(math, x, await guided.denoise(x, sigma, step), sigma),
      }
    : guided;
  return kept === undefined ? asked : keepUnmasked(math, asked, kept);
}

/** As the web UI: the latent under the noise of timestep number t, then the t steps below it. */
function ddimStart<L extends Latent>({
  math,
  steps,
  noise,
  start,
}: SampleRequest<L>): {
  timesteps: readonly number[];
  x: L;
} {
  const timesteps = ddimTimesteps(steps);
  if (start === undefined) return { timesteps, x: math.upload(noise) };
  const taken = ddimStepsTaken(steps, start.strength);
  const alpha = ALPHAS_CUMULATIVE[timesteps[taken] ?? TRAINING_STEPS - 1]!;
  return {
    timesteps: timesteps.slice(0, taken),
    x: math.weightedSum(
      [Math.sqrt(alpha), math.upload(start.latents)],
      [Math.sqrt(1 - alpha), math.upload(noise)],
    ),
  };
}
