// What a Stable Diffusion v1 checkpoint is made of, as plain sizes. Everything here is read off tensor shapes.
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
  /** Channels of the first convolution, and length of the sinusoidal time embedding. */
  readonly modelChannels: number;
  /** Length of the learned time embedding. */
  readonly timeWidth: number;
  /** From the full latent's resolution down, each half the one before. */
  readonly levels: readonly UnetLevel[];
  readonly middleDepth: number;
  readonly heads: number;
}

export interface TextConfig {
  /** `cond_stage_model.transformer.text_model` or the same without `text_model`. */
  readonly prefix: string;
  readonly vocabulary: number;
  readonly layers: number;
  readonly hiddenWidth: number;
  readonly heads: number;
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
