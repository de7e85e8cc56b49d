// The bounds check that every byte source does before it reads.
import { FormatError } from './errors.ts';

/** Engines refuse one ArrayBuffer above about 2 GiB; a single tensor of a style or checkpoint is far below. */
export const MAX_READ_BYTES = 2 ** 31 - 1;

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
