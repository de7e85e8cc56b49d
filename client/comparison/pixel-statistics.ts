// What a picture is to the figures: eight numbers that tell styles apart, and a coarse copy that tells things apart.
import type { Pixels } from '../formats/png.ts';

/** Numbers of `pixelStatistics`. */
export const STATISTICS = 8;
/** Cells along each side of `coarse`. */
const CELLS = 16;

/** Means and deviations of red, green and blue on white, and how steep the picture is in y and in x, all of values −1 … 1. */
export function pixelStatistics(picture: Pixels): number[] {
  const { width, height } = picture;
  const planes = planesOf(picture);
  const count = width * height;
  const means = planes.map((plane) => plane.reduce((sum, value) => sum + value, 0) / count);
  const deviations = planes.map((plane, c) =>
    Math.sqrt(plane.reduce((sum, value) => sum + (value - means[c]!) ** 2, 0) / Math.max(1, count - 1)),
  );
  let [down, across] = [0, 0];
  for (const plane of planes) {
    for (let i = 0; i < count; i++) {
      if (i + width < count) down += Math.abs(plane[i + width]! - plane[i]!);
      if ((i + 1) % width !== 0) across += Math.abs(plane[i + 1]! - plane[i]!);
    }
  }
  return [
    ...means,
    ...deviations,
    down / (3 * Math.max(1, count - width)),
    across / (3 * Math.max(1, count - height)),
  ];
}

/** The means of 16 × 16 cells, [3 · 256], of values −1 … 1; the picture's shape does not matter. */
export function coarse(picture: Pixels): Float32Array {
  const { width, height } = picture;
  const sums = new Float32Array(3 * CELLS * CELLS);
  const counts = new Float32Array(CELLS * CELLS);
  for (const [c, plane] of planesOf(picture).entries()) {
    for (let i = 0; i < plane.length; i++) {
      const row = Math.min(CELLS - 1, Math.floor((Math.floor(i / width) * CELLS) / height));
      const cell = row * CELLS + Math.min(CELLS - 1, Math.floor(((i % width) * CELLS) / width));
      sums[c * CELLS * CELLS + cell]! += plane[i]!;
      if (c === 0) counts[cell]!++;
    }
  }
  return sums.map((sum, i) => sum / Math.max(1, counts[i % counts.length]!));
}

/** Index of the nearest of `among`, by squared distance. */
export function nearest(one: Float32Array, among: readonly Float32Array[]): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const [index, other] of among.entries()) {
    const distance = other.reduce((sum, value, i) => sum + (value - one[i]!) ** 2, 0);
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

function planesOf({ width, height, pixels }: Pixels): Float32Array[] {
  return [0, 1, 2].map((channel) =>
    Float32Array.from({ length: width * height }, (_, i) => {
      const alpha = pixels[4 * i + 3]! / 255;
      return (alpha * pixels[4 * i + channel]! + (1 - alpha) * 255) / 127.5 - 1;
    }),
  );
}
