// Drawing within a mask: outside of it, the network's answer gives way to the latent that is kept.
import type { Denoiser } from './denoiser.ts';
import { ALPHAS_CUMULATIVE } from './diffusion.ts';
import type { Latent, LatentMath } from './latent.ts';

/** Of one size, and held. */
export interface Kept<L> {
  /** 1 where the latent is drawn, 0 where `latents` stay. */
  readonly mask: L;
  readonly latents: L;
}

/**
 * A denoiser whose clean latent is the kept one outside the mask, after guidance, as AUTOMATIC1111's web UI blends at each evaluation;
 * its noise there is what makes x of the kept latent, (x − √ᾱ · kept) / √(1−ᾱ), so that DDIM walks back to it as well.
 */
export function keepUnmasked<L extends Latent>(
  math: LatentMath<L>,
  denoiser: Denoiser<L>,
  { mask, latents }: Kept<L>,
): Denoiser<L> {
  return {
    async denoise(x, sigma, step) {
      return math.blend(mask, await denoiser.denoise(x, sigma, step), latents);
    },
    async predictNoise(x, timestep, step) {
      const alpha = ALPHAS_CUMULATIVE[timestep]!;
      const root = Math.sqrt(1 - alpha);
      const predicted = await denoiser.predictNoise(x, timestep, step);
      const noise = math.weightedSum([1 / root, x], [-Math.sqrt(alpha) / root, latents]);
      return math.blend(mask, predicted, noise);
    },
  };
}
