// What the studio needs of the library, so that tests can stand in for it; `library.ts` is the real one.
import type { ModelSource, StrengthFactors, StrengthPoint } from '../../index.ts';
import type { ShelfEmbedding } from './embeddings.ts';
import type { ModelDefaults, Named, SamplerChoice, VaeTiling } from './settings.ts';
import type { BlobRef, ShelfStyle } from './styles.ts';

/** `cpu` is Node's alone. */
export type Backend = 'webgpu' | 'wasm' | 'cpu';
export type MaskedContent = 'original' | 'fill' | 'latent noise' | 'latent nothing';
export type HiresUpscaler = 'latent' | 'latent-nearest' | 'pixels';
export type Stage = 'model' | 'style' | 'text' | 'unet' | 'decode';

/** RGBA, row-major, 8 bits. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

export interface EngineProgress {
  readonly stage: Stage;
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
  readonly preview?: Picture;
}

export interface DrawRequest {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly styles: readonly {
    readonly style: string | { name: string; file: Blob };
    readonly strength: number;
    readonly parameters?: Readonly<Record<string, number>>;
    readonly strengths?: StrengthFactors;
    readonly overSteps?: readonly StrengthPoint[];
  }[];
  readonly embeddings?: readonly (string | { readonly name: string; readonly file: Blob })[];
  readonly seed: bigint;
  readonly steps: number;
  readonly sampler: string;
  readonly schedule?: string;
  readonly guidance: number;
  readonly width: number;
  readonly height: number;
  readonly clipSkip?: number;
  readonly rng?: 'cpu' | 'nv';
  readonly variationSeed?: bigint;
  readonly variationStrength?: number;
  readonly laterSeedDelta?: number;
  readonly tiling?: boolean;
  readonly vaeTiling?: VaeTiling;
  readonly batchSize?: number;
  readonly batchCount?: number;
  readonly image?: Picture;
  readonly denoisingStrength?: number;
  readonly mask?: Picture;
  readonly maskBlur?: number;
  readonly maskedContent?: MaskedContent;
  readonly hires?: {
    readonly scale: number;
    readonly steps?: number;
    readonly denoisingStrength: number;
    readonly upscaler: HiresUpscaler;
  };
  readonly previewEvery: number;
}

export interface DrawnPicture {
  readonly picture: Picture;
  readonly png: Uint8Array<ArrayBuffer>;
  readonly parameters: string;
  readonly seed: bigint;
}

/** The first picture, and all of them. */
export interface DrawResult extends DrawnPicture {
  readonly pictures: readonly DrawnPicture[];
  /** Names of the embeddings whose words the prompts hold. */
  readonly embeddings: readonly string[];
  readonly notices: readonly string[];
}

export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: EngineProgress) => void;
}

/** What the loaded model takes. */
export interface ModelFacts {
  /** First ten digits of the checkpoint's SHA-256. */
  readonly hash: string;
  /** Pixels that both sides are multiples of. */
  readonly pixelMultiple: number;
  readonly contextWidth: number;
  /** Layers of its text encoder. */
  readonly textLayers: number;
  readonly selfAttentionWidths: readonly number[];
}

export interface StudioEngine {
  readonly backend: Backend;
  readonly backendReason: string;
  readonly model: ModelFacts;
  generate(request: DrawRequest, options?: WorkOptions): Promise<DrawResult>;
  close(): Promise<void>;
}

/** A model's files that the user dropped. */
export interface DroppedModel {
  readonly manifest: unknown;
  readonly checkpoint: Blob;
  readonly previewDecoder?: Blob;
  readonly vocab: string;
  readonly merges: string;
}

export interface ModelListing {
  readonly name: string;
  readonly bytes: number;
  readonly defaults: ModelDefaults;
}

/** A download that is kept on this device. */
export interface StoredBlob {
  readonly sha256: string;
  readonly size: number;
  /** What it is, where this session knows. */
  readonly label: string;
}

