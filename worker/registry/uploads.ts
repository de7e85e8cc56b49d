// Uploads in parts: begun, continued where they were broken off, and made into a blob when all parts are there.
import type { BlobType } from '../storage/blob-store.ts';
import { StorageError } from '../storage/error.ts';
import type { StagedPart } from '../storage/staging.ts';
import { storeBlob, storedBytesExceeded } from './blobs.ts';
import { RegistryError } from './error.ts';
import { MAX_OPEN_UPLOADS, MAX_STORED_BYTES, quotasOf, storedBytesSql } from './quota.ts';
import type { PublishingStores, RegistryStores } from './release.ts';

/** Bytes of every part but the last. R2 wants at least 5 MiB and all alike; a broken connection costs one part. */
export const PART_BYTES = 16 * 2 ** 20;
/** An upload that nobody continues for so long is given up. R2 itself keeps parts for seven days. */
export const UPLOAD_LIFETIME_MS = 2 * 86_400_000;

export interface Upload {
  readonly id: string;
  readonly publisher: string;
  readonly sha256: string;
  readonly size: number;
  readonly type: BlobType;
  /** Storage's own name for it. */
  readonly storageId: string;
  readonly partSize: number;
  readonly expiresAt: string;
  /** What has arrived, in order. */
  readonly parts: readonly (StagedPart & { readonly size: number })[];
}

interface UploadRow {
  readonly id: string;
  readonly publisher: string;
  readonly sha256: string;
  readonly size: number;
  readonly type: BlobType;
  readonly r2_upload_id: string;
  readonly part_size: number;
  readonly expires_at: string;
}

export interface Wanted {
  readonly sha256: string;
  readonly size: number;
  readonly type: BlobType;
}

/**
 * An upload for these bytes: the one that the publisher has under way already, or a new one; `stored` where the blob is there.
 * Throws `registry/quota`, and `registry/invalid` where the one under way is of another size.
 */
export async function beginUpload(
  stores: PublishingStores,
  publisher: string,
  wanted: Wanted,
): Promise<Upload | 'stored'> {
  if ((await stores.blobs.head(wanted.sha256))?.size === wanted.size) {
    // The index is told too, as by a put, so that it is kept for as long as one.
    await storeBlob(stores, publisher, wanted, async () => 'present');
    return 'stored';
  }
  const open = await openUpload(stores, publisher, wanted);
  if (open !== undefined) return open;
  await checkQuota(stores, publisher, wanted.size);
  const id = crypto.randomUUID();
  const storageId = await stores.staging.begin(id);
  const now = new Date();
  const { meta } = await stores.database
    .prepare(
      `INSERT INTO uploads (id, publisher, sha256, size, type, r2_upload_id, part_size, created_at, expires_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
        WHERE (SELECT count(*) FROM uploads WHERE publisher = ?2) < ?10
          AND ${storedBytesSql('?2', '?3')} + ?4 <= ?11
       ON CONFLICT DO NOTHING`,
    )
    .bind(
      id,
      publisher,
      wanted.sha256,
      wanted.size,
      wanted.type,
      storageId,
      PART_BYTES,
      now.toISOString(),
      expiryFrom(now),
      MAX_OPEN_UPLOADS,
      MAX_STORED_BYTES,
    )
    .run();
  if (meta.changes > 0) return showUpload(stores, publisher, id);
  await stores.staging.discard(id, storageId);
  const other = await openUpload(stores, publisher, wanted);
  if (other !== undefined) return other;
  await checkQuota(stores, publisher, wanted.size);
  throw storedBytesExceeded(wanted.size);
}

/** Throws `registry/not-found`: nobody else's uploads are there for a publisher. */
export async function showUpload(
  { database }: RegistryStores,
  publisher: string,
  id: string,
): Promise<Upload> {
  const [uploads, parts] = await database.batch<unknown>([
    database
      .prepare('SELECT * FROM uploads WHERE id = ? AND publisher = ? AND sha256 IS NOT NULL')
      .bind(id, publisher),
    database.prepare('SELECT part, etag, size FROM upload_parts WHERE upload = ? ORDER BY part').bind(id),
  ]);
  const row = uploads?.results[0] as UploadRow | undefined;
  if (row === undefined) {
    throw new RegistryError('not-found', 'no such upload: it is finished, given up, or not yours', {
      where: id,
      fix: 'Begin it again: what is stored already is not asked for twice.',
    });
  }
  return {
    id: row.id,
    publisher: row.publisher,
    sha256: row.sha256,
    size: row.size,
    type: row.type,
    storageId: row.r2_upload_id,
    partSize: row.part_size,
    expiresAt: row.expires_at,
    parts: (parts?.results ?? []) as Upload['parts'],
  };
}

/** How many parts the upload has. */
export function partCount({ size, partSize }: Pick<Upload, 'size' | 'partSize'>): number {
  return Math.ceil(size / partSize);
}

/** Bytes of part 1, 2 …; throws `registry/invalid` for a part that there is not. */
export function partBytes(upload: Upload, part: number): number {
  const count = partCount(upload);
  if (part < 1 || part > count) {
    throw new RegistryError('invalid', 'there is no such part', {
      where: `part ${part}`,
      expected: `1 to ${count}`,
    });
  }
  return part < count ? upload.partSize : upload.size - (count - 1) * upload.partSize;
}

