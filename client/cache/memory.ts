// A blob cache in memory, for where nothing can be stored, and for tests.
import { type BlobCache, checkDigestText, release, verifier } from './blob-cache.ts';
import { quotaError } from './error.ts';

/** Room of a memory cache where the caller names none: a few styles and a small model. */
export const DEFAULT_MEMORY_BYTES = 512 * 2 ** 20;

export interface MemoryCacheOptions {
  /** Bytes of all blobs together. */
  readonly maximumBytes?: number;
}

/** Makes an empty cache that lives as long as it is referred to. A full one answers `cache/quota`. */
export function memoryCache({ maximumBytes = DEFAULT_MEMORY_BYTES }: MemoryCacheOptions = {}): BlobCache {
  const blobs = new Map<string, Blob>();
  const hasRoom = (sha256: string, size: number): boolean => {
    let used = 0;
    for (const [other, blob] of blobs) if (other !== sha256) used += blob.size;
    return used + size <= maximumBytes;
  };
  return {
    async get(sha256) {
      return blobs.get(sha256);
    },
    async put(sha256, size, stream) {
      checkDigestText(sha256);
      if (!hasRoom(sha256, size)) {
        const error = quotaError(sha256, size);
        await release(stream, error);
        throw error;
      }
      const blob = await new Response(stream.pipeThrough(verifier(sha256, size))).blob();
      // Others may have come in meanwhile, this very blob too.
      const present = blobs.get(sha256);
      if (present !== undefined) return present;
      if (!hasRoom(sha256, size)) throw quotaError(sha256, size);
      blobs.set(sha256, blob);
      return blob;
    },
    async list() {
      return [...blobs]
        .map(([sha256, blob]) => ({ sha256, size: blob.size }))
        .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    },
    async delete(sha256) {
      return blobs.delete(sha256);
    },
    async clear() {
      blobs.clear();
    },
  };
}