/** What a picture's text says of how it was drawn; a field that it lacks is undefined. */
export interface DrawnWith {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly styles: readonly {
    readonly name: string;
    readonly strength: number;
    readonly parameters?: Readonly<Record<string, number>>;
    readonly strengths?: StrengthFactors;
    readonly overSteps?: readonly StrengthPoint[];
  }[];
  readonly seed: string | undefined;
  readonly steps: number | undefined;
  readonly sampler: string | undefined;
  readonly schedule: string | undefined;
  readonly guidance: number | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly model: string | undefined;
  /** First ten digits of the checkpoint's SHA-256. */
  readonly modelHash: string | undefined;
  readonly clipSkip: number | undefined;
  /** `CPU`, `NV`, or undefined for the numbers of the GPU that drew it. */
  readonly rng: string | undefined;
  readonly tiling?: boolean | undefined;
  readonly vaeTiling?: string | undefined;
  readonly variationSeed: string | undefined;
  readonly variationStrength: number | undefined;
  readonly laterSeedDelta: number | undefined;
  /** It was drawn over another picture, or over its own first pass, so far. */
  readonly denoisingStrength: number | undefined;
  readonly maskBlur: number | undefined;
  readonly maskedContent: string | undefined;
  /** Of a second pass: a factor, or the size that it came to. */
  readonly hiresScale: number | undefined;
  readonly hiresSize: { readonly width: number; readonly height: number } | undefined;
  readonly hiresSteps: number | undefined;
  readonly hiresUpscaler: string | undefined;
  /** Word → the first digits of its file's SHA-256. */
  readonly embeddings: Readonly<Record<string, string>>;
}

/** The library as the studio sees it. Every failure is an error with words for people. */
export interface Tincture {
  readonly samplers: readonly SamplerChoice[];
  readonly schedules: readonly Named[];
  readonly upscalers: readonly (Named & { readonly name: HiresUpscaler })[];
  openEngine(
    model: string | DroppedModel,
    backend: Backend | undefined,
    options: WorkOptions,
  ): Promise<StudioEngine>;
  /** What a model is opened from, here or in a Worker: the user's own files where there are some of that name. */
  modelSource(model: string | DroppedModel): Promise<ModelSource>;
  /** A manifest's proposals, as far as they are sound; the engine checks the rest. */
  defaultsOf(manifest: unknown): ModelDefaults;
  listModels(): Promise<readonly ModelListing[]>;
  findStyles(query: string): Promise<readonly ShelfStyle[]>;
  findEmbeddings(query: string): Promise<readonly ShelfEmbedding[]>;
  /** The weights of a style of the registry, named after it. Throws where it has none of its own. */
  styleWeights(name: string): Promise<File>;
  /** The registry's blob, from this device or downloaded once; its digest is verified. */
  blob(ref: BlobRef): Promise<Blob>;
  /** Reads the header of a dropped hypernetwork, so that a wrong file fails at once and by name. */
  describeStyle(file: File): Promise<ShelfStyle>;
  /** Reads a dropped embedding; undefined for a sound file that holds something else. */
  describeEmbedding(file: File): Promise<ShelfEmbedding | undefined>;
  /** Whether a file is a whole model, which is no style. */
  isModel(file: File): Promise<boolean>;
  /** The pixels of a picture's file. */
  readPicture(file: File): Promise<Picture>;
  /** Undefined when the picture carries no parameters. */
  readParameters(png: Uint8Array<ArrayBuffer>): DrawnWith | undefined;
  /** Keeps bytes of the user's own on this device and gives their SHA-256; `label` says what they are. */
  keep(bytes: Uint8Array<ArrayBuffer>, label: string): Promise<string>;
  /** What was kept under a digest; undefined when it was removed since. */
  kept(sha256: string, label: string): Promise<Blob | undefined>;
  stored(): Promise<readonly StoredBlob[]>;
  forget(sha256: string): Promise<void>;
  forgetAll(): Promise<void>;
}
