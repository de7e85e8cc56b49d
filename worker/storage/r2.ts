// Blobs in R2. The only file that knows R2.
import type {
  R2Bucket,
  R2MultipartUpload,
  R2Object,
  ReadableStream as R2Stream,
} from '@cloudflare/workers-types';
import {
  type BlobFacts,
  type BlobStore,
  type BlobType,
  blobType,
  checkDigest,
  checkRange,
} from './blob-store.ts';
import { StorageError } from './error.ts';
import type { Staging } from './staging.ts';

/** The bucket as the worker's environment binds it. */
export type BlobBucket = R2Bucket;

/** Where an upload's bytes are until their digest is checked; presigned URLs name it too. */
export const stagingKey = (id: string): string => `uploads/${id}`;
const withheldKey = (sha256: string): string => `withheld/${sha256}`;

/** Keeps blobs in `bucket`, each under its digest as the key. */
export function r2BlobStore(bucket: BlobBucket): BlobStore {
  const move = async (from: string, to: string, sha256: string): Promise<void> => {
    const object = await bucket.get(from);
    if (object !== null) {
      const { httpMetadata } = object;
      await bucket.put(to, object.body, { sha256, ...(httpMetadata === undefined ? {} : { httpMetadata }) });
    }
    // The copy is whole before the first one goes: who is interrupted here does it again.
    await bucket.delete(from);
  };
  return {
    async put(sha256, bytes, type) {
      // R2 checks the digest too, but only of a body that it takes: a wrong body under a taken key must not
      // pass for success.
      await checkDigest(sha256, bytes);
      const stored = await bucket.put(sha256, bytes, onceAs(sha256, type));
      return stored === null ? 'present' : 'stored';
    },
    async putStream(sha256, size, body, type) {
      if ((await bucket.head(sha256)) !== null) {
        await checkStream(sha256, size, body);
        return 'present';
      }
      const stored = await sized(sha256, size, body, (exact) =>
        refusingDigest(sha256, () => bucket.put(sha256, exact, onceAs(sha256, type))),
      );
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
    async remove(sha256s) {
      if (sha256s.length > 0) await bucket.delete([...sha256s]);
    },
    withhold: (sha256) => move(sha256, withheldKey(sha256), sha256),
    restore: (sha256) => move(withheldKey(sha256), sha256, sha256),
  };
}

/** A blob and where it lies: under its digest, or apart where it was taken down. */
export interface ListedBlob extends BlobFacts {
  readonly key: string;
}

/** Every blob of the bucket, those that were taken down too; for backups, never for readers. */
export async function* listBlobs(bucket: BlobBucket): AsyncGenerator<ListedBlob> {
  let cursor: string | undefined;
  do {
    const page = await bucket.list({
      include: ['httpMetadata'],
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const object of page.objects) {
      // Other keys hold parts of uploads that are not finished.
      const sha256 = BLOB_KEY.exec(object.key)?.[1];
      if (sha256 !== undefined) yield { ...factsOf(object), sha256, key: object.key };
    }
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

/** The keys of blobs; group 1 is the digest. */
export const BLOB_KEY = /^(?:withheld\/)?([0-9a-f]{64})$/;

/** Uploads in the same bucket, beside the blobs. R2 cannot check a digest of parts: `promote` has it checked in a copy. */
export function r2Staging(bucket: BlobBucket): Staging {
  const multipart = (id: string, upload: string): R2MultipartUpload =>
    bucket.resumeMultipartUpload(stagingKey(id), upload);
  return {
    async begin(id) {
      return (await bucket.createMultipartUpload(stagingKey(id))).uploadId;
    },
    putPart(id, upload, part, size, body) {
      return sized(id, size, body, async (exact) => {
        try {
          return (await multipart(id, upload).uploadPart(part, exact)).etag;
        } catch (cause) {
          throw refusedParts(id, cause);
        }
      });
    },
    async join(id, upload, parts) {
      if ((await bucket.head(stagingKey(id))) !== null) return;
      try {
        await multipart(id, upload).complete(parts.map(({ part, etag }) => ({ partNumber: part, etag })));
      } catch (cause) {
        // Another request may have joined them in the meantime.
        if ((await bucket.head(stagingKey(id))) === null) throw refusedParts(id, cause);
      }
    },
    async putWhole(id, size, body) {
      await sized(id, size, body, (exact) => bucket.put(stagingKey(id), exact));
    },
    async size(id) {
      return (await bucket.head(stagingKey(id)))?.size;
    },
    async read(id, range) {
      const object = await bucket.get(stagingKey(id), { range });
      if (object === null) throw new StorageError('range', 'the upload is gone', { where: id });
      return new Uint8Array(await object.arrayBuffer());
    },
    async promote(id, sha256, type) {
      if ((await bucket.head(sha256)) !== null) return 'present';
      const object = await bucket.get(stagingKey(id));
      if (object === null) throw new StorageError('range', 'the upload is gone', { where: id });
      const stored = await refusingDigest(sha256, () =>
        bucket.put(sha256, object.body, onceAs(sha256, type)),
      );
      return stored === null ? 'present' : 'stored';
    },
    async discard(id, upload) {
      if (upload !== null) {
        await multipart(id, upload)
          .abort()
          .catch((error: unknown) => {
            // An upload that was joined, aborted or forgotten is gone, as asked.
            if (!isForgotten(error)) throw error;
          });
      }
      await bucket.delete(stagingKey(id));
    },
  };
}

function onceAs(sha256: string, type: BlobType) {
  return { onlyIf: { etagDoesNotMatch: '*' }, sha256, httpMetadata: { contentType: type } };
}

function factsOf(object: R2Object): BlobFacts {
  return { sha256: object.key, size: object.size, type: blobType(object.httpMetadata?.contentType) };
}

/** The runtime's own: a stream that fails unless exactly so many bytes pass, and one that digests what passes. */
declare const FixedLengthStream: new (
  bytes: number,
) => { readonly readable: R2Stream; readonly writable: WritableStream<Uint8Array> };
interface WorkersCrypto {
  readonly DigestStream: new (
    algorithm: string,
  ) => WritableStream<Uint8Array> & { readonly digest: Promise<ArrayBuffer> };
}

/** Hands `take` the body as a stream of exactly `size` bytes. Throws `storage/length` for another number of them. */
async function sized<T>(
  where: string,
  size: number,
  body: ReadableStream<Uint8Array>,
  take: (exact: R2Stream) => Promise<T>,
): Promise<T> {
  const exact = new FixedLengthStream(size);
  const stop = new AbortController();
  let piping: unknown;
  const piped = body.pipeTo(exact.writable, { signal: stop.signal }).catch((error: unknown) => {
    piping = error;
  });
  try {
    return await take(exact.readable);
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    // Storage that fails before it reads leaves the body waiting: without this the request would never end.
    stop.abort();
    await piped;
    if (piping === undefined || !/FixedLengthStream/.test(String(piping))) throw cause;
    throw new StorageError('length', 'there are fewer or more bytes than were told', {
      where,
      expected: `${size} bytes`,
      cause,
    });
  }
}

/** Reads a body to its end and holds it against a digest. */
async function checkStream(sha256: string, size: number, body: ReadableStream<Uint8Array>): Promise<void> {
  const { DigestStream } = crypto as unknown as WorkersCrypto;
  const digesting = new DigestStream('SHA-256');
  const exact = new FixedLengthStream(size);
  await Promise.all([
    body.pipeTo(exact.writable),
    (exact.readable as unknown as ReadableStream<Uint8Array>).pipeTo(digesting),
  ]);
  const found = Array.from(new Uint8Array(await digesting.digest), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  if (found !== sha256) throw wrongDigest(sha256, found);
}

/** R2's refusal of a body with another digest (its error 10037) as ours. */
async function refusingDigest<T>(sha256: string, put: () => Promise<T>): Promise<T> {
  try {
    return await put();
  } catch (error) {
    if (/10037|SHA-256/.test(String(error))) throw wrongDigest(sha256, 'another digest', error);
    throw error;
  }
}

function wrongDigest(sha256: string, found: string, cause?: unknown): StorageError {
  return new StorageError('digest', 'the bytes are not those that the digest names', {
    where: sha256,
    expected: sha256,
    found,
    cause,
  });
}

/** R2's error 10024, and the words of its local twin. */
function isForgotten(error: unknown): boolean {
  return /10024|does not exist/i.test(String(error));
}

/** R2's own numbers of what it will never take; without one, or with one of these, the call has failed and may be made again. */
const TRANSIENT = new Set(['10001', '10043', '10054', '10058']);

/** R2's refusal of parts as ours; a call that only failed stays what it is. */
function refusedParts(id: string, cause: unknown): unknown {
  const refusal = /\((10\d{3})\)/.exec(String(cause))?.[1];
  if (!isForgotten(cause) && (refusal === undefined || TRANSIENT.has(refusal))) return cause;
  return new StorageError(
    'parts',
    isForgotten(cause) ? 'storage has forgotten the upload' : 'storage refuses the parts',
    {
      where: id,
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'Begin the upload again.',
      cause,
    },
  );
}
