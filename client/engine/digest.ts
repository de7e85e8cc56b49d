// SHA-256 of a file of any size, read in pieces.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { ByteSource } from '../formats/entry.ts';

/** Bytes read at once. */
const PIECE = 8 * 2 ** 20;

/** Lower-case hexadecimal SHA-256. */
export async function digestOf(source: ByteSource, signal?: AbortSignal): Promise<string> {
  const hash = sha256.create();
  for (let offset = 0; offset < source.size; offset += PIECE) {
    signal?.throwIfAborted();
    hash.update(await source.read(offset, Math.min(PIECE, source.size - offset)));
  }
  return bytesToHex(hash.digest());
}
