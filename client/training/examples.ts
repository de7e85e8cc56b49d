// The training set as the trainer reads it: latents encoded once, with captions and loss weights.
import type { TensorFile } from '../formats/entry.ts';
import type { Pixels } from '../formats/png.ts';
import type { ModelConfig } from '../models/config.ts';
import { buildEncoder } from '../models/encoder.ts';
import { createSession } from '../runtime/create.ts';
import type { Backend } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { TrainingError } from './error.ts';
import { CENTRE, type FocalPoint, focalPoint } from './focal-point.ts';
import {
  bucketSizes,
  decodePicture,
  fitPicture,
  keptShare,
  latentWeights,
  MAX_FILE_BYTES,
  MAX_PICTURES,
  nearestSize,
  type PictureDecoder,
  type Size,
} from './pictures.ts';

/** A picture file with its words. */
export interface TrainingPicture {
  readonly name: string;
  readonly caption: string;
  /** Bytes of the file. */
  readonly size: number;
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** One picture ready for training. A flipped picture is an example of its own. */
export interface Example {
  readonly name: string;
  readonly caption: string;
  /** Mean and standard deviation of the latent, [channels, height, width], times the latent scale. */
  readonly mean: Tensor;
  readonly deviation: Tensor;
  /** [1, height, width] */
  readonly weight: Tensor;
  /** The latent of the same picture without the style that is learned, for rollouts. */
  readonly plain?: Tensor;
}

export const CROPS = ['centre', 'focal'] as const;
export type Crop = (typeof CROPS)[number];

export interface ExampleOptions {
  /** Pixels of a picture, both multiples of the model's pixel multiple. */
  readonly size: Size;
  /** Cut each picture to the nearest of several shapes of the same area instead of to `size`. */
  readonly buckets: boolean;
  /** What a cut keeps of a picture in another shape: its middle, or what seems to be its subject. */
  readonly crop: Crop;
  /** Take each picture mirrored too. */
  readonly flip: boolean;
  /** Weigh the loss by the pictures' alpha. */
  readonly alpha: boolean;
}

export interface PreparationSurroundings {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** For pictures that are no PNG; default: the browser's decoder. */
  readonly decodeOther?: PictureDecoder;
}

export interface Preparation {
  readonly examples: readonly Example[];
  /** Why pictures were left out, in words. */
  readonly notices: readonly string[];
}

/** What the examples are made with. */
export interface EncodingModel {
  readonly checkpoint: TensorFile;
  readonly config: ModelConfig;
}

/**
 * Decodes, cuts and encodes the pictures. What cannot be read is left out with a notice. Throws `training/data` when
 * nothing is left, or too much was given; rejects with the signal's reason.
 */
export async function prepareExamples(
  pictures: readonly TrainingPicture[],
  { checkpoint, config }: EncodingModel,
  backend: Backend,
  options: ExampleOptions,
  { signal, onProgress, decodeOther }: PreparationSurroundings = {},
): Promise<Preparation> {
  checkSize(options.size, config.pixelMultiple);
  if (pictures.length > MAX_PICTURES) {
    throw new TrainingError('training/data', 'too many pictures', {
      expected: `at most ${MAX_PICTURES}`,
      found: String(pictures.length),
    });
  }
  const sizes = options.buckets ? bucketSizes(options.size, config.pixelMultiple) : [options.size];
  const notices: string[] = [];
  const examples: Example[] = [];
  const encoder = await createSession(buildEncoder(checkpoint, config, { attention: 'plain' }), {
    backend,
    ...(signal && { signal }),
  });
  try {
    for (const [index, picture] of pictures.entries()) {
      signal?.throwIfAborted();
      onProgress?.(index, pictures.length);
      try {
        const pixels = await decodePicture(await readWhole(picture), picture.name, decodeOther);
        const size = nearestSize(pixels, sizes);
        const focus = focusOf(pixels, size, options.crop);
        for (const flipped of options.flip ? [false, true] : [false]) {
          const { image, alpha } = fitPicture(pixels, size, { flipped, focus });
          const { moments } = await encoder.run({ image });
          const weight = options.alpha ? latentWeights(alpha, config.latentFactor) : undefined;
          examples.push({
            name: flipped ? `${picture.name} (mirrored)` : picture.name,
            caption: picture.caption,
            ...latentOf(moments!, config.manifest.latentScale),
            weight: weight ?? ones(moments!),
          });
        }
      } catch (error) {
        if (signal?.aborted || !(error instanceof Error)) throw error;
        if ('code' in error && String(error.code).startsWith('runtime/')) throw error;
        notices.push(`left out: ${error.message}`);
      }
    }
  } finally {
    await encoder.release();
  }
  if (examples.length === 0) {
    throw new TrainingError('training/data', 'there is no picture to train on', {
      found: pictures.length === 0 ? 'no picture files' : notices.slice(0, 3).join('; '),
      fix: 'Give pictures of at least 64 pixels a side.',
    });
  }
  return { examples, notices };
}

/** The examples with the latents of the plain pictures of the same names. Throws `training/data` naming what has none. */
export function withPlain(examples: readonly Example[], plain: readonly Example[]): Example[] {
  const byName = new Map(plain.map((example) => [example.name, example]));
  return examples.map((example) => {
    const mean = byName.get(example.name)?.mean;
    if (mean?.shape.join() === example.mean.shape.join()) return { ...example, plain: mean };
    throw new TrainingError('training/data', 'a picture has no plain one beside it', {
      where: example.name,
      expected: 'a plain picture of the same file name and size',
      found: mean === undefined ? 'none that could be read' : `a latent of ${mean.shape.join(' × ')}`,
    });
  });
}

/** What a cut in the shape of `size` is around. */
export function focusOf(pixels: Pixels, size: Size, crop: Crop): FocalPoint {
  return crop === 'focal' ? focalPoint(pixels, keptShare(pixels, size)) : CENTRE;
}

async function readWhole(picture: TrainingPicture): Promise<Uint8Array<ArrayBuffer>> {
  if (picture.size <= MAX_FILE_BYTES) return picture.read();
  throw new TrainingError('training/picture', 'the file is too large', {
    where: picture.name,
    expected: `at most ${MAX_FILE_BYTES} bytes`,
    found: String(picture.size),
  });
}

function checkSize({ width, height }: Size, multiple: number): void {
  const fits = (side: number) => side >= 64 && side <= 2048 && side % multiple === 0;
  if (fits(width) && fits(height)) return;
  throw new TrainingError('training/option', 'this model cannot be trained at this size', {
    expected: `64 to 2048 pixels, multiples of ${multiple}`,
    found: `${width} × ${height}`,
  });
}

/** The log variance is clamped as the reference does. */
function latentOf({ shape, data }: Tensor, scale: number): Pick<Example, 'mean' | 'deviation'> {
  const [, channels, height, width] = shape as [number, number, number, number];
  const latent = [channels / 2, height, width];
  const half = data.length / 2;
  const mean = data.slice(0, half).map((value) => value * scale);
  const deviation = data.slice(half).map((value) => Math.exp(Math.min(Math.max(value, -30), 20) / 2) * scale);
  return { mean: tensor(latent, mean), deviation: tensor(latent, deviation) };
}

function ones({ shape }: Tensor): Tensor {
  const [, , height, width] = shape as [number, number, number, number];
  return tensor([1, height, width], new Float32Array(height * width).fill(1));
}
