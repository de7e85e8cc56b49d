// The mask of a start picture: checked, read as levels, blurred, and brought to latents.
import type { GenerateRequest, MaskedContent, Picture } from './engine.ts';
import { EngineError } from './errors.ts';
import { resample, type Size } from './resample.ts';
import { CUBIC } from './resample-filter.ts';
import { checkStartPicture } from './start-picture.ts';

/** What the pixels begin on that are drawn anew; as AUTOMATIC1111's web UI names them. */
export const MASKED_CONTENTS: readonly MaskedContent[] = [
  'original',
  'fill',
  'latent noise',
  'latent nothing',
];

/** A checked mask. */
export interface PlannedMask {
  /** Of the size of the start picture. */
  readonly picture: Picture;
  /** Pixels of the picture drawn: the standard deviation. */
  readonly blur: number;
  readonly content: MaskedContent;
}

/** How much each pixel is drawn anew: 0 … 255, row by row. */
export interface Levels extends Size {
  readonly values: Uint8ClampedArray<ArrayBuffer>;
}

const DEFAULT_BLUR = 4;
/** Transparency beyond this is black, as the web UI reads masks that have some. */
const OPAQUE_ENOUGH = 128;

/** Throws `engine/request` for a mask without a picture or of another size; `blur` and `content` are checked already. */
export function planMask(
  { image, mask, maskBlur: blur = DEFAULT_BLUR }: GenerateRequest,
  content: MaskedContent,
): PlannedMask | undefined {
  if (mask === undefined) return undefined;
  if (image === undefined) {
    throw refused('an image that it masks', 'none', 'Give the picture that the mask belongs to as image.');
  }
  const picture = checkStartPicture(mask, 'mask');
  if (picture.width !== image.width || picture.height !== image.height) {
    throw refused(
      `the picture’s ${image.width} × ${image.height} pixels`,
      `${picture.width} × ${picture.height}`,
      'Scale the mask to the picture’s size.',
    );
  }
  return { picture, blur, content };
}

/** The mask at the size drawn, as the start picture is brought to it, then blurred. */
export function maskLevels({ picture, blur }: PlannedMask, size: Size): Levels {
  return blurred(brought(readMask(picture), size), blur);
}

/** A mask with transparent parts is its own opacity, in black and white; one without is its luminance (ITU-R 601). */
function readMask({ width, height, pixels }: Picture): Levels {
  const values = new Uint8ClampedArray(width * height);
  let transparent = false;
  for (let i = 3; i < pixels.length && !transparent; i += 4) transparent = pixels[i] !== 255;
  for (let i = 0; i < values.length; i++) {
    const at = 4 * i;
    values[i] = transparent
      ? 255 * Number(pixels[at + 3]! > OPAQUE_ENOUGH)
      : 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
  }
  return { width, height, values };
}

function brought(levels: Levels, size: Size): Levels {
  if (levels.width === size.width && levels.height === size.height) return levels;
  return scaled(levels, size);
}

function scaled(levels: Levels, size: Size, filter?: Parameters<typeof resample>[2]): Levels {
  const { data } = resample(greyPicture(levels), size, filter);
  const values = new Uint8ClampedArray(size.width * size.height);
  for (let i = 0; i < values.length; i++) values[i] = (data[i]! + 1) * 127.5;
  return { ...size, values };
}

function greyPicture({ width, height, values }: Levels): Picture {
  const pixels = new Uint8ClampedArray(4 * values.length);
  for (const [i, value] of values.entries())
    pixels.fill(value, 4 * i, 4 * i + 3).fill(255, 4 * i + 3, 4 * i + 4);
  return { width, height, pixels };
}

/** A Gaussian as far as two and a half deviations, along rows and then columns; the picture goes on mirrored at its edges. */
function blurred(levels: Levels, deviation: number): Levels {
  const reach = Math.floor(2.5 * deviation + 0.5);
  if (reach === 0) return levels;
  const { width, height, values } = levels;
  const bell = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * deviation ** 2)),
  );
  const sum = bell.reduce((all, weight) => all + weight, 0);
  const weights = bell.map((weight) => weight / sum);
  const along = (from: Uint8ClampedArray, count: number, step: number, lines: number, lineStep: number) => {
    const places = Array.from({ length: count + 2 * reach }, (_, i) => step * mirrored(i - reach, count));
    const result = new Uint8ClampedArray(from.length);
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < count; i++) {
        let level = 0;
        for (let k = 0; k < weights.length; k++)
          level += weights[k]! * from[line * lineStep + places[i + k]!]!;
        result[line * lineStep + i * step] = level;
      }
    }
    return result;
  };
  const rows = along(values, width, 1, height, width);
  return { width, height, values: along(rows, height, width, width, 1) };
}

/** The place inside 0 … count − 1 that a place outside shows; the edge itself is not repeated. */
function mirrored(place: number, count: number): number {
  if (count === 1) return 0;
  const period = 2 * (count - 1);
  const within = ((place % period) + period) % period;
  return within < count ? within : period - within;
}

/** [h, w]: 1 where the latent is drawn anew, else 0; the mask reduced (bicubic) and rounded. */
export function latentMask(levels: Levels, size: Size): Float32Array<ArrayBuffer> {
  const { values } = scaled(levels, size, CUBIC);
  return Float32Array.from(values, (level) => Number(level > 127));
}

/** The drawn picture within the mask, at twice its level, over the original: what is outside stays as it was. */
export function layOver(drawn: Picture, original: Picture, { values }: Levels): Picture {
  const pixels = new Uint8ClampedArray(drawn.pixels);
  for (const [i, level] of values.entries()) {
    const share = Math.min(2 * level, 255) / 255;
    for (let c = 4 * i; c < 4 * i + 4; c++) {
      pixels[c] = share * drawn.pixels[c]! + (1 - share) * original.pixels[c]!;
    }
  }
  return { ...drawn, pixels };
}

function refused(expected: string, found: string, fix: string): EngineError {
  return new EngineError('engine/request', 'mask cannot be used', { expected, found, fix });
}