/** Stores one part; the same part again replaces it, and the upload lives on. Throws as `showUpload`, and `registry/invalid`. */
export async function putPart(
  stores: PublishingStores,
  publisher: string,
  id: string,
  part: number,
  length: number,
  body: ReadableStream<Uint8Array>,
): Promise<StagedPart> {
  const upload = await showUpload(stores, publisher, id);
  const size = partBytes(upload, part);
  if (length !== size) {
    throw new RegistryError('invalid', 'the part has the wrong length', {
      where: `part ${part}`,
      expected: `${size} bytes`,
      found: String(length),
    });
  }
  const etag = await asRegistryError(() => stores.staging.putPart(id, upload.storageId, part, size, body));
  await stores.database.batch([
    stores.database
      .prepare(
        `INSERT INTO upload_parts (upload, part, etag, size)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM uploads WHERE id = ?1)
         ON CONFLICT (upload, part) DO UPDATE SET etag = excluded.etag, size = excluded.size`,
      )
      .bind(id, part, etag, size),
    prolong(stores, id),
  ]);
  return { part, etag };
}

/**
 * Makes the parts a blob. `told` are parts that went to storage by presigned URLs, past this worker. Throws `registry/invalid`
 * for a part that is missing, `registry/digest` where the whole has another digest or size; then the upload is gone. Whoever is
 * interrupted begins anew: what is stored is found, and what is not is continued.
 */
export async function completeUpload(
  stores: PublishingStores,
  publisher: string,
  id: string,
  told: readonly StagedPart[],
): Promise<Wanted> {
  const upload = await showUpload(stores, publisher, id);
  const { staging } = stores;
  const etags = new Map([...upload.parts, ...told].map(({ part, etag }) => [part, etag]));
  const parts = Array.from({ length: partCount(upload) }, (_, index): StagedPart => {
    const etag = etags.get(index + 1);
    if (etag !== undefined) return { part: index + 1, etag };
    throw new RegistryError('invalid', 'a part is missing', {
      where: `part ${index + 1}`,
      fix: 'GET the upload to see which parts have arrived.',
    });
  });
  const { sha256, size, type } = upload;
  await asRegistryError(() => staging.join(id, upload.storageId, parts));
  const found = await staging.size(id);
  try {
    if (found !== size) {
      throw new RegistryError('digest', 'the parts do not make the whole that was told', {
        where: sha256,
        expected: `${size} bytes`,
        found: `${found}`,
      });
    }
    await storeBlob(stores, publisher, { sha256, size, type }, () => staging.promote(id, sha256, type));
  } catch (error) {
    // Wrong bytes stay wrong; anything else may go better next time.
    if (error instanceof RegistryError && error.kind === 'digest') await dropUpload(stores, upload);
    throw error;
  }
  await dropUpload(stores, upload);
  return { sha256, size, type };
}

/** Gives an upload up. Throws as `showUpload`. */
export async function abandonUpload(stores: PublishingStores, publisher: string, id: string): Promise<void> {
  await dropUpload(stores, await showUpload(stores, publisher, id));
}

/** Bytes before the row, so that none are left that no row tells of. */
export async function dropUpload(
  { staging, database }: PublishingStores,
  { id, storageId }: { readonly id: string; readonly storageId: string | null },
): Promise<void> {
  await staging.discard(id, storageId);
  await database.batch([
    database.prepare('DELETE FROM upload_parts WHERE upload = ?').bind(id),
    database.prepare('DELETE FROM uploads WHERE id = ?').bind(id),
  ]);
}

/** The end of an upload's life, if nobody continues it. */
export function expiryFrom(now: Date): string {
  return new Date(now.getTime() + UPLOAD_LIFETIME_MS).toISOString();
}

async function openUpload(
  stores: PublishingStores,
  publisher: string,
  { sha256, size }: Wanted,
): Promise<Upload | undefined> {
  const row = await stores.database
    .prepare('SELECT id, size FROM uploads WHERE publisher = ? AND sha256 = ?')
    .bind(publisher, sha256)
    .first<{ id: string; size: number }>();
  if (row === null) return undefined;
  if (row.size !== size) {
    throw new RegistryError('invalid', 'an upload of this digest is under way with another size', {
      where: sha256,
      expected: `${row.size} bytes`,
      found: String(size),
      fix: `Give upload ${row.id} up first.`,
    });
  }
  await prolong(stores, row.id).run();
  return showUpload(stores, publisher, row.id);
}

function prolong({ database }: RegistryStores, id: string) {
  return database.prepare('UPDATE uploads SET expires_at = ? WHERE id = ?').bind(expiryFrom(new Date()), id);
}

async function checkQuota(stores: RegistryStores, publisher: string, size: number): Promise<void> {
  const { openUploads, storedBytes } = await quotasOf(stores, publisher);
  if (openUploads.used >= openUploads.limit) {
    throw new RegistryError('quota', 'this publisher has too many uploads under way', {
      where: 'openUploads',
      expected: `at most ${openUploads.limit}`,
      found: String(openUploads.used),
      fix: 'Complete one or give one up.',
    });
  }
  if (storedBytes.used + size > storedBytes.limit) throw storedBytesExceeded(size);
}

async function asRegistryError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new RegistryError('invalid', error.message, { cause: error });
  }
}
