// Looking up: from a file's SHA-256, or the ten digits of it that pictures carry, to the versions that have it.
import type { RegistryStores, ReleaseKind } from './release.ts';

/** Digits of the hashes in pictures' parameters (AUTOMATIC1111's `Hypernet hashes`). */
export const SHORT_HASH_DIGITS = 10;
/** Findings of one answer: a blob may be in many versions. */
export const MAX_FINDINGS = 50;

export interface Finding {
  readonly kind: ReleaseKind;
  readonly name: string;
  readonly version: string;
  /** The file's place in the release; `origin`: the version's weights were converted from it, by its publisher's word. */
  readonly path: string;
  readonly sha256: string;
  readonly publisher: string;
  readonly yanked: boolean;
}

interface Row extends Omit<Finding, 'yanked'> {
  readonly yanked: number;
}

/**
 * Versions with a file whose SHA-256 begins with `hash` (lower-case hexadecimal, 10 or 64 digits): files themselves before
 * origins, visible versions before yanked ones, then by name, the preferred version of each first. Taken-down ones are not told.
 */
export async function lookUp({ database }: RegistryStores, hash: string): Promise<readonly Finding[]> {
  // The digits after `f` begin with `g`: every digest with this beginning lies between.
  const end = `${hash}g`;
  const { results } = await database
    .prepare(
      `SELECT r.kind, r.name, r.version, m.path, m.sha256, r.publisher, r.yanked_at IS NOT NULL AS yanked
         FROM (SELECT kind, name, version, path, sha256 FROM release_files WHERE sha256 >= ?1 AND sha256 < ?2
               UNION ALL
               SELECT 'style', name, version, 'origin', sha256 FROM release_origins WHERE sha256 >= ?1 AND sha256 < ?2) m
         JOIN releases r ON r.kind = m.kind AND r.name = m.name AND r.version = m.version
        WHERE r.taken_down_at IS NULL
        ORDER BY m.path = 'origin', yanked, r.name, r.rank DESC, m.path LIMIT ?3`,
    )
    .bind(hash, end, MAX_FINDINGS)
    .all<Row>();
  return results.map((row) => ({ ...row, yanked: row.yanked === 1 }));
}
