// Blobs in memory: the store for tests of rules that need no R2.
import { type BlobFacts, type BlobStore, type BlobType, checkDigest, checkRange } from './blob-store.ts';
import { StorageError } from './error.ts';

/** Makes an empty store. Its blobs live as long as it does. */
export function memoryBlobStore(): BlobStore {
  type Held = { readonly bytes: Uint8Array<ArrayBuffer>; readonly type: BlobType };
  const blobs = new Map<string, Held>();
  const withheld = new Map<string, Held>();
  const move = (from: Map<string, Held>, to: Map<string, Held>, sha256: string): void => {
    const held = from.get(sha256);
    if (held !== undefined) to.set(sha256, held);
    from.delete(sha256);
  };
  const factsOf = (sha256: string): BlobFacts | undefined => {
    const blob = blobs.get(sha256);
    return blob === undefined ? undefined : { sha256, size: blob.bytes.length, type: blob.type };
  };
  const put: BlobStore['put'] = async (sha256, bytes, type) => {
    await checkDigest(sha256, bytes);
    if (blobs.has(sha256)) return 'present';
    blobs.set(sha256, { bytes: bytes.slice(), type });
    return 'stored';
  };
  return {
    put,
    async putStream(sha256, size, body, type) {
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      if (bytes.length !== size) {
        throw new StorageError('length', 'there are fewer or more bytes than were told', {
          where: sha256,
          expected: `${size} bytes`,
          found: String(bytes.length),
        });
      }
      return put(sha256, bytes, type);
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
    async remove(sha256s) {
      for (const sha256 of sha256s) blobs.delete(sha256);
    },
    async withhold(sha256) {
      move(blobs, withheld, sha256);
    },
    async restore(sha256) {
      move(withheld, blobs, sha256);
    },
  };
}
