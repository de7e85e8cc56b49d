// Latents and pictures at a larger size: what a second pass begins on.
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Size } from './resample.ts';
import { type Mix, mixes, TRIANGLE } from './resample-filter.ts';

/**
 * Latents [n, c, h, w] scaled to cover a size, of which the middle is kept: linearly between the centres of their places, or, as
 * `nearest`, each place of the result from the one that it lies in. As PyTorch's `interpolate` without aligned corners.
 */
export function enlargeLatents({ shape, data }: Tensor, size: Size, nearest: boolean): Tensor {
  const [pictures, channels, height, width] = shape as [number, number, number, number];
  const by = Math.max(size.width / width, size.height / height);
  const along = (from: number, to: number): Mix[] => {
    const scaled = Math.max(to, Math.floor(from * by + 1e-9));
    const cut = Math.floor((scaled - to) / 2);
    const scale = from / scaled;
    const all = nearest
      ? Array.from({ length: scaled }, (_, i) => ({ first: Math.floor(i * scale + 1e-9), shares: [1] }))
      : mixes({ count: scaled, scale, offset: 0, length: from }, TRIANGLE);
    return all.slice(cut, cut + to);
  };
  const rows = along(height, size.height);
  const columns = along(width, size.width);
  const result = tensor([pictures, channels, size.height, size.width]);
  let place = 0;
  for (let plane = 0; plane < pictures * channels; plane++) {
    const start = plane * height * width;
    for (const row of rows) {
      for (const column of columns) {
        let sum = 0;
        for (const [i, down] of row.shares.entries()) {
          for (const [k, across] of column.shares.entries()) {
            sum += down * across * data[start + (row.first + i) * width + column.first + k]!;
          }
        }
        result.data[place++] = sum;
      }
    }
  }
  return result;
}
