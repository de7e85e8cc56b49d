// The engine's interface: prompt in, picture out. A page cannot tell whether it runs in its thread or in a Worker.
import type { ByteSource } from '../formats/entry.ts';
import type { StrengthFactors } from '../hypernetwork/strength.ts';
import type { Backend } from '../runtime/session.ts';
import type { Tensor } from '../tensor/tensor.ts';

export type { StrengthFactors };

/** A model: where its `model.json` is (folder or URL, or a name in the registry), or files in hand. */
export type ModelSource = string | ModelFiles;

/** The files of a model, already found. `manifest` is the parsed `model.json`, still unchecked. */
export interface ModelFiles {
  readonly manifest: unknown;
  readonly checkpoint: ByteSource | Blob;
  /** Parts that the checkpoint lacks, or that take the place of its own. */
  readonly vae?: ByteSource | Blob;
  readonly textEncoder?: ByteSource | Blob;
  /** A small decoder of TAESD's shape, for previews. */
  readonly previewDecoder?: ByteSource | Blob;
  /** SHA-256 of the checkpoint where the caller knows it; otherwise the whole file is read for it. */
  readonly sha256?: string;
  readonly vocab: string;
  readonly merges: string;
}

/**
 * A style: a name in the registry, a path or URL of a `.style` file or of a .pt or .safetensors hypernetwork, or one of
 * these files in hand. Which kind a file is, its content tells.
 */
export type StyleSource = string | { readonly name: string; readonly file: ByteSource | Blob };

export interface StyleUse {
  readonly style: StyleSource;
  /** Default 1; negative works. */
  readonly strength?: number;
  /** Factors on top of the strength, −10 … 10, for context widths (16 at most) and for what keys and values read; default 1. */
  readonly strengths?: StrengthFactors;
  /** Factors on top of the strength that change over the steps: at most 32 points in order, linear in between. */
  readonly overSteps?: readonly StrengthPoint[];
  /** Numbers that the style's plugin describes, by name; the others keep their defaults. */
  readonly parameters?: Readonly<Record<string, number>>;
}

/** A point of a style's strength over the steps. */
export interface StrengthPoint {
  /**
   * Share of the steps, 0 … 1, not below the point before: step i of n, from 0, is at i / n. Two points at one share are a jump.
   * Before the first point and after the last their factors hold. A second pass goes through the curve anew, by its own steps.
   */
  readonly at: number;
  /** −10 … 10 */
  readonly factor: number;
}

/**
 * A textual-inversion embedding: a name in the registry, a path or URL of its file (.pt, .bin, .safetensors, .png or .style), or the
 * file in hand. The name without its extension is the word in prompts, and so is the name that the file gives itself.
 */
export type EmbeddingSource = string | { readonly name: string; readonly file: ByteSource | Blob };

export interface GenerateRequest {
  /** In AUTOMATIC1111's grammar: `(word:1.2)`, `[word]`, `[from:to:0.5]`, `[a|b]`, `BREAK`, `AND`, `<hypernet:name:0.8>`. */
  readonly prompt: string;
  readonly negativePrompt?: string;
  /** Applied in order, before the styles that the prompt's tags name. */
  readonly styles?: readonly StyleUse[];
  /** Their words mean them in both prompts. */
  readonly embeddings?: readonly EmbeddingSource[];
  /** The text encoder's last layers that are left out, and one: 1 (default) takes all. */
  readonly clipSkip?: number;
  /** 0 … 2⁶⁴−1; without one, a random seed, which the result tells. */
  readonly seed?: bigint | number;
  /** Pictures that are drawn at once, 1 … 16. Picture i has seed + i (with a variation, variation seed + i instead). */
  readonly batchSize?: number;
  /** Batches that are drawn one after the other, 1 … 100; seeds count on. */
  readonly batchCount?: number;
  /** Mixes in the noise of another seed; without one, a random one. */
  readonly variationSeed?: bigint | number;
  /** 0 (default) … 1. */
  readonly variationStrength?: number;
  /** `cpu` (default): PyTorch's generator; `nv`: that of its CUDA devices. */
  readonly rng?: 'cpu' | 'nv';
  /** Added to the seed for the noise that ancestral samplers draw after the first; the web UI's ENSD. Default 0. */
  readonly laterSeedDelta?: number;
  /** 1 … 1000. */
  readonly steps?: number;
  readonly sampler?: string;
  /** Default: the model's, else the sampler's own, which is also what `Automatic` means. */
  readonly schedule?: string;
  /** 1 means no guidance: one UNet row a step. */
  readonly guidance?: number;
  /** Pixels, multiples of the model's `pixelMultiple`. Default: the model's, or with `image` that picture's, rounded down. */
  readonly width?: number;
  readonly height?: number;
  /** Replaces the seeds' noise: [pictures, 4, h, w]. */
  readonly noise?: Tensor;
  /** Begins on this latent [1, 4, h, w], times the model's latent scale, under noise. */
  readonly initLatent?: Tensor;
  /**
   * Begins on this picture, at most 2²⁶ pixels, under noise: its middle is scaled to the size drawn and encoded; the mean of the
   * encoder's distribution is taken, so that a seed gives the same picture. Not with `noise` or `initLatent`.
   */
  readonly image?: Picture;
  /**
   * Where `image` is drawn anew, of its size: white is drawn, black stays. A mask with transparent parts is read by its opacity instead.
   * Outside of it, blur included, the result has the start picture's own pixels.
   */
  readonly mask?: Picture;
  /** Standard deviation of the mask's blur in pixels of the picture drawn, 0 … 64; default 4. */
  readonly maskBlur?: number;
  /**
   * What the masked part begins on: the picture itself (default), the colours around it, the noise of the seed as a latent, or zeros. All
   * of it lies under noise as strong as `denoisingStrength` says.
   */
  readonly maskedContent?: MaskedContent;
  /** How far a start picture or latent is drawn anew, 0 … 1; default 0.75. */
  readonly denoisingStrength?: number;
  /** Draws a second time at a larger size, over the enlarged picture. Not with `image` or `initLatent`. */
  readonly hires?: HiresRequest;
  /** Show a preview picture every N steps; 0 for none. Default 0. */
  readonly previewEvery?: number;
  /** Draws a picture whose opposite edges meet, for patterns: convolutions wrap around. Default false. */
  readonly tiling?: boolean;
  /**
   * Whether the VAE is run over overlapping tiles of 64 latents a side, which bounds its memory and changes the picture a little:
   * `auto` (default) where a whole run would take more than 2 GiB, `on` wherever the picture is larger than a tile, `off` never.
   */
  readonly vaeTiling?: VaeTiling;
}

