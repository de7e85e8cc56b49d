// Resolving: from a name and an exact version, a range or `latest` to one release.
import { maxSatisfying, valid, validRange } from 'semver';
import { RegistryError } from './error.ts';
import { MAX_VERSIONS } from './publish.ts';
import {
  RELEASE_COLUMNS,
  type RegistryStores,
  type Release,
  type ReleaseKind,
  type ReleaseRow,
  releaseOf,
  VISIBLE,
} from './release.ts';

export interface VersionFacts {
  readonly version: string;
  readonly publishedAt: string;
}

/**
 * The release that `wanted` names: an exact version (a yanked one too, so that what is pinned keeps working),
 * `latest` (the highest release, or the highest pre-release where there is no other), or a semver range (its
 * highest visible version, by npm's rules). Throws `registry/not-found`, or `registry/invalid` for text that
 * is none of the three, or `registry/taken-down`.
 */
export async function resolve(
  stores: RegistryStores,
  kind: ReleaseKind,
  name: string,
  wanted: string,
): Promise<Release> {
  const version = await versionFor(stores, kind, name, wanted);
  const row =
    version === undefined
      ? null
      : await stores.database
          .prepare(
            `SELECT ${RELEASE_COLUMNS} FROM releases r WHERE r.kind = ? AND r.name = ? AND r.version = ?`,
          )
          .bind(kind, name, version)
          .first<ReleaseRow>();
  if (row?.taken_down_at != null) {
    throw new RegistryError('taken-down', 'an administrator has taken this version down', {
      where: `${name} ${wanted}`,
      found: row.takedown_reason ?? '',
    });
  }
  if (row !== null) return releaseOf(row);
  throw new RegistryError('not-found', `no ${kind} of this name and version`, { where: `${name} ${wanted}` });
}

/** The visible versions, most preferred first. */
export async function listVersions(
  { database }: RegistryStores,
  kind: ReleaseKind,
  name: string,
): Promise<readonly VersionFacts[]> {
  const { results } = await database
    .prepare(
      `SELECT version, published_at FROM releases
        WHERE kind = ? AND name = ? AND ${VISIBLE} ORDER BY rank DESC LIMIT ?`,
    )
    .bind(kind, name, MAX_VERSIONS)
    .all<{ version: string; published_at: string }>();
  return results.map((row) => ({ version: row.version, publishedAt: row.published_at }));
}

async function versionFor(
  stores: RegistryStores,
  kind: ReleaseKind,
  name: string,
  wanted: string,
): Promise<string | undefined> {
  if (valid(wanted) === wanted) return wanted;
  const range = wanted === 'latest' ? '*' : validRange(wanted);
  if (range === null) {
    throw new RegistryError('invalid', 'neither a version nor a range', {
      where: 'version',
      expected: 'such as 1.2.0, ^1.2 or latest',
      found: wanted,
    });
  }
  const versions = (await listVersions(stores, kind, name)).map(({ version }) => version);
  return wanted === 'latest' ? versions[0] : (maxSatisfying(versions, range) ?? undefined);
}
