// Collection: blobs that no version uses go after a grace time, and so do uploads that nobody continues.
import { MAX_REMOVED } from '../storage/blob-store.ts';
import type { PublishingStores } from './release.ts';
import { dropUpload } from './uploads.ts';

/** A blob stays at least so long after somebody stored it, or a version asked for it. */
export const GRACE_MS = 24 * 3_600_000;
/** A mark older than this is of a run that was ended: no run lasts so long. The next run goes on with it. */
const LEASE_MS = 20 * 60_000;
/** Rounds of one run, each of at most `MAX_REMOVED`; what is left waits for the next run. */
const MAX_ROUNDS = 20;

export interface Collected {
  readonly blobs: number;
  readonly uploads: number;
}

/**
 * Removes what nothing refers to. One statement both finds a blob unused and marks it, so no version can begin to use it between
 * the two; from then on the index refuses versions and bytes of it (`registry/busy`) until the bytes, and then the row,
 * are gone. A run that is ended in the middle leaves marks, which a later run takes over.
 */
export async function collect(
  stores: PublishingStores,
  now = new Date(),
  graceMs = GRACE_MS,
): Promise<Collected> {
  const uploads = await collectUploads(stores, now);
  let blobs = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const collected = await collectBlobs(stores, now, graceMs);
    blobs += collected;
    if (collected < MAX_REMOVED) break;
  }
  return { blobs, uploads };
}

async function collectBlobs(
  { database, blobs }: PublishingStores,
  now: Date,
  graceMs: number,
): Promise<number> {
  // A mark is its run's own: two runs at once never take the same blob, and never each other's for the same.
  const { results } = await database
    .prepare(
      `UPDATE blobs SET collecting_at = ?1 WHERE sha256 IN (
         SELECT b.sha256 FROM blobs b
          WHERE b.touched_at < ?2
            AND (b.collecting_at IS NULL OR b.collecting_at < ?3)
            AND NOT EXISTS (SELECT 1 FROM release_files f WHERE f.sha256 = b.sha256)
          LIMIT ?4)
       RETURNING sha256`,
    )
    .bind(
      now.toISOString(),
      new Date(now.getTime() - graceMs).toISOString(),
      new Date(now.getTime() - LEASE_MS).toISOString(),
      MAX_REMOVED,
    )
    .all<{ sha256: string }>();
  const digests = results.map(({ sha256 }) => sha256);
  if (digests.length === 0) return 0;
  await blobs.remove(digests);
  await database
    .prepare(`DELETE FROM blobs WHERE collecting_at = ?1 AND sha256 IN (SELECT value FROM json_each(?2))`)
    .bind(now.toISOString(), JSON.stringify(digests))
    .run();
  return digests.length;
}

async function collectUploads(stores: PublishingStores, now: Date): Promise<number> {
  const { results } = await stores.database
    .prepare('SELECT id, r2_upload_id FROM uploads WHERE expires_at < ? LIMIT ?')
    .bind(now.toISOString(), MAX_REMOVED)
    .all<{ id: string; r2_upload_id: string | null }>();
  for (const { id, r2_upload_id: storageId } of results) await dropUpload(stores, { id, storageId });
  return results.length;
}
