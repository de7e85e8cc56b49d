// Blobs in memory: the store for tests of rules that need no R2.
import { type BlobFacts, type BlobStore, type BlobType, checkDigest, checkRange } from './blob-store.ts';

/** Makes an empty store. Its blobs live as long as it does. */
export function memoryBlobStore(): BlobStore {
  const blobs = new Map<string, { readonly bytes: Uint8Array<ArrayBuffer>; readonly type: BlobType }>();
  const factsOf = (sha256: string): BlobFacts | undefined => {
    const blob = blobs.get(sha256);
    return blob === undefined ? undefined : { sha256, size: blob.bytes.length, type: blob.type };
  };
  return {
    async put(sha256, bytes, type) {
      await checkDigest(sha256, bytes);
      if (blobs.has(sha256)) return 'present';
      blobs.set(sha256, { bytes: bytes.slice(), type });
      return 'stored';
    },
    async head(sha256) {
      return factsOf(sha256);
    },
    async get(sha256, range) {
      const facts = factsOf(sha256);
      if (facts === undefined) return undefined;
      if (range !== undefined) checkRange(facts, range);
      const { offset, length } = range ?? { offset: 0, length: facts.size };
      const bytes = blobs.get(sha256)!.bytes.slice(offset, offset + length);
      return { ...facts, body: new Blob([bytes]).stream() };
    },
  };
}
