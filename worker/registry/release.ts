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
  /** Handle. */
  readonly publisher: string;
  /** SHA-256 over the manifest's canonical JSON and the files; what a lock keeps. */
  readonly digest: string;
  /** Ed25519 over the manifest's canonical JSON, base64url; null for what comes with the program. */
  readonly signature: string | null;
  readonly keyId: string | null;
  /** Whether the plugin was run at the edge before the version became visible. */
  readonly trial: 'passed' | 'not-run';
  readonly yanked: boolean;
  readonly yankReason: string | null;
  /** Of this version, and of all versions of its name. */
  readonly downloads: { readonly version: number; readonly total: number };
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
export const RELEASE_COLUMNS = `r.name, r.version, r.manifest, r.published_at, r.publisher, r.digest, r.signature, r.key_id, r.trial,
  r.yanked_at, r.yank_reason, r.taken_down_at, r.takedown_reason,
  coalesce((SELECT d.count FROM downloads d WHERE d.kind = r.kind AND d.name = r.name AND d.version = r.version), 0) AS downloads,
  coalesce((SELECT t.downloads FROM listings t WHERE t.kind = r.kind AND t.name = r.name), 0) AS total_downloads,
  (SELECT json_group_array(json_object('path', f.path, 'sha256', f.sha256, 'size', f.size))
     FROM release_files f
    WHERE f.kind = r.kind AND f.name = r.name AND f.version = r.version) AS files`;

export interface ReleaseRow {
  readonly name: string;
  readonly version: string;
  readonly manifest: string;
  readonly published_at: string;
  readonly publisher: string;
  readonly digest: string;
  readonly signature: string | null;
  readonly key_id: string | null;
  readonly trial: 'passed' | 'not-run';
  readonly yank_reason: string | null;
  readonly downloads: number;
  readonly total_downloads: number;
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
    publisher: row.publisher,
    digest: row.digest,
    signature: row.signature,
    keyId: row.key_id,
    trial: row.trial,
    yanked: row.yanked_at !== null,
    yankReason: row.yank_reason,
    downloads: { version: row.downloads, total: row.total_downloads },
  };
}
