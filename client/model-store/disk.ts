// Files onto this disk, piece by piece with their digest, and whether there is room for them.
import { createHash } from 'node:crypto';
import { mkdir, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ByteSource } from '../formats/entry.ts';
import { StoreError, storeFailure } from './errors.ts';

/** Bytes read and written at once. */
const PIECE_BYTES = 8 * 2 ** 20;

export interface Watch {
  readonly signal?: AbortSignal | undefined;
  /** Words for what is under way, bytes done and in all. */
  readonly onProgress?: ((message: string, done: number, total: number) => void) | undefined;
}

/** Copies a file and gives its SHA-256. Throws `store/quota`, or the signal's reason. */
export async function copyWithDigest(
  source: ByteSource,
  path: string,
  watch: Watch,
  message: string,
): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  try {
    for (let at = 0; at < source.size; at += PIECE_BYTES) {
      watch.signal?.throwIfAborted();
      const piece = await source.read(at, Math.min(PIECE_BYTES, source.size - at));
      hash.update(piece);
      await file.writeFile(piece);
      watch.onProgress?.(message, at + piece.length, source.size);
    }
    await file.sync();
  } catch (error) {
    throw storeFailure(error, path);
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** SHA-256 of a file. */
export async function fileDigest(source: ByteSource, watch: Watch, message: string): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < source.size; at += PIECE_BYTES) {
    watch.signal?.throwIfAborted();
    const piece = await source.read(at, Math.min(PIECE_BYTES, source.size - at));
    hash.update(piece);
    watch.onProgress?.(message, at + piece.length, source.size);
  }
  return hash.digest('hex');
}

/** Throws `store/quota` where the disk of `folder`, which exists, has less room than this. */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const room = bavail * bsize;
  if (room >= bytes) return;
  throw new StoreError('quota', 'the disk has no room for the model', {
    where: folder,
    expected: `${bytes} bytes free`,
    found: `${room}`,
    fix: 'Free space, or remove a model with `tincture models remove`.',
  });
}
