// Blobs in R2. The only file that knows R2.
import type { R2Bucket, R2Object } from '@cloudflare/workers-types';
import { type BlobFacts, type BlobStore, blobType, checkDigest, checkRange } from './blob-store.ts';

/** The bucket as the worker's environment binds it. */
export type BlobBucket = R2Bucket;

/** Keeps blobs in `bucket`, each under its digest as the key. */
export function r2BlobStore(bucket: BlobBucket): BlobStore {
  return {
    async put(sha256, bytes, type) {
      // R2 checks the digest too, but only of a body that it takes: a wrong body under a taken key must not
      // pass for success.
      await checkDigest(sha256, bytes);
      const stored = await bucket.put(sha256, bytes, {
        onlyIf: { etagDoesNotMatch: '*' },
        sha256,
        httpMetadata: { contentType: type },
      });
      return stored === null ? 'present' : 'stored';
    },
    async head(sha256) {
      const object = await bucket.head(sha256);
      return object === null ? undefined : factsOf(object);
    },
    async get(sha256, range) {
      const object = await bucket.get(sha256, range === undefined ? {} : { range }).catch(async (error) => {
        // R2 tells an impossible range in many ways, or not at all: see below.
        const head = range === undefined ? null : await bucket.head(sha256);
        if (head !== null && range !== undefined) checkRange(factsOf(head), range);
        throw error;
      });
      if (object === null) return undefined;
      const facts = factsOf(object);
      if (range !== undefined) {
        try {
          checkRange(facts, range);
        } catch (error) {
          await object.body.cancel();
          throw error;
        }
      }
      // The same streams under the names of another library of types.
      return { ...facts, body: object.body as unknown as ReadableStream<Uint8Array> };
    },
  };
}

/** Every blob of the bucket, in the order of digests; for backups and collection, never for readers. */
export async function* listBlobs(bucket: BlobBucket): AsyncGenerator<BlobFacts> {
  let cursor: string | undefined;
  do {
    const page = await bucket.list({
      include: ['httpMetadata'],
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const object of page.objects) if (isDigest(object.key)) yield factsOf(object);
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

/** Other keys hold parts of uploads that are not finished. */
function isDigest(key: string): boolean {
  return /^[0-9a-f]{64}$/.test(key);
}

function factsOf(object: R2Object): BlobFacts {
  return { sha256: object.key, size: object.size, type: blobType(object.httpMetadata?.contentType) };
}
