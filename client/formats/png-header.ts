// The first bytes of a PNG: size, depth and colour type, without the picture.
import { crc32 } from './crc32.ts';
import { FormatError } from './errors.ts';
import { isPng } from './png-chunks.ts';

/** Signature, and the header's chunk whole. */
export const PNG_HEADER_BYTES = 33;
/** Depths by colour type (PNG specification, 11.2.2). */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

export interface PngHeader {
  readonly width: number;
  readonly height: number;
}

/** Reads the header from the file's first `PNG_HEADER_BYTES`. Throws `format/truncated` or `format/invalid`. */
export function readPngHeader(bytes: Uint8Array, where = 'PNG'): PngHeader {
  if (!isPng(bytes)) throw new FormatError('invalid', 'not a PNG file', { where });
  if (bytes.length < PNG_HEADER_BYTES) {
    throw new FormatError('truncated', 'the picture ends too early', { where });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunk = bytes.subarray(12, 29);
  const isHeader = view.getUint32(8) === 13 && String.fromCharCode(...chunk.subarray(0, 4)) === 'IHDR';
  if (!isHeader || crc32(chunk) !== view.getUint32(29)) {
    throw new FormatError('invalid', 'the picture does not begin with a whole IHDR', { where });
  }
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width > 0 && height > 0 && DEPTHS[view.getUint8(25)]?.includes(view.getUint8(24))) {
    return { width, height };
  }
  throw new FormatError('invalid', 'the header is impossible', { where, found: `${width} × ${height}` });
}
