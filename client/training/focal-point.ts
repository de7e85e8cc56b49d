// Where a picture's subject is, from its pixels alone: edges, contrast and entropy say where to look.
import type { Pixels } from '../formats/png.ts';

/** A place in a picture, both 0 … 1 from the upper left. */
export interface FocalPoint {
  readonly x: number;
  readonly y: number;
}

export const CENTRE: FocalPoint = { x: 0.5, y: 0.5 };

/** Energies are looked at in a copy whose longer side has at most this many pixels. */
const LONGEST_SIDE = 96;
/** Side of the blocks whose histogram gives the entropy, and its bins. */
const BLOCK = 6;
const BINS = 16;
/** What each kind of energy counts. Edges find things, contrast finds them on plain grounds, entropy tells texture from noise at one edge. */
const SHARES = { edges: 0.5, contrast: 0.25, entropy: 0.25 } as const;

interface Map2d {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * The middle of what a window of the given share of width and height should show: the window with the most energy, then
 * moved onto the centroid of the energy in it. A picture without any has its focal point in its centre.
 */
export function focalPoint(
  picture: Pixels,
  window: { readonly width: number; readonly height: number },
): FocalPoint {
  const energy = energyOf(luminance(picture));
  const { width, height, data } = energy;
  const across = new Float64Array(width);
  const down = new Float64Array(height);
  for (let i = 0; i < data.length; i++) {
    across[i % width]! += data[i]!;
    down[Math.floor(i / width)]! += data[i]!;
  }
  return { x: middleOfMost(across, window.width), y: middleOfMost(down, window.height) };
}

/** Along one axis; `share` is the window's of the whole, 0 … 1. */
function middleOfMost(profile: Float64Array, share: number): number {
  const length = Math.min(profile.length, Math.max(1, Math.round(share * profile.length)));
  const sums = new Float64Array(profile.length + 1);
  for (const [i, value] of profile.entries()) sums[i + 1] = sums[i]! + value;
  let best = 0;
  for (let start = 1; start + length <= profile.length; start++) {
    if (sums[start + length]! - sums[start]! > sums[best + length]! - sums[best]!) best = start;
  }
  const inside = sums[best + length]! - sums[best]!;
  if (!(inside > 0)) return 0.5;
  let moment = 0;
  for (let i = best; i < best + length; i++) moment += profile[i]! * (i + 0.5);
  return moment / inside / profile.length;
}

/** The three energies, each with the sum 1 where there is any, by their shares. */
function energyOf(light: Map2d): Map2d {
  const sum = new Float32Array(light.data.length);
  const maps = { edges: edges(light), contrast: contrast(light), entropy: entropy(light) };
  for (const [name, share] of Object.entries(SHARES)) {
    const map = maps[name as keyof typeof SHARES];
    const total = map.reduce((whole, value) => whole + value, 0);
    if (total <= 1e-6 * map.length) continue;
    for (let i = 0; i < map.length; i++) sum[i]! += (share * map[i]!) / total;
  }
  return { ...light, data: sum };
}

/** Length of the gradient by central differences. */
function edges({ width, height, data }: Map2d): Float32Array {
  const at = (x: number, y: number) =>
    data[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)]!;
  return Float32Array.from(data, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return Math.hypot(at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1));
  });
}

/** Distance from the median along the picture's rim, which is its ground in most. */
function contrast({ width, height, data }: Map2d): Float32Array {
  const rim = data.filter((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x === 0 || y === 0 || x === width - 1 || y === height - 1;
  });
  const ground = rim.sort()[rim.length >> 1]!;
  return data.map((value) => Math.abs(value - ground));
}

/** Shannon's entropy, in bits, of the block around each pixel. */
function entropy({ width, height, data }: Map2d): Float32Array {
  const columns = Math.ceil(width / BLOCK);
  const blocks = new Float32Array(columns * Math.ceil(height / BLOCK));
  for (let block = 0; block < blocks.length; block++) {
    const [left, top] = [(block % columns) * BLOCK, Math.floor(block / columns) * BLOCK];
    const histogram = new Uint16Array(BINS);
    let count = 0;
    for (let y = top; y < Math.min(top + BLOCK, height); y++) {
      for (let x = left; x < Math.min(left + BLOCK, width); x++) {
        histogram[Math.min(BINS - 1, Math.floor(data[y * width + x]! * BINS))]!++;
        count++;
      }
    }
    for (const filled of histogram)
      if (filled > 0) blocks[block]! -= (filled / count) * Math.log2(filled / count);
  }
  return Float32Array.from(
    data,
    (_, i) => blocks[Math.floor(Math.floor(i / width) / BLOCK) * columns + Math.floor((i % width) / BLOCK)]!,
  );
}

/** Rec. 709 luma 0 … 1 of the picture on white, each pixel the mean of those that fall into it. */
function luminance({ width, height, pixels }: Pixels): Map2d {
  const scale = Math.max(1, Math.max(width, height) / LONGEST_SIDE);
  const [columns, rows] = [Math.max(1, Math.floor(width / scale)), Math.max(1, Math.floor(height / scale))];
  const sums = new Float32Array(columns * rows);
  const counts = new Uint32Array(columns * rows);
  for (let y = 0; y < height; y++) {
    const row = Math.min(rows - 1, Math.floor((y * rows) / height)) * columns;
    for (let x = 0; x < width; x++) {
      const place = row + Math.min(columns - 1, Math.floor((x * columns) / width));
      const i = 4 * (y * width + x);
      const alpha = pixels[i + 3]! / 255;
      const luma = (0.2126 * pixels[i]! + 0.7152 * pixels[i + 1]! + 0.0722 * pixels[i + 2]!) / 255;
      sums[place]! += alpha * luma + 1 - alpha;
      counts[place]!++;
    }
  }
  return { width: columns, height: rows, data: sums.map((sum, i) => sum / counts[i]!) };
}
