// What a Stable Diffusion 1.x or 2.x checkpoint is made of, as plain sizes. Everything here is read off tensor shapes.
import type { Heads } from './heads.ts';
import type { ModelManifest } from './manifest.ts';

/** One resolution of the UNet. */
export interface UnetLevel {
  readonly channels: number;
  /** On the way down; one more on the way up. */
  readonly resBlocks: number;
  /** Transformer blocks behind each residual block; 0 for none. */
  readonly transformerDepth: number;
}

export interface UnetConfig {
  /** 4 for a latent; 9 where a mask and the masked picture's latent follow it (inpainting). */
  readonly inputChannels: number;
  /** Channels of the first convolution, and length of the sinusoidal time embedding. */
  readonly modelChannels: number;
  /** Length of the learned time embedding. */
  readonly timeWidth: number;
  /** From the full latent's resolution down, each half the one before. */
  readonly levels: readonly UnetLevel[];
  readonly middleDepth: number;
  readonly heads: Heads;
}

export interface TextConfig {
  readonly vocabulary: number;
  readonly layers: number;
  readonly hiddenWidth: number;
  readonly heads: number;
  /** CLIP's own approximation (1.x), or the exact GELU (2.x). */
  readonly activation: 'quick-gelu' | 'gelu';
}

/** The encoder has `resBlocks` blocks a level, the decoder one more. */
export interface VaeConfig {
  /** Channels of the first convolution. */
  readonly channels: number;
  /** Channels of each level, from the picture's resolution down. */
  readonly levels: readonly number[];
  readonly resBlocks: number;
  /** Channels of the latent before the projection to `latentChannels`. */
  readonly embedding: number;
}

export interface ModelConfig {
  readonly manifest: ModelManifest;
  /** Width of the text context. */
  readonly contextWidth: number;
  /** Tokens of one chunk, start and end included. */
  readonly maxTokens: number;
  readonly latentChannels: number;
  /** Pixels per latent element, on each axis. */
  readonly latentFactor: number;
  /** Width and height of a picture are multiples of this many pixels. */
  readonly pixelMultiple: number;
  /** Widths that self-attention reads at, ascending. */
  readonly selfAttentionWidths: readonly number[];
  readonly unet: UnetConfig;
  readonly text: TextConfig;
  readonly vae: VaeConfig;
}
