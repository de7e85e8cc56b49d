// What an inpainting checkpoint reads besides the noisy latent, where there is no picture to keep.
import type { Session } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { encodeMean } from './picture.ts';

/** More inputs of the UNet: `mask` [1, 1, h, w] and `masked_latent` [1, c, h, w] for an inpainting checkpoint. */
export type MaskInputs = Readonly<Record<string, Tensor>>;

const RGB = 3;

/**
 * The mask of a picture that is drawn whole: ones, and the latent of plain grey, as AUTOMATIC1111 draws from text with
 * such a checkpoint (the mean of the encoder's distribution is taken). `latentShape` is [c, h, w]; `scale` the latent
 * scale.
 */
export async function wholePicture(
  latentShape: readonly number[],
  pixels: { readonly width: number; readonly height: number },
  scale: number,
  encoder: Session,
): Promise<MaskInputs> {
  const [, height, width] = latentShape as [number, number, number];
  const grey = tensor([1, RGB, pixels.height, pixels.width]);
  const mask = tensor([1, 1, height, width]);
  mask.data.fill(1);
  return { mask, masked_latent: await encodeMean(grey, scale, encoder) };
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
