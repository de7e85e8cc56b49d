// A picture brought to another size as what the VAE's encoder reads.
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Picture } from './engine.ts';
import { type Filter, mixes, TRIANGLE } from './resample-filter.ts';

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const RGB = 3;
/** Transparent parts show this: white, as in AUTOMATIC1111's web UI. */
const BACKGROUND = 255;

/**
 * The middle of the picture in the shape of `size`, scaled to it, as [1, 3, height, width] in −1 … 1; alpha is laid over white.
 * The filter (by default bilinear) is downwards as wide as the pixels that fall into one, so that nothing flickers; a picture of that
 * size already comes through unchanged. Filters with negative lobes overshoot; what is beyond −1 … 1 is cut off.
 */
export function resample({ width, height, pixels }: Picture, size: Size, filter: Filter = TRIANGLE): Tensor {
  const scale = Math.min(width / size.width, height / size.height);
  const span = (count: number, length: number) =>
    mixes({ count, scale, offset: (length - scale * count) / 2, length }, filter);
  const columns = span(size.width, width);
  const rows = span(size.height, height);
  const left = columns[0]!.first;
  const last = columns.at(-1)!;
  const used = last.first + last.shares.length - left;
  const area = size.width * size.height;
  const image = tensor([1, RGB, size.height, size.width]);
  // Only the columns that are read: a very wide picture needs no more room than its middle.
  const mixed = new Float64Array(used * RGB);
  for (const [y, row] of rows.entries()) {
    mixed.fill(0);
    for (const [i, share] of row.shares.entries()) {
      const from = 4 * ((row.first + i) * width + left);
      for (let x = 0; x < used; x++) {
        const opacity = pixels[from + 4 * x + 3]! / 255;
        for (let c = 0; c < RGB; c++) {
          mixed[x * RGB + c]! += share * (opacity * pixels[from + 4 * x + c]! + (1 - opacity) * BACKGROUND);
        }
      }
    }
    for (const [x, { first, shares }] of columns.entries()) {
      for (let c = 0; c < RGB; c++) {
        let sum = 0;
        for (let i = 0; i < shares.length; i++) sum += shares[i]! * mixed[(first - left + i) * RGB + c]!;
        image.data[c * area + y * size.width + x] = Math.min(Math.max(sum / 127.5 - 1, -1), 1);
      }
    }
  }
  return image;
}
