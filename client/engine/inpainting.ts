// What an inpainting checkpoint reads besides the noisy latent: the mask, and the latent of the picture without what it masks.
import type { Session } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Levels } from './mask.ts';
import { encodeMean } from './picture.ts';

/** More inputs of the UNet: `mask` [1, 1, h, w] and `masked_latent` [1, c, h, w] for an inpainting checkpoint. */
export type MaskInputs = Readonly<Record<string, Tensor>>;

/** A picture [1, 3, height, width] in −1 … 1, and its mask of the same size. */
export interface MaskedImage {
  readonly image: Tensor;
  readonly levels: Levels;
}

const RGB = 3;

/**
 * The mask and the masked latent of a picture; without one, of a picture that is drawn whole: ones, and the latent of plain grey. The
 * mask is rounded first, what it covers is grey, and each latent takes the mask's pixel at its corner, as in AUTOMATIC1111's web UI (the
 * mean of the encoder's distribution is taken). `latentShape` is [c, h, w]; `scale` the latent scale.
 */
export async function maskInputs(
  masked: MaskedImage | undefined,
  latentShape: readonly number[],
  pixels: { readonly width: number; readonly height: number },
  scale: number,
  encoder: Session,
): Promise<MaskInputs> {
  const [, height, width] = latentShape as [number, number, number];
  const seen = tensor([1, RGB, pixels.height, pixels.width]);
  const mask = tensor([1, 1, height, width]);
  if (masked === undefined) mask.data.fill(1);
  else {
    const { image, levels } = masked;
    const area = pixels.width * pixels.height;
    const covered = (pixel: number): boolean => levels.values[pixel]! > 127;
    for (let i = 0; i < image.data.length; i++) seen.data[i] = covered(i % area) ? 0 : image.data[i]!;
    const factor = pixels.width / width;
    for (let i = 0; i < mask.data.length; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      mask.data[i] = Number(covered(factor * (y * pixels.width + x)));
    }
  }
  return { mask, masked_latent: await encodeMean(seen, scale, encoder) };
}

/** The same for each of `rows` rows of a batch. */
export function repeatRows(inputs: MaskInputs, rows: number): Record<string, Tensor> {
  const repeated: Record<string, Tensor> = {};
  for (const [name, { shape, data }] of Object.entries(inputs)) {
    const all = new Float32Array(rows * data.length);
    for (let row = 0; row < rows; row++) all.set(data, row * data.length);
    repeated[name] = tensor([rows, ...shape.slice(1)], all);
  }
  return repeated;
}
