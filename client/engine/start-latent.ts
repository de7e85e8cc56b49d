// The latent that pictures begin on: the request's own, or that of its start picture.
import type { AttentionLowering } from '../models/attention.ts';
import type { StartLatent } from '../sampling/sample.ts';
import type { PipelineParts } from './job.ts';
import { encodeMean } from './picture.ts';
import type { Plan } from './request.ts';
import { resample } from './resample.ts';

/** A picture is encoded by a session that is freed at once, since no step needs it again. */
export async function startLatent(
  plan: Plan,
  { model, sessions }: PipelineParts,
  vae: AttentionLowering,
): Promise<StartLatent | undefined> {
  const { start } = plan;
  if (start === undefined || 'latents' in start) return start;
  const encoder = await sessions.encoder(vae);
  try {
    const latent = await encodeMean(resample(start.image, plan), model.manifest.latentScale, encoder);
    return { latents: latent.data, strength: start.strength };
  } finally {
    await sessions.releaseEncoders();
  }
}
