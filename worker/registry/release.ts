// A release: one version of a style or a model, with its manifest and its files.
import type { D1Database } from '@cloudflare/workers-types';
import type { BlobStore } from '../storage/blob-store.ts';
import type { Staging } from '../storage/staging.ts';

export type ReleaseKind = 'style' | 'model';

/** A file of a release. Styles have `weights`, `weights/1` …, `plugin`, `previews/0` …; models have file names. */
export interface ReleaseFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

export interface Release {
  readonly name: string;
  readonly version: string;
  readonly manifest: unknown;
  readonly files: readonly ReleaseFile[];
  /** RFC 3339, UTC. */
  readonly publishedAt: string;
  readonly yanked: boolean;
}

/** Where releases are: the index, and the blobs. */
export interface RegistryStores {
  readonly database: D1Database;
  readonly blobs: BlobStore;
}

/** The same, and where bytes are on their way to becoming blobs. */
export interface PublishingStores extends RegistryStores {
  readonly staging: Staging;
}

/** The publisher of what comes with the program: its versions carry no signature. */
export const BUNDLED_PUBLISHER = 'tincture';

/** Rows of `releases` that lists, searches and ranges show. */
export const VISIBLE = 'yanked_at IS NULL AND taken_down_at IS NULL';

/** Columns of a release `r`, its files as one JSON array. */
export const RELEASE_COLUMNS = `r.name, r.version, r.manifest, r.published_at, r.yanked_at, r.taken_down_at, r.takedown_reason,
  (SELECT json_group_array(json_object('path', f.path, 'sha256', f.sha256, 'size', f.size))
     FROM release_files f
    WHERE f.kind = r.kind AND f.name = r.name AND f.version = r.version) AS files`;

export interface ReleaseRow {
  readonly name: string;
  readonly version: string;
  readonly manifest: string;
  readonly published_at: string;
  readonly yanked_at: string | null;
  readonly taken_down_at: string | null;
  readonly takedown_reason: string | null;
  readonly files: string;
}

/** A row of the index as a release; files sorted by path. */
export function releaseOf(row: ReleaseRow): Release {
  const files = JSON.parse(row.files) as ReleaseFile[];
  return {
    name: row.name,
    version: row.version,
    manifest: JSON.parse(row.manifest),
    files: files.sort((a, b) => (a.path < b.path ? -1 : 1)),
    publishedAt: row.published_at,
    yanked: row.yanked_at !== null,
  };
}
