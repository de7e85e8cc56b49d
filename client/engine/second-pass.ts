// The second pass of a job: its latents enlarged, then drawn over at the larger size with new noise of the same seeds.
import { stepsTaken } from '../sampling/sample.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Picture } from './engine.ts';
import { enlargeLatents } from './enlarge.ts';
import { type PlannedHires, strengthOfLast } from './hires.ts';
import type { Job } from './job.ts';
import { decodeLatent, encodeMean } from './picture.ts';
import { prepareSize, readPrompts } from './prepare-job.ts';
import type { Plan } from './request.ts';
import { resample } from './resample.ts';
import { LANCZOS } from './resample-filter.ts';
import { StepStyles } from './step-styles.ts';

/**
 * The job of the second pass after the first one's latents [pictures, c, h, w]. The styles see it as a picture of its own, and prompts
 * that change go on as the web UI's do: shares of steps count from 1, steps from the first pass's last.
 */
export async function prepareSecondPass(first: Job, latents: Tensor): Promise<Job> {
  const { hires } = first.plan;
  if (hires === undefined) return first;
  const { signal, notices } = first;
  const strength = strengthOfLast(hires);
  const plan = planOf(first.plan, hires);
  const steps = stepsTaken(plan.sampler.key, plan.steps, strength);
  const read = await readAgain(first, plan, hires.steps, steps);
  signal.throwIfAborted();
  const sized = await prepareSize(plan, read.conditioning, first.parts, first, notices);
  const begun = await first.clock.time('model', () => enlarge(first, latents, hires, sized));
  signal.throwIfAborted();
  const batches = plan.seeds.length / plan.batchSize;
  return {
    ...first,
    plan,
    ...read,
    steps,
    progress: { ...first.progress, before: batches * first.steps },
    ...sized,
    start: { latents: begun.data, strength },
  };
}

/** A request for the second pass alone, but for its start. */
function planOf(first: Plan, hires: PlannedHires): Plan {
  const { width, height, scheduleSteps } = hires;
  return { ...first, width, height, steps: scheduleSteps, noise: undefined, hires: undefined };
}

/** Prompts are encoded again only where they may change. */
async function readAgain(
  first: Job,
  plan: Plan,
  askedSteps: number,
  steps: number,
): Promise<Pick<Job, 'conditioning' | 'styles'>> {
  const { parts, opened, drawnFrom, conditioning, signal } = first;
  const { text } = drawnFrom;
  if (!`${text}${plan.negativePrompt}`.includes('[')) {
    const styles = await first.clock.time('text', () =>
      StepStyles.begin(opened.styles, conditioning, steps, signal),
    );
    return { conditioning, styles };
  }
  const before = { passes: 1, runs: first.plan.steps * plan.sampler.runsPerStep };
  const read = await readPrompts({
    plan: { ...plan, steps: askedSteps },
    text,
    opened,
    steps,
    before,
    parts,
    watch: first,
  });
  return { conditioning: read.conditioning, styles: read.styles };
}

async function enlarge(
  { parts, vae, signal, onProgress }: Job,
  latents: Tensor,
  { upscaler, width, height }: PlannedHires,
  target: Pick<Job, 'latentShape' | 'vae'>,
): Promise<Tensor> {
  const [channels, high, wide] = target.latentShape as [number, number, number];
  const size = { width: wide, height: high };
  if (upscaler !== 'pixels') return enlargeLatents(latents, size, upscaler === 'latent-nearest');
  const { model, sessions } = parts;
  const scale = model.manifest.latentScale;
  const [pictures, ...one] = latents.shape as [number, ...number[]];
  const length = latents.data.length / pictures;
  onProgress({ stage: 'model', message: 'enlarging the picture' });
  // At their first size and in 8 bits: enlarged, all pictures of a request would not fit.
  const decoded: Picture[] = [];
  for (let i = 0; i < pictures; i++) {
    const latent = tensor([1, ...one], latents.data.slice(i * length, (i + 1) * length));
    decoded.push(await decodeLatent(latent, scale, await vae.decoder()));
    signal.throwIfAborted();
  }
  const result = tensor([pictures, channels, high, wide]);
  try {
    for (const [i, picture] of decoded.entries()) {
      const image = resample(picture, { width, height }, LANCZOS);
      const { data } = await encodeMean(image, scale, await target.vae.encoder());
      result.data.set(data, i * data.length);
      signal.throwIfAborted();
    }
  } finally {
    await sessions.releaseEncoders();
  }
  return result;
}
