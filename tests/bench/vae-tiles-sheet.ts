// A sheet of the default model's pictures as what its encoder reads.
import { readFileSync } from 'node:fs';
import { decodePng } from '../../client/formats/png.ts';
import { type Tensor, tensor } from '../../client/tensor/tensor.ts';

/** Pixels a side: four by four pictures. */
const SIDE = 256;

/** [1, 3, 256, 256] in −1 … 1, the upper left of grid.png. */
export function sheetOfPictures(folder: string): Tensor {
  const { width, pixels } = decodePng(readFileSync(`${folder}grid.png`));
  const image = tensor([1, 3, SIDE, SIDE]);
  for (let i = 0; i < image.data.length; i++) {
    const place = i % SIDE ** 2;
    const at = Math.floor(place / SIDE) * width + (place % SIDE);
    image.data[i] = pixels[4 * at + Math.floor(i / SIDE ** 2)]! / 127.5 - 1;
  }
  return image;
}
