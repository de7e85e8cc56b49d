// What a blob cache is: downloaded bytes under their SHA-256, checked on the way in, whole or not there at all.
import { sha256 as createSha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { CacheError } from './error.ts';

export interface CachedBlob {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

export interface BlobCache {
  /** The blob, whose bytes are read only when asked for; `undefined` where it is not kept. */
  get(sha256: string): Promise<Blob | undefined>;
  /**
   * Keeps a stream of `size` bytes and gives the blob back. Throws `cache/digest` or `cache/size` when the
   * bytes are other ones and `cache/quota` when there is no room; a stream that fails fails this with its own
   * reason. After a failure nothing of it is left. A blob that is there already
   * stays, so that readers of it are not disturbed.
   */
  put(sha256: string, size: number, stream: ReadableStream<Uint8Array>): Promise<Blob>;
  /** All blobs, in order of their digests. */
  list(): Promise<readonly CachedBlob[]>;
  /** Whether there was one. */
  delete(sha256: string): Promise<boolean>;
  clear(): Promise<void>;
}

/** Throws `cache/digest` unless this is a SHA-256 in lower-case hexadecimal: digests become file names. */
export function checkDigestText(sha256: string): void {
  if (isDigest(sha256)) return;
  throw new CacheError('digest', 'not a SHA-256', {
    expected: '64 lower-case hexadecimal digits',
    found: sha256,
  });
}

export function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** Ends a stream that will not be read (on), so that its connection is freed. */
export async function release(stream: ReadableStream, reason: unknown): Promise<void> {
  // Cancelling a stream that failed by itself fails with its own reason, which the caller has already.
  if (!stream.locked) await stream.cancel(reason).catch(() => {});
}

/**
 * Passes bytes through and fails at the first byte too many, or at the end when bytes are missing
 * (`cache/size`) or the digest is another (`cache/digest`). The last chunk is held back until all is known to
 * be right, so that no reader ever gets the whole of a wrong blob.
 */
export function verifier(sha256: string, size: number): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  const hash = createSha256.create();
  let length = 0;
  let held: Uint8Array<ArrayBuffer> | undefined;
  const wrongSize = (found: string) =>
    new CacheError('size', 'the download has another size than announced', {
      where: sha256,
      expected: `${size} bytes`,
      found,
    });
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > size) throw wrongSize('more');
      hash.update(chunk);
      if (held !== undefined) controller.enqueue(held);
      held = chunk as Uint8Array<ArrayBuffer>;
    },
    flush(controller) {
      if (length !== size) throw wrongSize(`${length} bytes`);
      const found = bytesToHex(hash.digest());
      if (found !== sha256) {
        throw new CacheError('digest', 'the download is not what its digest names', {
          where: sha256,
          expected: sha256,
          found,
          fix: 'Download it again; if that fails too, the source is damaged.',
        });
      }
      if (held !== undefined) controller.enqueue(held);
    },
  });
}
