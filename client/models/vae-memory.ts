// How much memory a VAE would take for a whole picture, which decides whether it is run over tiles of it.
import type { ModelConfig } from './architecture.ts';
import { vaeScoreBytes } from './attention-memory.ts';

const FLOAT_BYTES = 4;

/**
 * Values that are alive at once at each place and channel where the decoder is widest, behind the last enlargement: a residual block's
 * input, what was normalised of it, and a convolution's result or its working copy.
 */
const HELD = 3;

/** Scores and what the softmax makes of them. */
const SCORE_COPIES = 2;

/**
 * Bytes of float32 that a run of the decoder holds beside its weights, about; the encoder holds no more. Either the picture's places
 * times the channels of the finest level but one, or plain attention's scores.
 */
export function vaeRunBytes(
  config: Pick<ModelConfig, 'vae' | 'latentFactor'>,
  size: { readonly width: number; readonly height: number },
): number {
  const { levels } = config.vae;
  const widest = Math.max(levels[0]!, levels[1] ?? 0);
  const activations = FLOAT_BYTES * HELD * widest * size.width * size.height;
  return Math.max(activations, SCORE_COPIES * vaeScoreBytes(config, size));
}
