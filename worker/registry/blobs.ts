// Blobs of publishers: a row in the index before the bytes, a word in it after them, and never bytes without a row.
import type { D1PreparedStatement } from '@cloudflare/workers-types';
import type { BlobFacts } from '../storage/blob-store.ts';
import { StorageError } from '../storage/error.ts';
import { RegistryError } from './error.ts';
import { MAX_STORED_BYTES, storedBytesSql } from './quota.ts';
import type { RegistryStores, ReleaseFile } from './release.ts';

interface BlobRow {
  readonly size: number;
  readonly publisher: string | null;
  readonly stored_at: string | null;
  readonly collecting_at: string | null;
  readonly withheld_at: string | null;
}

/**
 * Stores a blob for `publisher`: notes it in the index, which also keeps it from collection for the grace time, has `store` put
 * the bytes, and notes that they are there. Whoever is interrupted anywhere does it again. Throws `registry/quota`,
 * `registry/busy` while the same blob is being collected, `registry/taken-down`, and `registry/digest` where the bytes are
 * not those of the digest.
 */
export async function storeBlob(
  stores: RegistryStores,
  publisher: string,
  facts: BlobFacts,
  store: () => Promise<'stored' | 'present'>,
): Promise<'stored' | 'present'> {
  await reserve(stores, publisher, facts);
  let outcome: 'stored' | 'present';
  try {
    outcome = await store();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const kind = error.code === 'storage/digest' ? 'digest' : 'invalid';
    throw new RegistryError(kind, error.message, { cause: error });
  }
  const { meta } = await stores.database
    .prepare(
      // The size too: who brings other bytes at the same time may have told another one.
      `UPDATE blobs SET stored_at = coalesce(stored_at, ?2), touched_at = ?2, size = ?3
        WHERE sha256 = ?1 AND collecting_at IS NULL`,
    )
    .bind(facts.sha256, new Date().toISOString(), facts.size)
    .run();
  if (meta.changes === 0) throw busy(facts.sha256);
  return outcome;
}

async function reserve(stores: RegistryStores, publisher: string, facts: BlobFacts): Promise<void> {
  const { sha256, size, type } = facts;
  // Who brings bytes that are not there yet gives them their size, and has them counted.
  const { meta } = await stores.database
    .prepare(
      `INSERT INTO blobs (sha256, size, type, publisher, created_at, touched_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?5
        WHERE EXISTS (SELECT 1 FROM blobs WHERE sha256 = ?1 AND stored_at IS NOT NULL)
           OR ${storedBytesSql('?4', '?1')} + ?2 <= ?6
       ON CONFLICT (sha256) DO UPDATE SET
         touched_at = excluded.touched_at,
         size = iif(stored_at IS NULL, excluded.size, size),
         type = iif(stored_at IS NULL, excluded.type, type),
         publisher = iif(stored_at IS NULL, excluded.publisher, publisher)
       WHERE collecting_at IS NULL AND withheld_at IS NULL AND (stored_at IS NULL OR size = excluded.size)`,
    )
    .bind(sha256, size, type, publisher, new Date().toISOString(), MAX_STORED_BYTES)
    .run();
  if (meta.changes > 0) return;
  const row = await rowOf(stores, sha256);
  if (row?.withheld_at != null) throw takenDown(sha256);
  if (row?.collecting_at != null) throw busy(sha256);
  if (row?.stored_at != null) {
    throw new RegistryError('digest', 'the digest is that of a blob of another size', {
      where: sha256,
      expected: `${row.size} bytes`,
      found: String(size),
    });
  }
  throw storedBytesExceeded(size);
}

/** The error for bytes beyond a publisher's quota. */
export function storedBytesExceeded(size: number): RegistryError {
  return new RegistryError('quota', 'this publisher stores too much', {
    where: 'storedBytes',
    expected: `at most ${MAX_STORED_BYTES} bytes in all`,
    found: `${size} more`,
    fix: 'GET /v1/quota tells what is used. What no version uses goes after a day.',
  });
}

/**
 * Keeps the files of a version from collection while it is being published; from here on storage can be trusted to keep what it
 * has. Throws `registry/busy` for one that is just being collected, and `registry/taken-down`.
 */
export async function holdBlobs(stores: RegistryStores, files: readonly ReleaseFile[]): Promise<void> {
  const digests = JSON.stringify(files.map(({ sha256 }) => sha256));
  await stores.database
    .prepare(
      `UPDATE blobs SET touched_at = ?2
        WHERE sha256 IN (SELECT value FROM json_each(?1)) AND collecting_at IS NULL`,
    )
    .bind(digests, new Date().toISOString())
    .run();
  const lost = await stores.database
    .prepare(
      `SELECT sha256, withheld_at FROM blobs
        WHERE sha256 IN (SELECT value FROM json_each(?1)) AND (collecting_at IS NOT NULL OR withheld_at IS NOT NULL)`,
    )
    .bind(digests)
    .first<{ sha256: string; withheld_at: string | null }>();
  if (lost === null) return;
  throw lost.withheld_at === null ? busy(lost.sha256) : takenDown(lost.sha256);
}

/**
 * For the batch that publishes a version whose blobs were found in storage: their rows say so too, should whoever stored them
 * have been interrupted before. What came with the program was stored without a row, and counts to nobody.
 */
export function noteStored(
  { database }: RegistryStores,
  files: readonly ReleaseFile[],
  publisher: string | null,
): D1PreparedStatement[] {
  const now = new Date().toISOString();
  const note = database.prepare(
    `INSERT INTO blobs (sha256, size, type, publisher, created_at, touched_at, stored_at)
     VALUES (?1, ?2, 'application/octet-stream', ?3, ?4, ?4, ?4)
     ON CONFLICT (sha256) DO UPDATE SET stored_at = coalesce(stored_at, ?4), size = ?2`,
  );
  return files.map(({ sha256, size }) => note.bind(sha256, size, publisher, now));
}

/** Whether readers are to be told 451 instead of 404 for a blob that is not there. */
export async function isWithheld(stores: RegistryStores, sha256: string): Promise<boolean> {
  return (await rowOf(stores, sha256))?.withheld_at != null;
}

function rowOf({ database }: RegistryStores, sha256: string): Promise<BlobRow | null> {
  return database
    .prepare('SELECT size, publisher, stored_at, collecting_at, withheld_at FROM blobs WHERE sha256 = ?')
    .bind(sha256)
    .first<BlobRow>();
}

function busy(sha256: string): RegistryError {
  return new RegistryError('busy', 'the blob is just being removed, because nothing used it', {
    where: sha256,
    fix: 'Send it again in a moment.',
  });
}

/** The error for a blob that only versions taken down use. */
export function takenDown(sha256: string): RegistryError {
  return new RegistryError('taken-down', 'an administrator has taken this blob down', { where: sha256 });
}
