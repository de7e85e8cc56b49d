// Inflating compressed data with a bound on what comes out.
import { Inflate, Unzlib } from 'fflate';
import { FormatError } from './errors.ts';

/** Input is fed in pieces; one piece expands to 4 MB at most, so the bound is missed by no more than that. */
const PIECE_BYTES = 4096;

/** With zlib's header and checksum (PNG), or bare (zip). */
export type Wrapping = 'zlib' | 'deflate';

/**
 * Inflates a whole stream. Throws `format/too-large` as soon as more than `limit` bytes have come out, and
 * `format/invalid` or `format/truncated` for broken data.
 */
export function inflateBounded(
  wrapping: Wrapping,
  bytes: Uint8Array,
  limit: number,
  where: string,
): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  const take = (chunk: Uint8Array, final: boolean): void => {
    chunks.push(chunk);
    length += chunk.length;
    ended = final;
  };
  const stream = wrapping === 'zlib' ? new Unzlib(take) : new Inflate(take);
  try {
    for (let at = 0; at < bytes.length && length <= limit; at += PIECE_BYTES) {
      stream.push(bytes.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= bytes.length);
    }
  } catch (cause) {
    throw new FormatError('invalid', 'the compressed data is broken', { where, cause });
  }
  if (length > limit) {
    throw new FormatError('too-large', 'the compressed data is larger than allowed', {
      where,
      expected: `at most ${limit} bytes`,
    });
  }
  if (!ended) throw new FormatError('truncated', 'the compressed data ends too early', { where });
  const result = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    result.set(chunk, offset);
    offset += chunk.length;
  }
  return result;
}
