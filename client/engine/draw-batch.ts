// The latents of one batch: noise of its seeds, then the sampler over the UNet.
import { type BatchNoise, batchNoise } from '../sampling/batch-noise.ts';
import { SamplingError } from '../sampling/error.ts';
import type { Latent, LatentMath } from '../sampling/latent.ts';
import type { StepDone } from '../sampling/run.ts';
import { sample } from '../sampling/sample.ts';
import { tensor } from '../tensor/tensor.ts';
import { openDevicePlace } from './device-place.ts';
import type { Job } from './job.ts';
import { type LatentPlace, PLAIN_PLACE } from './latent-place.ts';
import type { Plan } from './request.ts';
import { startOfBatch } from './start-latent.ts';
import { UnetRunner } from './unet-runner.ts';

/** The final latents [batchSize, c, h, w] flat of the pictures from number `first` on. */
export async function drawBatch(job: Job, first: number): Promise<Float32Array> {
  if (job.parts.sessions.backend !== 'webgpu') return drawAt(PLAIN_PLACE, job, first);
  const place = await openDevicePlace();
  try {
    return await drawAt(place, job, first);
  } finally {
    place.close();
  }
}

async function drawAt<L extends Latent>(
  place: LatentPlace<L>,
  job: Job,
  first: number,
): Promise<Float32Array> {
  const { plan, parts, styles, latentShape, attention, padding, masked, signal, clock, onProgress } = job;
  const { model, sessions } = parts;
  const pictures = plan.batchSize;
  const runner = await clock.time('model', () =>
    UnetRunner.create({ place, model, sessions, styles, pictures, latentShape, attention, padding, masked }),
  );
  signal.throwIfAborted();
  const noise = noiseOf(plan, latentShape, first);
  const length = noise.start.length / pictures;
  onProgress({ stage: 'unet', message: 'drawing', ...progressAt(job, first, 0) });
  const walk = () =>
    sample({
      math: place.math,
      unet: runner.run,
      prediction: model.manifest.prediction,
      guidance: plan.guidance,
      weights: job.conditioning.weights,
      sampler: plan.sampler.key,
      schedule: plan.schedule,
      steps: plan.steps,
      noise: plan.noise?.data.slice(first * length, (first + pictures) * length) ?? noise.start,
      draw: noise.draw,
      start: job.start && startOfBatch(job.start, plan, first, length),
      signal,
      onStep: stepWatcher(place.math, job, first),
    });
  const latents = await clock.time('unet', () =>
    walk().catch(async (error: unknown) => {
      const broken = error instanceof SamplingError && error.code === 'sampling/non-finite';
      throw (broken ? await runner.blame() : undefined) ?? error;
    }),
  );
  if (runner.notice !== undefined && !job.notices.includes(runner.notice)) job.notices.push(runner.notice);
  return latents;
}

/** A seed's first draw is the start noise even when other noise replaces it, so that later draws stay the same. */
function noiseOf(plan: Plan, latentShape: readonly number[], first: number): BatchNoise {
  const part = <T>(all: readonly T[]): readonly T[] => all.slice(first, first + plan.batchSize);
  return batchNoise({
    seeds: part(plan.seeds),
    shape: latentShape,
    source: plan.rng,
    variation: plan.variation && {
      seeds: part(plan.variation.seeds),
      strength: plan.variation.strength,
    },
    laterSeedDelta: plan.laterSeedDelta,
  });
}

/** Steps of all batches that are done after `step` of this one, and in all. */
function progressAt(
  { plan, steps, progress }: Job,
  first: number,
  step: number,
): { done: number; total: number } {
  return { done: progress.before + (first / plan.batchSize) * steps + step, total: progress.total };
}

/** Tells of each step, with a preview of the batch's first picture where one is due. */
function stepWatcher<L extends Latent>(
  math: LatentMath<L>,
  job: Job,
  first: number,
): (done: StepDone<L>) => Promise<void> {
  const { plan, latentShape, preview, onProgress } = job;
  return async ({ step, steps, denoised }) => {
    const due = preview !== undefined && step % plan.previewEvery === 0 && step < steps;
    const [leading] = math.split(denoised, plan.batchSize);
    const shown = due ? tensor([1, ...latentShape], await math.read(leading!)) : undefined;
    onProgress({
      stage: 'unet',
      message: 'drawing',
      ...progressAt(job, first, step),
      ...(shown && preview && { preview: await preview(shown) }),
    });
  };
}
