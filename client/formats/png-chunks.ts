// The chunks of a PNG file: found with bounds and checksums, and put together again.
import { crc32 } from './crc32.ts';
import { FormatError } from './errors.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Length, type and checksum. */
const FRAME_BYTES = 12;

export interface PngChunk {
  /** Four letters. */
  readonly type: string;
  readonly data: Uint8Array;
}

/** True for bytes that begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * The chunks from IHDR to IEND, as views of `bytes`. Throws `format/truncated` where one runs past the end, and
 * `format/invalid` for a wrong signature or checksum. What follows IEND is ignored.
 */
export function readPngChunks(bytes: Uint8Array, where = 'PNG'): PngChunk[] {
  if (!isPng(bytes)) throw new FormatError('invalid', 'not a PNG file', { where });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  let at = SIGNATURE.length;
  for (;;) {
    const room = bytes.length - at - FRAME_BYTES;
    if (room < 0 || view.getUint32(at) > room) {
      throw new FormatError('truncated', 'the picture ends too early', { where: `${where}, byte ${at}` });
    }
    const length = view.getUint32(at);
    const covered = bytes.subarray(at + 4, at + 8 + length);
    const type = String.fromCharCode(...covered.subarray(0, 4));
    if (crc32(covered) !== view.getUint32(at + 8 + length)) {
      throw new FormatError('invalid', `the checksum of chunk ${JSON.stringify(type)} is wrong`, {
        where: `${where}, byte ${at}`,
      });
    }
    if (chunks.length === 0 && type !== 'IHDR') {
      throw new FormatError('invalid', 'the picture does not begin with IHDR', { where });
    }
    chunks.push({ type, data: covered.subarray(4) });
    if (type === 'IEND') return chunks;
    at += FRAME_BYTES + length;
  }
}

/** A PNG file of these chunks. */
export function writePngChunks(chunks: readonly PngChunk[]): Uint8Array<ArrayBuffer> {
  let size = SIGNATURE.length;
  for (const { data } of chunks) size += FRAME_BYTES + data.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const { type, data } of chunks) {
    view.setUint32(at, data.length);
    for (let i = 0; i < 4; i++) bytes[at + 4 + i] = type.charCodeAt(i);
    bytes.set(data, at + 8);
    view.setUint32(at + 8 + data.length, crc32(bytes.subarray(at + 4, at + 8 + data.length)));
    at += FRAME_BYTES + data.length;
  }
  return bytes;
}
