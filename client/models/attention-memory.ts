// How much memory plain attention would take, which decides whether the fused one is needed at all.
import type { ModelConfig } from './architecture.ts';
import { headsAt } from './heads.ts';

/** What is asked of a UNet in one run. */
export interface PictureSize {
  /** Rows of the UNet's batch: 2 with guidance. */
  readonly batch: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Rows of the text context: 77 for each chunk. */
  readonly tokens: number;
}

const FLOAT_BYTES = 4;

/**
 * Bytes of the largest score matrix that `attention: 'plain'` holds in the UNet: float32 [batch, heads, places,
 * places] at its finest self-attention, as many columns as the context has rows at its cross-attention where those are more.
 * The softmax makes another of it.
 * Measured in Node: at small sizes plain is as fast as fused or faster.
 */
export function unetScoreBytes(config: ModelConfig, size: PictureSize): number {
  const { batch, width, height, tokens } = size;
  const latentPlaces = (width / config.latentFactor) * (height / config.latentFactor);
  const { levels, heads } = config.unet;
  const finest = levels.findIndex((level) => level.transformerDepth > 0);
  const depth = finest < 0 ? levels.length - 1 : finest;
  const places = latentPlaces / 4 ** depth;
  const perRow = headsAt(heads, levels[depth]!.channels);
  return FLOAT_BYTES * batch * perRow * places * Math.max(places, tokens);
}

/** The same of the VAE: [1, 1, places, places]. */
export function vaeScoreBytes(
  { latentFactor }: Pick<ModelConfig, 'latentFactor'>,
  { width, height }: Pick<PictureSize, 'width' | 'height'>,
): number {
  return FLOAT_BYTES * ((width / latentFactor) * (height / latentFactor)) ** 2;
}
