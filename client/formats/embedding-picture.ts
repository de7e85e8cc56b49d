// Embeddings inside pictures: in a text chunk, or in strips of pixels at both sides, as AUTOMATIC1111's web UI saves them.
import type { ByteSource } from './entry.ts';
import { FormatError } from './errors.ts';
import { inflateBounded } from './inflate.ts';
import { decodePng, type Pixels, pngSize } from './png.ts';
import { readPngText } from './png-text.ts';

/** The PNG text that holds an embedding as base64 of JSON. */
export const EMBEDDING_KEYWORD = 'sd-ti-embedding';
/** A whole picture with its embedding is read into memory. */
const MAX_PICTURE_BYTES = 64 * 2 ** 20;
/** Larger pictures are not looked at for strips: the web UI's have some hundred pixels a side. */
const MAX_STRIPS_PIXELS = 2 ** 22;
/** The JSON in the strips; 75 vectors of width 2048 are 4 MB of digits. */
const MAX_JSON_BYTES = 16 * 2 ** 20;
const CHANNELS = 3;

/** The JSON value of the embedding in a picture; undefined for a picture without one. Throws FormatError for a broken text. */
export async function pictureEmbedding(source: ByteSource): Promise<unknown> {
  if (source.size > MAX_PICTURE_BYTES) {
    throw new FormatError('too-large', 'the picture is too large', {
      where: source.name,
      expected: `at most ${MAX_PICTURE_BYTES} bytes`,
    });
  }
  const bytes = await source.read(0, source.size);
  const text = readPngText(bytes, source.name)[EMBEDDING_KEYWORD];
  if (text !== undefined) return fromText(text, `${source.name}, text ${EMBEDDING_KEYWORD}`);
  const { width, height } = pngSize(bytes, source.name);
  if (width * height > MAX_STRIPS_PIXELS) return undefined;
  const pixels = pixelsOf(bytes);
  return pixels && fromStrips(pixels);
}

/** Undefined for pixels that cannot be read: they hold no strips, and what else the file holds is not asked here. */
function pixelsOf(bytes: Uint8Array): Pixels | undefined {
  try {
    return decodePng(bytes);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function fromText(text: string, where: string): unknown {
  try {
    return JSON.parse(
      new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0))),
    );
  } catch (cause) {
    throw new FormatError('invalid', 'not base64 of JSON', { where, cause });
  }
}

/**
 * The left strip holds the low half of every byte, the right strip the high half, each in the low four bits of a channel and
 * combined with a fixed sequence; the high bits are decoration. A black column parts each strip from the picture. What does not
 * inflate to JSON is a picture like any other.
 */
function fromStrips(picture: Pixels): unknown {
  const inside = withoutBorder(picture);
  if (inside === undefined) return undefined;
  const { left, right, top, bottom } = inside;
  const low = (x: number, y: number, channel: number): number =>
    picture.pixels[(y * picture.width + x) * 4 + channel]! & 15;
  const black: number[] = [];
  for (let x = left; x < right; x++) if (isBlackColumn(low, x, top, bottom)) black.push(x);
  const [first, last] = [black[0], black.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const width = first - left;
  if (width === 0 || right - last - 1 !== width) return undefined;
  const bytes = new Uint8Array(width * (bottom - top) * CHANNELS);
  const mask = maskSequence();
  for (let i = 0; i < bytes.length; i++) {
    const x = Math.floor(i / CHANNELS) % width;
    const y = top + Math.floor(i / CHANNELS / width);
    const known = mask();
    bytes[i] = ((low(last + 1 + x, y, i % CHANNELS) ^ known) << 4) | (low(left + x, y, i % CHANNELS) ^ known);
  }
  try {
    return JSON.parse(new TextDecoder().decode(inflateBounded('zlib', bytes, MAX_JSON_BYTES, 'strips')));
  } catch {
    return undefined;
  }
}

/** The rectangle between the first and last rows and columns that have a pixel with no zero channel. */
function withoutBorder({ width, height, pixels }: Pixels) {
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 4;
      if (pixels[i] === 0 || pixels[i + 1] === 0 || pixels[i + 2] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  return right === 0 ? undefined : { left, right, top, bottom };
}

function isBlackColumn(
  low: (x: number, y: number, channel: number) => number,
  x: number,
  top: number,
  bottom: number,
): boolean {
  for (let y = top; y < bottom; y++) {
    for (let channel = 0; channel < CHANNELS; channel++) if (low(x, y, channel) !== 0) return false;
  }
  return true;
}

/** Four bits a call: a linear congruential generator (multiplier and increment of Numerical Recipes), begun at 0. */
function maskSequence(): () => number {
  let state = 0;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (state % 255) & 15;
  };
}
