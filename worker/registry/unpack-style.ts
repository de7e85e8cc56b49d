// A `.style` file that was posted whole: kept aside, verified, and its blobs stored one by one.
import type { ByteSource } from '../../client/formats/entry.ts';
import { FormatError } from '../../client/formats/errors.ts';
import { checkRange } from '../../client/formats/range.ts';
import { openStyleFile, type StyleFile } from '../../client/formats/style-file.ts';
import type { StyleManifest } from '../../plugins/contract/style.ts';
import type { BlobType } from '../storage/blob-store.ts';
import { storeBlob, storedBytesExceeded } from './blobs.ts';
import { RegistryError } from './error.ts';
import { MAX_OPEN_UPLOADS, MAX_STORED_BYTES, storedBytesSql } from './quota.ts';
import type { PublishingStores } from './release.ts';
import { dropUpload, expiryFrom } from './uploads.ts';

/** Bytes of a blob that are held at a time. */
const PIECE_BYTES = 4 * 2 ** 20;

/**
 * Stores the blobs of a `.style` file of `size` bytes for `publisher`; gives its manifest, which is still to be published.
 * Throws `registry/invalid` in the words of the reader of such files, and `registry/quota`.
 */
export async function unpackStyle(
  stores: PublishingStores,
  publisher: string,
  size: number,
  body: ReadableStream<Uint8Array>,
): Promise<StyleManifest> {
  const id = crypto.randomUUID();
  const now = new Date();
  // The row comes first: should this request end in the middle, the scheduled job finds the bytes by it.
  const { meta } = await stores.database
    .prepare(
      `INSERT INTO uploads (id, publisher, sha256, size, type, part_size, created_at, expires_at)
       SELECT ?1, ?2, NULL, ?3, 'application/vnd.tincture.style', ?3, ?4, ?5
        WHERE (SELECT count(*) FROM uploads WHERE publisher = ?2) < ?6
          AND ${storedBytesSql('?2', "''")} + ?3 <= ?7`,
    )
    .bind(id, publisher, size, now.toISOString(), expiryFrom(now), MAX_OPEN_UPLOADS, MAX_STORED_BYTES)
    .run();
  if (meta.changes === 0) throw storedBytesExceeded(size);
  try {
    await stores.staging.putWhole(id, size, body);
    const style = await openStyleFile(stagedSource(stores, id, size));
    for (const blob of blobsOf(style.manifest)) {
      await storeBlob(stores, publisher, blob, () =>
        stores.blobs.putStream(blob.sha256, blob.size, streamOf(style, blob.sha256), blob.type),
      );
    }
    return style.manifest;
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new RegistryError('invalid', cause.message, { cause });
  } finally {
    await dropUpload(stores, { id, storageId: null });
  }
}

interface BlobFacts {
  readonly sha256: string;
  readonly size: number;
  readonly type: BlobType;
}

function blobsOf({ blobs }: StyleManifest): readonly BlobFacts[] {
  const { weights, moreWeights = [], plugin, previews } = blobs;
  const found = new Map<string, BlobFacts>();
  for (const blob of [weights, ...moreWeights, plugin]) {
    if (blob !== null) found.set(blob.sha256, { ...blob, type: 'application/octet-stream' });
  }
  for (const blob of previews) found.set(blob.sha256, { ...blob, type: 'image/png' });
  return [...found.values()];
}

function stagedSource({ staging }: PublishingStores, id: string, size: number): ByteSource {
  const name = 'the style file';
  return {
    name,
    size,
    async read(offset, length) {
      checkRange(name, size, offset, length);
      return length === 0 ? new Uint8Array() : staging.read(id, { offset, length });
    },
  };
}

function streamOf(style: StyleFile, sha256: string): ReadableStream<Uint8Array> {
  const source = style.blob(sha256);
  let offset = 0;
  return new ReadableStream({
    async pull(controller) {
      const length = Math.min(PIECE_BYTES, source.size - offset);
      controller.enqueue(await source.read(offset, length));
      offset += length;
      if (offset === source.size) controller.close();
    },
  });
}
