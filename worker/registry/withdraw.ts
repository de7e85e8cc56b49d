// Versions withdrawn: yanked by their owners (hidden, still there for who names them), or taken down by an administrator.
import { audit } from '../auth/audit.ts';
import { RegistryError } from './error.ts';
import { notOwner, ownersOf } from './names.ts';
import type { RegistryStores } from './release.ts';

/** Characters of a reason. */
export const MAX_REASON = 500;
/** Blobs of the latest takedowns that one run looks after. */
const MAX_FINISHED = 200;

export interface Withdrawing {
  readonly name: string;
  readonly version: string;
  /** Handle of who asks. */
  readonly actor: string;
  /** Administrators may yank what is not theirs. */
  readonly isAdministrator: boolean;
}

interface VersionRow {
  readonly yanked_at: string | null;
  readonly taken_down_at: string | null;
}

/** Yanks a version, or with `reason` undefined takes the yank back. What is so already stays as it is. */
export async function yank(
  stores: RegistryStores,
  { name, version, actor, isAdministrator }: Withdrawing,
  reason: string | undefined,
): Promise<'changed' | 'unchanged'> {
  const row = await rowOf(stores, name, version);
  const owners = await ownersOf(stores, name);
  if (!owners.includes(actor) && !isAdministrator) throw notOwner(name, actor, owners);
  if (row.taken_down_at !== null) throw isTakenDown(name, version);
  if ((row.yanked_at !== null) === (reason !== undefined)) return 'unchanged';
  const { database } = stores;
  await database.batch([
    database
      .prepare(
        `UPDATE releases SET yanked_at = ?3, yank_reason = ?4
          WHERE kind = 'style' AND name = ?1 AND version = ?2`,
      )
      .bind(name, version, reason === undefined ? null : new Date().toISOString(), reason ?? null),
    audit(database, {
      actor,
      action: reason === undefined ? 'style.unyank' : 'style.yank',
      subject: name,
      detail: { version, ...(reason === undefined ? {} : { reason }) },
    }),
  ]);
  return 'changed';
}

/**
 * Takes a version down: hidden everywhere, and its blobs put aside as far as no other version uses them. All or nothing in the
 * index; storage follows, and asking again finishes what was interrupted.
 */
export async function takeDown(
  stores: RegistryStores,
  { name, version, actor }: Withdrawing,
  reason: string,
): Promise<'changed' | 'unchanged'> {
  const row = await rowOf(stores, name, version);
  const { database } = stores;
  const now = new Date().toISOString();
  if (row.taken_down_at === null) {
    await database.batch([
      database
        .prepare(
          `UPDATE releases SET taken_down_at = ?3, takedown_reason = ?4
            WHERE kind = 'style' AND name = ?1 AND version = ?2`,
        )
        .bind(name, version, now, reason),
      database
        .prepare(`UPDATE blobs SET withheld_at = ?3 WHERE withheld_at IS NULL AND sha256 IN (${ONLY_HERE})`)
        .bind(name, version, now),
      audit(database, { actor, action: 'style.takedown', subject: name, detail: { version, reason } }),
    ]);
  }
  for (const sha256 of await withheldBlobs(stores, name, version)) await stores.blobs.withhold(sha256);
  return row.taken_down_at === null ? 'changed' : 'unchanged';
}

/** Undoes `takeDown`. The bytes come back before the version does. */
export async function restoreVersion(
  stores: RegistryStores,
  { name, version, actor }: Withdrawing,
): Promise<'changed' | 'unchanged'> {
  const row = await rowOf(stores, name, version);
  for (const sha256 of await withheldBlobs(stores, name, version)) await stores.blobs.restore(sha256);
  if (row.taken_down_at === null) return 'unchanged';
  const { database } = stores;
  await database.batch([
    database
      .prepare(
        `UPDATE releases SET taken_down_at = NULL, takedown_reason = NULL
          WHERE kind = 'style' AND name = ?1 AND version = ?2`,
      )
      .bind(name, version),
    database
      .prepare(
        `UPDATE blobs SET withheld_at = NULL WHERE sha256 IN (
           SELECT sha256 FROM release_files WHERE kind = 'style' AND name = ?1 AND version = ?2)`,
      )
      .bind(name, version),
    audit(database, { actor, action: 'style.restore', subject: name, detail: { version } }),
  ]);
  return 'changed';
}

/** Puts the blobs aside of takedowns that were interrupted before storage followed; by the clock. */
export async function finishTakedowns({ database, blobs }: RegistryStores): Promise<void> {
  const { results } = await database
    .prepare('SELECT sha256 FROM blobs WHERE withheld_at IS NOT NULL ORDER BY withheld_at DESC LIMIT ?')
    .bind(MAX_FINISHED)
    .all<{ sha256: string }>();
  for (const { sha256 } of results) {
    if ((await blobs.head(sha256)) !== undefined) await blobs.withhold(sha256);
  }
}

/** The error for a version that an administrator has taken down. */
export function isTakenDown(name: string, version: string): RegistryError {
  return new RegistryError('taken-down', 'an administrator has taken this version down', {
    where: `${name} ${version}`,
  });
}

/** Blobs of version ?1 ?2 that no version uses which is not taken down. */
const ONLY_HERE = `SELECT f.sha256 FROM release_files f
  WHERE f.kind = 'style' AND f.name = ?1 AND f.version = ?2
    AND NOT EXISTS (
      SELECT 1 FROM release_files o JOIN releases r ON r.kind = o.kind AND r.name = o.name AND r.version = o.version
       WHERE o.sha256 = f.sha256 AND r.taken_down_at IS NULL)`;

async function withheldBlobs(
  { database }: RegistryStores,
  name: string,
  version: string,
): Promise<readonly string[]> {
  const { results } = await database
    .prepare(
      `SELECT DISTINCT f.sha256 FROM release_files f JOIN blobs b ON b.sha256 = f.sha256
        WHERE f.kind = 'style' AND f.name = ? AND f.version = ? AND b.withheld_at IS NOT NULL`,
    )
    .bind(name, version)
    .all<{ sha256: string }>();
  return results.map(({ sha256 }) => sha256);
}

async function rowOf({ database }: RegistryStores, name: string, version: string): Promise<VersionRow> {
  const row = await database
    .prepare(
      `SELECT yanked_at, taken_down_at FROM releases WHERE kind = 'style' AND name = ? AND version = ?`,
    )
    .bind(name, version)
    .first<VersionRow>();
  if (row !== null) return row;
  throw new RegistryError('not-found', 'no style of this name and version', { where: `${name} ${version}` });
}
