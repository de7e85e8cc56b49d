// Byte sources in memory: a buffer, and a Blob that is read lazily.
import type { ByteSource } from './entry.ts';
import { FormatError } from './errors.ts';

/** Engines refuse one ArrayBuffer above about 2 GiB; a single tensor of a style or checkpoint is far below. */
export const MAX_READ_BYTES = 2 ** 31 - 1;

/** A buffer in memory. The bytes must not change while the source is in use. */
export function bytesSource(name: string, bytes: Uint8Array | ArrayBuffer): ByteSource {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    name,
    size: view.byteLength,
    async read(offset, length) {
      checkRange(name, view.byteLength, offset, length);
      return new Uint8Array(view.subarray(offset, offset + length));
    },
  };
}

/** A Blob or File; only the ranges that are asked for are read. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    blob,
    async read(offset, length) {
      checkRange(name, blob.size, offset, length);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}

/** Throws `format/truncated` or `format/too-large` unless [offset, offset + length) may be read. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!valid || offset + length > size) {
    throw new FormatError('truncated', 'the file ends too early', {
      where: `${name}, byte ${offset}`,
      expected: `${length} bytes`,
      found: `a file of ${size} bytes`,
      fix: 'The file may not have been downloaded whole.',
    });
  }
  if (length > MAX_READ_BYTES) {
    throw new FormatError('too-large', 'one read is too large', {
      where: `${name}, byte ${offset}`,
      expected: `at most ${MAX_READ_BYTES} bytes`,
      found: `${length}`,
    });
  }
}
