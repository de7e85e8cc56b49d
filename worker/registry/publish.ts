// Publishing: a version goes into the index in one batch after its blobs are in place, once and for ever.
import type { D1PreparedStatement } from '@cloudflare/workers-types';
import { canonicalJson } from '../../plugins/contract/canonical-json.ts';
import { MAX_MANIFEST_BYTES } from '../../plugins/contract/style.ts';
import { audit } from '../auth/audit.ts';
import { digestOf } from '../storage/blob-store.ts';
import { holdBlobs, noteStored } from './blobs.ts';
import { RegistryError } from './error.ts';
import { skeletonOf } from './names.ts';
import { dayBefore, MAX_DAILY_VERSIONS, MAX_STYLES } from './quota.ts';
import { rankOf } from './rank.ts';
import { BUNDLED_PUBLISHER, type RegistryStores, type ReleaseFile, type ReleaseKind } from './release.ts';
import { foldForSearch } from './search-words.ts';

/** Versions of one style or model. A range is resolved over all of them at once. */
export const MAX_VERSIONS = 1000;

/** A checked manifest and what the index keeps of it. */
export interface Draft {
  readonly kind: ReleaseKind;
  readonly name: string;
  readonly version: string;
  readonly manifest: unknown;
  readonly files: readonly ReleaseFile[];
  readonly architecture: string;
  readonly contextWidth: number | null;
  /** Texts that a search may find. */
  readonly searchable: readonly string[];
}

/** Who published a version, and what stands for it. */
export interface Provenance {
  readonly publisher: string;
  /** Base64url over the manifest, and the key's id; null for what came with the program. */
  readonly signature: string | null;
  readonly keyId: string | null;
  /** Whether the plugin was run here before. */
  readonly trial: 'passed' | 'not-run';
}

const BUNDLED: Provenance = {
  publisher: BUNDLED_PUBLISHER,
  signature: null,
  keyId: null,
  trial: 'not-run',
};

/**
 * Publishes a draft. The same content again is `unchanged`. Throws `registry/conflict` for other content under
 * the same version, `registry/missing-blob` when a file is not in storage with its size, and
 * `registry/invalid` for too large a manifest or too many versions; then nothing has become visible. Who may publish what is
 * checked before (`submitStyle`); the index refuses what a race let through, with the database's own error.
 */
export async function publish(
  stores: RegistryStores,
  draft: Draft,
  provenance: Provenance = BUNDLED,
): Promise<'published' | 'unchanged'> {
  const where = `${draft.name} ${draft.version}`;
  const manifest = canonicalJson(draft.manifest);
  const bytes = new TextEncoder().encode(manifest).length;
  if (bytes > MAX_MANIFEST_BYTES) {
    throw new RegistryError('invalid', 'the manifest is too large', {
      where,
      expected: `at most ${MAX_MANIFEST_BYTES} bytes`,
      found: `${bytes}`,
    });
  }
  const digest = await contentDigest(manifest, draft.files);
  if (await isPublished(stores, draft, digest)) return 'unchanged';
  await checkVersionCount(stores, draft);
  await holdBlobs(stores, draft.files);
  for (const file of draft.files) await checkBlob(stores, where, file);
  const isBundled = provenance.publisher === BUNDLED_PUBLISHER;
  try {
    await stores.database.batch([
      ...noteStored(stores, draft.files, isBundled ? null : provenance.publisher),
      ...(draft.kind === 'style' ? takeName(stores, draft.name, provenance.publisher) : []),
      addRelease(stores, draft, manifest, digest, provenance),
      ...addFiles(stores, draft),
      ...addAudit(stores, draft, digest, provenance),
    ]);
  } catch (error) {
    // Two publishers at once: the first one wins, and the second learns whether it said the same.
    if (await isPublished(stores, draft, digest)) return 'unchanged';
    throw error;
  }
  return 'published';
}

/** Whether the version is there with this content. Throws `registry/conflict` where it is with other content. */
export async function isAlreadyPublished(stores: RegistryStores, draft: Draft): Promise<boolean> {
  return isPublished(stores, draft, await contentDigest(canonicalJson(draft.manifest), draft.files));
}

/** SHA-256 over the manifest's canonical JSON and the files, in order of their paths. */
export async function contentDigest(manifest: string, files: readonly ReleaseFile[]): Promise<string> {
  const sorted = files.map(({ path, sha256, size }) => ({ path, sha256, size }));
  sorted.sort((a, b) => (a.path < b.path ? -1 : 1));
  return digestOf(Uint8Array.from(new TextEncoder().encode(`${manifest}\n${canonicalJson(sorted)}`)));
}

