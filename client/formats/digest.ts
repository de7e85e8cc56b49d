// SHA-256 of a file of any size, read in pieces.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ByteSource } from './entry.ts';

/** Bytes read at once. */
const PIECE = 8 * 2 ** 20;

/** Lower-case hexadecimal SHA-256. `onPiece` sees all bytes in order, for who needs another sum of the same file. */
export async function digestOf(
  source: ByteSource,
  signal?: AbortSignal,
  onPiece?: (bytes: Uint8Array) => void,
): Promise<string> {
  const hash = sha256.create();
  for (let offset = 0; offset < source.size; offset += PIECE) {
    signal?.throwIfAborted();
    const bytes = await source.read(offset, Math.min(PIECE, source.size - offset));
    hash.update(bytes);
    onPiece?.(bytes);
  }
  return bytesToHex(hash.digest());
}

/** Lower-case hexadecimal SHA-256 of bytes in memory. */
export function digestOfBytes(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}
