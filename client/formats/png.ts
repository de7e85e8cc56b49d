// Pictures to PNG and back, as RGBA of 8 bits.
import { convertIndexedToRgb, type DecodedPng, decode, encode } from 'fast-png';
import { FormatError } from './errors.ts';
import { inflateBounded } from './inflate.ts';
import { type PngChunk, readPngChunks, writePngChunks } from './png-chunks.ts';
import { writePngText } from './png-text.ts';

/** The largest picture that is decoded: 8192 × 8192, 256 MiB as RGBA. */
export const MAX_PIXELS = 2 ** 26;
/** Chunks that make the picture; all others (profiles, texts) stay away from the decoder. */
const PICTURE_CHUNKS = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

/** RGBA, row-major, 8 bits. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** Encodes a picture, without its alpha channel where it is opaque everywhere, with texts by keyword. */
export function encodePng(
  picture: Pixels,
  texts: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { width, height, pixels } = picture;
  const opaque = pixels.every((value, i) => i % 4 !== 3 || value === 255);
  const png = opaque
    ? encode({ width, height, data: withoutAlpha(pixels), channels: 3, depth: 8 })
    : encode({ width, height, data: pixels, channels: 4, depth: 8 });
  return writePngText(png, texts);
}

/**
 * Decodes a PNG of any colour type. Throws `format/too-large` above `MAX_PIXELS` and where the data inflates to more
 * than the header says, before the picture is allocated; FormatError for broken files. 16 bits are cut to 8.
 */
export function decodePng(bytes: Uint8Array, where = 'PNG'): Pixels {
  const chunks = readPngChunks(bytes, where).filter(({ type }) => PICTURE_CHUNKS.includes(type));
  checkSize(chunks, where);
  let png: DecodedPng;
  try {
    png = decode(writePngChunks(chunks));
  } catch (cause) {
    throw new FormatError('invalid', 'the picture is broken', { where, cause });
  }
  return toRgba(png, where);
}

/** Channels by colour type (PNG specification, 11.2.1). */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Width and height, as the header tells them. Throws FormatError. */
export function pngSize(bytes: Uint8Array, where = 'PNG'): { width: number; height: number } {
  const view = headerOf(readPngChunks(bytes, where), where);
  return { width: view.getUint32(0), height: view.getUint32(4) };
}

function headerOf(chunks: readonly PngChunk[], where: string): DataView {
  const header = chunks[0]!.data;
  if (header.length !== 13) throw new FormatError('invalid', 'the header has the wrong size', { where });
  return new DataView(header.buffer, header.byteOffset, header.byteLength);
}

function checkSize(chunks: readonly PngChunk[], where: string): void {
  const view = headerOf(chunks, where);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const channels = CHANNELS[view.getUint8(9)];
  if (width === 0 || height === 0 || channels === undefined) {
    throw new FormatError('invalid', 'the header is impossible', { where, found: `${width} × ${height}` });
  }
  if (width * height > MAX_PIXELS) {
    throw new FormatError('too-large', 'the picture is too large', {
      where,
      expected: `at most ${MAX_PIXELS} pixels`,
      found: `${width} × ${height}`,
    });
  }
  const rowBytes = Math.ceil((width * channels * view.getUint8(8)) / 8) + 1;
  // Interlacing in seven passes adds less than two filter bytes and two partial bytes a row.
  const limit = (rowBytes + 4) * height + 64;
  const parts = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data);
  inflateBounded('zlib', concatenate(parts), limit, where);
}

function toRgba(
  { width, height, data, depth, channels, palette, transparency }: DecodedPng,
  where: string,
): Pixels {
  const pixels = new Uint8ClampedArray(width * height * 4);
  if (palette !== undefined) {
    const colours = convertIndexedToRgb({ width, height, data, depth, channels, palette, text: {} });
    const size = palette[0]?.length ?? 3;
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 4; c++) pixels[i * 4 + c] = c < size ? colours[i * size + c]! : 255;
    }
    return { width, height, pixels };
  }
  if (depth < 8) {
    throw new FormatError('unsupported', 'a grey picture with less than 8 bits', {
      where,
      found: `${depth} bits`,
    });
  }
  const shift = depth === 16 ? 8 : 0;
  const colourChannels = channels < 3 ? 1 : 3;
  for (let i = 0; i < width * height; i++) {
    const from = i * channels;
    for (let c = 0; c < 3; c++) pixels[i * 4 + c] = data[from + Math.min(c, colourChannels - 1)]! >> shift;
    const keyed =
      transparency?.length === colourChannels && transparency.every((value, c) => data[from + c] === value);
    const alpha = channels % 2 === 0 ? data[from + channels - 1]! >> shift : 255;
    pixels[i * 4 + 3] = keyed ? 0 : alpha;
  }
  return { width, height, pixels };
}

function withoutAlpha(pixels: Uint8ClampedArray): Uint8Array {
  const result = new Uint8Array((pixels.length / 4) * 3);
  for (let i = 0, at = 0; i < pixels.length; i += 4) {
    result[at++] = pixels[i]!;
    result[at++] = pixels[i + 1]!;
    result[at++] = pixels[i + 2]!;
  }
  return result;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
