// A picture brought to another size as what the VAE's encoder reads.
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Picture } from './engine.ts';

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
 * The filter is a triangle over twice the scale (bilinear; downwards as wide as the pixels that fall into one, so that nothing
 * flickers), and a picture of that size already comes through unchanged.
 */
export function resample({ width, height, pixels }: Picture, size: Size): Tensor {
  const scale = Math.min(width / size.width, height / size.height);
  const columns = triangles(size.width, scale, (width - scale * size.width) / 2, width);
  const rows = triangles(size.height, scale, (height - scale * size.height) / 2, height);
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
        image.data[c * area + y * size.width + x] = sum / 127.5 - 1;
      }
    }
  }
  return image;
}

/** Neighbouring places of the source, from `first` on, whose shares add up to 1. */
interface Mix {
  readonly first: number;
  readonly shares: readonly number[];
}

/** For each of `count` places of the result, `scale` places of the source wide, what it is mixed from. */
function triangles(count: number, scale: number, offset: number, length: number): Mix[] {
  const reach = Math.max(scale, 1);
  return Array.from({ length: count }, (_, i) => {
    const centre = offset + (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.floor(centre - reach) + 1);
    const end = Math.min(length, Math.ceil(centre + reach));
    const weights = Array.from({ length: end - first }, (_, k) => reach - Math.abs(first + k - centre));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, shares: weights.map((weight) => weight / whole) };
  });
}
