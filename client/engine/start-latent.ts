// What a request's pictures begin on: its own latent, or that of its start picture with what its mask keeps.
import { PLAIN_MATH } from '../sampling/latent.ts';
import { pictureNoise } from '../sampling/noise.ts';
import type { StartLatent } from '../sampling/sample.ts';
import type { MaskedContent, Picture } from './engine.ts';
import { type MaskInputs, maskInputs } from './inpainting.ts';
import type { PipelineParts } from './job.ts';
import { type Levels, latentMask, maskLevels } from './mask.ts';
import { fillMasked } from './mask-fill.ts';
import { encodeMean, toPicture } from './picture.ts';
import type { Plan } from './request.ts';
import { resample } from './resample.ts';
import type { Vae } from './vae.ts';

export interface Start {
  /** [1, c, h, w] flat, or [pictures, c, h, w] of all of the request's. */
  readonly latents: Float32Array;
  /** As a start latent's. */
  readonly strength: number;
  readonly kept?: KeptStart | undefined;
}

/** What is not drawn anew. */
export interface KeptStart {
  /** [h, w]: 1 where the latent is drawn. */
  readonly mask: Float32Array;
  readonly content: MaskedContent;
  /** The start picture at the size drawn, and how much of each of its pixels is drawn. */
  readonly original: Picture;
  readonly levels: Levels;
}

/** A start, and what an inpainting checkpoint reads beside it. */
export interface PreparedStart {
  readonly start: Start | undefined;
  readonly masked: MaskInputs | undefined;
}

/** Encodes a start picture, and what an inpainting checkpoint reads. */
export async function prepareStart(
  plan: Plan,
  latentShape: readonly number[],
  { model, sessions }: PipelineParts,
  vae: Vae,
): Promise<PreparedStart> {
  const { config, manifest } = model;
  const scale = manifest.latentScale;
  const [, height, width] = latentShape as [number, number, number];
  const picture = plan.start !== undefined && 'image' in plan.start ? plan.start : undefined;
  const levels = picture?.mask && maskLevels(picture.mask, plan);
  const image = picture && resample(picture.image, plan);
  const shown = image && levels && picture.mask?.content === 'fill' ? fillMasked(image, levels) : image;
  const masked =
    config.unet.inputChannels === config.latentChannels
      ? undefined
      : await maskInputs(
          shown && levels && { image: shown, levels },
          latentShape,
          plan,
          scale,
          await vae.encoder(),
        );
  if (plan.start === undefined || 'latents' in plan.start) return { start: plan.start, masked };
  try {
    const { data: latents } = await encodeMean(shown!, scale, await vae.encoder());
    const kept = levels && {
      mask: latentMask(levels, { width, height }),
      content: plan.start.mask!.content,
      original: toPicture(image!),
      levels,
    };
    return { start: { latents, strength: plan.start.strength, kept }, masked };
  } finally {
    // No step needs it again.
    await sessions.releaseEncoders();
  }
}

/** The start of the batch from picture number `first` on, `length` values each, with the content that a mask begins on. */
export function startOfBatch(
  { latents, strength, kept }: Start,
  { seeds, batchSize, rng }: Plan,
  first: number,
  length: number,
): StartLatent {
  const own = latents.length > length;
  const all = own
    ? latents.subarray(first * length, (first + batchSize) * length)
    : PLAIN_MATH.repeat(latents, batchSize);
  if (kept === undefined) return { latents: all, strength };
  const places = kept.mask.length;
  const mask = all.map((_, i) => kept.mask[i % places]!);
  if (kept.content === 'latent noise') {
    const noise = pictureNoise(seeds.slice(first, first + batchSize), length, rng)();
    return { latents: PLAIN_MATH.blend(mask, noise, all), strength, mask };
  }
  if (kept.content === 'latent nothing')
    return { latents: all.map((value, i) => value * (1 - mask[i]!)), strength, mask };
  return { latents: all, strength, mask };
}
