// Between latent and picture: the decoder's output as 8-bit pixels, the encoder's mean, and a cheap linear preview of a latent.
import type { Session } from '../runtime/session.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Picture } from './engine.ts';

/** Decodes a latent [1, c, h, w] as the sampler left it. `scale` is the model's latent scale. */
export async function decodeLatent(latents: Tensor, scale: number, decoder: Session): Promise<Picture> {
  const { image } = await decoder.run({
    latent: tensor(
      latents.shape,
      latents.data.map((value) => value / scale),
    ),
  });
  return toPicture(image!);
}

/**
 * The latent [1, c, h, w] of an image [1, 3, height, width] in −1 … 1, times `scale`, the model's latent scale. It is the mean of
 * the encoder's distribution, where the reference draws a sample of it: the same picture always gives the same latent.
 */
export async function encodeMean(image: Tensor, scale: number, encoder: Session): Promise<Tensor> {
  const { moments } = await encoder.run({ image });
  const [, both, height, width] = moments!.shape as [number, number, number, number];
  const mean = moments!.data.subarray(0, moments!.data.length / 2);
  return tensor(
    [1, both / 2, height, width],
    mean.map((value) => value * scale),
  );
}

/** [1, 3, height, width] in −1 … 1 to RGBA. Values outside are clamped, then rounded to the nearest of 256 levels. */
export function toPicture({ shape, data }: Tensor): Picture {
  const [, , height, width] = shape as [number, number, number, number];
  const area = width * height;
  const pixels = new Uint8ClampedArray(area * 4);
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[i * 4 + channel] = (data[channel * area + i]! + 1) * 127.5;
    }
    pixels[i * 4 + 3] = 255;
  }
  return { width, height, pixels };
}

/** Side of the probe latent, in latents: few enough to decode in moments, enough blocks for the fit. */
const PROBE_SIDE = 16;
/** Each probe block is constant, so that its centre shows the colour of that latent value. */
const PROBE_BLOCK = 4;

/** Latent → colour as an affine map, one row per colour: `channels` factors, then the offset. */
export type PreviewMap = readonly (readonly number[])[];

/**
 * Fits the colours of a decoded probe to its latent values by least squares, once per model: good enough to watch a
 * picture form, at no cost per step, and right for any decoder.
 */
export async function fitPreview(channels: number, scale: number, decoder: Session): Promise<PreviewMap> {
  const blocks = PROBE_SIDE / PROBE_BLOCK;
  const latent = new Float32Array(channels * PROBE_SIDE ** 2);
  const values: number[][] = [];
  for (let block = 0; block < blocks ** 2; block++) {
    // Low-discrepancy values in −1.5 … 1.5: deterministic, and spread over all channels.
    const value = Array.from(
      { length: channels },
      (_, c) => (((block + 1) * Math.sqrt([2, 3, 5, 7, 11, 13, 17, 19][c % 8]!)) % 1) * 3 - 1.5,
    );
    values.push([...value, 1]);
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < PROBE_BLOCK; y++) {
        const row = Math.floor(block / blocks) * PROBE_BLOCK + y;
        const start = (c * PROBE_SIDE + row) * PROBE_SIDE + (block % blocks) * PROBE_BLOCK;
        latent.fill(value[c]!, start, start + PROBE_BLOCK);
      }
    }
  }
  const picture = await decodeLatent(tensor([1, channels, PROBE_SIDE, PROBE_SIDE], latent), scale, decoder);
  const step = picture.width / blocks;
  return [0, 1, 2].map((colour) => {
    const targets = values.map((_, block) => {
      const x = Math.floor(((block % blocks) + 0.5) * step);
      const y = Math.floor((Math.floor(block / blocks) + 0.5) * step);
      return picture.pixels[(y * picture.width + x) * 4 + colour]!;
    });
    return leastSquares(values, targets);
  });
}

/** A latent [1, c, h, w] seen through the fitted map: RGBA at latent resolution. */
export function previewLatent({ shape, data }: Tensor, map: PreviewMap): Picture {
  const [, channels, height, width] = shape as [number, number, number, number];
  const area = width * height;
  const pixels = new Uint8ClampedArray(area * 4);
  for (let i = 0; i < area; i++) {
    for (let colour = 0; colour < 3; colour++) {
      const factors = map[colour]!;
      let sum = factors[channels]!;
      for (let c = 0; c < channels; c++) sum += factors[c]! * data[c * area + i]!;
      pixels[i * 4 + colour] = sum;
    }
    pixels[i * 4 + 3] = 255;
  }
  return { width, height, pixels };
}

/** Solves min‖A·x − b‖² by the normal equations with Gaussian elimination; A is a few columns wide. */
function leastSquares(rows: readonly (readonly number[])[], targets: readonly number[]): number[] {
  const n = rows[0]!.length;
  const matrix = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) =>
      rows.reduce((sum, row) => sum + row[i]! * row[j]!, i === j ? 1e-6 : 0),
    ),
    rows.reduce((sum, row, r) => sum + row[i]! * targets[r]!, 0),
  ]);
  for (let pivot = 0; pivot < n; pivot++) {
    for (let row = 0; row < n; row++) {
      if (row === pivot) continue;
      const factor = matrix[row]![pivot]! / matrix[pivot]![pivot]!;
      for (let column = pivot; column <= n; column++)
        matrix[row]![column] = matrix[row]![column]! - factor * matrix[pivot]![column]!;
    }
  }
  return matrix.map((row, i) => row[n]! / row[i]!);
}
