// What a masked part shows when it is filled: the colours around it, spread by blurs that reach ever less far.

import type { Tensor } from '../tensor/tensor.ts';
import { tensor } from '../tensor/tensor.ts';
import type { Levels } from './mask.ts';

/** Radius of each blur and how often it is laid over the one before, from far to near, as in AUTOMATIC1111's web UI. */
const LAYERS: readonly (readonly [radius: number, times: number])[] = [
  [256, 1],
  [64, 1],
  [16, 2],
  [4, 4],
  [2, 2],
  [0, 1],
];
const RGB = 3;
/** Box blurs that make one Gaussian. */
const BOXES = 3;

/** The image [1, 3, h, w] in −1 … 1, its masked part filled. */
export function fillMasked(image: Tensor, { width, height, values }: Levels): Tensor {
  const area = width * height;
  const kept = Float32Array.from(values, (level) => 1 - level / 255);
  const filled = tensor(image.shape);
  const layers = LAYERS.map(([radius, times]) => ({
    radius,
    times,
    opacity: blurred(kept, width, height, radius),
  }));
  for (let c = 0; c < RGB; c++) {
    const channel = image.data.subarray(c * area, (c + 1) * area);
    const premultiplied = kept.map((share, i) => share * channel[i]!);
    const result = filled.data.subarray(c * area, (c + 1) * area);
    // Premultiplied too, with the opacity that the layers so far have.
    const covered = new Float32Array(area);
    for (const { radius, times, opacity } of layers) {
      const colour = blurred(premultiplied, width, height, radius);
      for (let i = 0; i < area; i++) {
        // n layers of opacity a, one over the other, are one of opacity 1 − (1 − a)ⁿ and the same colour.
        const through = (1 - opacity[i]!) ** times;
        const visible = opacity[i]! > 0 ? ((1 - through) * colour[i]!) / opacity[i]! : 0;
        result[i] = visible + through * result[i]!;
        covered[i] = 1 - through + through * covered[i]!;
      }
    }
    for (let i = 0; i < area; i++) result[i] = covered[i]! > 0 ? result[i]! / covered[i]! : 0;
  }
  return filled;
}

/**
 * A Gaussian of this deviation as three box blurs whose outermost places count in part, so that the deviation is met exactly
 * (Gwosdek, Grewenig, Bruhn & Weickert 2011, "Theoretical foundations of Gaussian convolution by extended box filtering"); the time
 * does not depend on the deviation. The picture goes on with its edge.
 */
function blurred(plane: Float32Array, width: number, height: number, deviation: number): Float32Array {
  if (deviation === 0) return plane;
  const variance = deviation ** 2 / BOXES;
  const whole = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const part = ((2 * whole + 1) * (whole * (whole + 1) - 3 * variance)) / (6 * (variance - (whole + 1) ** 2));
  let from: Float32Array = plane;
  let to: Float32Array = new Float32Array(plane.length);
  for (let pass = 0; pass < 2 * BOXES; pass++) {
    const [count, step, lines, lineStep] =
      pass < BOXES ? [width, 1, height, width] : [height, width, width, 1];
    for (let line = 0; line < lines; line++)
      boxLine(from, to, { start: line * lineStep, count, step, whole, part });
    const free = pass === 0 ? new Float32Array(plane.length) : from;
    from = to;
    to = free;
  }
  return from;
}

interface Line {
  readonly start: number;
  readonly count: number;
  readonly step: number;
  /** Places on each side that count wholly, and the share of the next. */
  readonly whole: number;
  readonly part: number;
}

/** The mean around each place of a line, by a running sum. */
function boxLine(from: Float32Array, to: Float32Array, { start, count, step, whole, part }: Line): void {
  const at = (i: number): number => from[start + step * Math.min(Math.max(i, 0), count - 1)]!;
  const weight = 1 / (2 * whole + 1 + 2 * part);
  let sum = 0;
  for (let i = -whole; i <= whole; i++) sum += at(i);
  for (let i = 0; i < count; i++) {
    to[start + step * i] = weight * (sum + part * (at(i - whole - 1) + at(i + whole + 1)));
    sum += at(i + whole + 1) - at(i - whole);
  }
}