/** The second pass of a picture, the web UI's hires fix: by `scale`, or to `width` and `height`. */
export interface HiresRequest {
  /** 1 … 8, rounded down to what the model draws; default 2. */
  readonly scale?: number;
  /** Pixels, at least the first pass's; one side alone keeps its shape, and of another shape the middle is kept. */
  readonly width?: number;
  readonly height?: number;
  /** Steps that the second pass takes; default: the request's. */
  readonly steps?: number;
  /** How far the enlarged picture is drawn anew, above 0 … 1; default 0.7. */
  readonly denoisingStrength?: number;
  /**
   * `latent` (default) interpolates latents linearly and `latent-nearest` repeats them, which both need about 0.5 of denoising or more;
   * `pixels` decodes, scales with a Lanczos filter and encodes again.
   */
  readonly upscaler?: 'latent' | 'latent-nearest' | 'pixels';
}

/** In the words of AUTOMATIC1111's web UI. */
export type MaskedContent = 'original' | 'fill' | 'latent noise' | 'latent nothing';

/** When the VAE is run over tiles: where it must be, wherever a picture is larger than a tile, or never. */
export type VaeTiling = 'auto' | 'on' | 'off';

export type Stage = 'model' | 'style' | 'text' | 'unet' | 'decode';

export interface Progress {
  readonly stage: Stage;
  /** Words for people, such as `loading checkpoint`. */
  readonly message: string;
  /** For `unet`: steps done and in all. For loading: bytes done and in all. */
  readonly done?: number;
  readonly total?: number;
  /** Cheap preview from the latent: by the model's small decoder at full size, else a map of colours at latent resolution. */
  readonly preview?: Picture;
}

/** RGBA, row-major, 8 bits. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** One picture of a batch. */
export interface DrawnPicture {
  readonly picture: Picture;
  /** PNG bytes that carry `parameters`. */
  readonly png: Uint8Array<ArrayBuffer>;
  /** AUTOMATIC1111's text block. */
  readonly parameters: string;
  readonly seed: bigint;
}

/** The first picture, and all of them. */
export interface GenerateResult extends DrawnPicture {
  /** In the order of their seeds. */
  readonly pictures: readonly DrawnPicture[];
  /** Final latents [pictures, 4, h, w], as the sampler left them (not divided by the scale). */
  readonly latents: Tensor;
  /** Names of the embeddings that the prompts use. */
  readonly embeddings: readonly string[];
  /** Things the user should know: a style without layers for this model, a weight that the whole prompt has. */
  readonly notices: readonly string[];
  readonly milliseconds: Readonly<Partial<Record<Stage, number>>>;
}

export interface EngineOptions {
  readonly model: ModelSource;
  /** Folder URL of onnxruntime-web's `.wasm` and `.mjs` files; default: where the bundler or Node finds them. */
  readonly wasmPaths?: string;
  /** Threads of the wasm backend; default: by the machine's cores where the page is cross-origin isolated. */
  readonly threads?: number;
  /** Base URL of a Tincture edge, for models and styles named without a path. */
  readonly registry?: string;
  /** Default: WebGPU where it is, else wasm; `engine.backend` and `engine.backendReason` say which and why. */
  readonly backend?: Backend;
  /** Progress and cancellation of the loading itself. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface GenerateOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What the loaded model is, for faces that show or check it. */
export interface ModelFacts {
  readonly name: string;
  /** First ten hexadecimal digits of the checkpoint's SHA-256. */
  readonly hash: string;
  readonly defaults: {
    readonly width: number;
    readonly height: number;
    readonly steps: number;
    readonly guidance: number;
    readonly sampler: string;
    readonly schedule?: string;
  };
  /** Pictures are multiples of this many pixels. */
  readonly pixelMultiple: number;
  readonly contextWidth: number;
  /** Layers of the text encoder: the most that `clipSkip` can be. */
  readonly textLayers: number;
  readonly selfAttentionWidths: readonly number[];
}

export interface Engine {
  readonly backend: Backend;
  readonly backendReason: string;
  readonly model: ModelFacts;
  /** One picture, or a batch of them. Aborting rejects with the signal's reason and frees what the picture held. Calls are queued. */
  generate(request: GenerateRequest, options?: GenerateOptions): Promise<GenerateResult>;
  /** Frees sessions, plugins and workers. */
  close(): Promise<void>;
}