async function isPublished({ database }: RegistryStores, draft: Draft, digest: string): Promise<boolean> {
  const row = await database
    .prepare('SELECT digest FROM releases WHERE kind = ? AND name = ? AND version = ?')
    .bind(draft.kind, draft.name, draft.version)
    .first<{ digest: string }>();
  if (row === null) return false;
  if (row.digest === digest) return true;
  throw new RegistryError('conflict', 'this version is published with other content', {
    where: `${draft.name} ${draft.version}`,
    expected: `content ${row.digest}`,
    found: digest,
    fix: 'Published versions never change: publish under a new version.',
  });
}

async function checkVersionCount({ database }: RegistryStores, { kind, name }: Draft): Promise<void> {
  const row = await database
    .prepare('SELECT count(*) AS versions FROM releases WHERE kind = ? AND name = ?')
    .bind(kind, name)
    .first<{ versions: number }>();
  if ((row?.versions ?? 0) < MAX_VERSIONS) return;
  throw new RegistryError('invalid', 'too many versions', {
    where: name,
    expected: `at most ${MAX_VERSIONS}`,
  });
}

async function checkBlob({ blobs }: RegistryStores, where: string, file: ReleaseFile): Promise<void> {
  const facts = await blobs.head(file.sha256);
  if (facts?.size === file.size) return;
  throw new RegistryError('missing-blob', `the blob of ${file.path} is not in place`, {
    where,
    expected: `${file.sha256} of ${file.size} bytes`,
    found: facts === undefined ? 'no such blob' : `${facts.size} bytes`,
    fix: 'Upload the blob first.',
  });
}

/** A new name becomes its first publisher's. Beyond the quota there is no such row, and what refers to it fails. */
function takeName({ database }: RegistryStores, name: string, publisher: string): D1PreparedStatement[] {
  const now = new Date().toISOString();
  return [
    database
      .prepare(
        `INSERT INTO styles (name, skeleton, publisher, created_at)
         SELECT ?1, ?2, ?3, ?4
          WHERE NOT EXISTS (SELECT 1 FROM styles WHERE name = ?1)
            AND (?3 = '${BUNDLED_PUBLISHER}' OR (SELECT count(*) FROM owners WHERE publisher = ?3) < ?5)`,
      )
      .bind(name, skeletonOf(name), publisher, now, MAX_STYLES),
    database
      .prepare(
        `INSERT INTO owners (name, publisher, since)
         SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM owners WHERE name = ?1)`,
      )
      .bind(name, publisher, now),
  ];
}

/** Beyond the day's quota there is no row, and the files that refer to it fail. */
function addRelease(
  { database }: RegistryStores,
  draft: Draft,
  manifest: string,
  digest: string,
  { publisher, signature, keyId, trial }: Provenance,
): D1PreparedStatement {
  const now = new Date();
  return database
    .prepare(
      `INSERT INTO releases (kind, name, version, rank, manifest, digest, architecture, context_width, search_text,
         published_at, publisher, signature, key_id, trial)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
        WHERE ?11 = '${BUNDLED_PUBLISHER}'
           OR (SELECT count(*) FROM releases WHERE publisher = ?11 AND published_at > ?15) < ?16`,
    )
    .bind(
      draft.kind,
      draft.name,
      draft.version,
      rankOf(draft.version),
      manifest,
      digest,
      draft.architecture,
      draft.contextWidth,
      searchText(draft.searchable),
      now.toISOString(),
      publisher,
      signature,
      keyId,
      trial,
      dayBefore(now),
      MAX_DAILY_VERSIONS,
    );
}

function addFiles(
  { database }: RegistryStores,
  { kind, name, version, files }: Draft,
): D1PreparedStatement[] {
  const addFile = database.prepare(
    'INSERT INTO release_files (kind, name, version, path, sha256, size) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return files.map((file) => addFile.bind(kind, name, version, file.path, file.sha256, file.size));
}

function addAudit(
  { database }: RegistryStores,
  { kind, name, version }: Draft,
  digest: string,
  { publisher, keyId, trial }: Provenance,
): D1PreparedStatement[] {
  if (publisher === BUNDLED_PUBLISHER) return [];
  const detail = { version, digest, key: keyId, trial };
  return [audit(database, { actor: publisher, action: `${kind}.publish`, subject: name, detail })];
}

/** One line a text, folded as queries are. */
function searchText(texts: readonly string[]): string {
  return texts.map(foldForSearch).join('\n');
}
