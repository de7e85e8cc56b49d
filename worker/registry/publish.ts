// Publishing: a version goes into the index in one batch after its blobs are in place, once and for ever.
import { canonicalJson } from '../../plugins/contract/canonical-json.ts';
import { MAX_MANIFEST_BYTES } from '../../plugins/contract/style.ts';
import { digestOf } from '../storage/blob-store.ts';
import { RegistryError } from './error.ts';
import { rankOf } from './rank.ts';
import type { RegistryStores, ReleaseFile, ReleaseKind } from './release.ts';
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

/**
 * Publishes a draft. The same content again is `unchanged`. Throws `registry/conflict` for other content under
 * the same version, `registry/missing-blob` when a file is not in storage with its size, and
 * `registry/invalid` for too large a manifest or too many versions; then nothing has become visible.
 */
export async function publish(stores: RegistryStores, draft: Draft): Promise<'published' | 'unchanged'> {
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
  for (const file of draft.files) await checkBlob(stores, where, file);
  try {
    await insert(stores, draft, manifest, digest);
  } catch (error) {
    // Two publishers at once: the first one wins, and the second learns whether it said the same.
    if (await isPublished(stores, draft, digest)) return 'unchanged';
    throw error;
  }
  return 'published';
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

async function insert({ database }: RegistryStores, draft: Draft, manifest: string, digest: string) {
  const { kind, name, version } = draft;
  const addRelease = database
    .prepare(
      `INSERT INTO releases (kind, name, version, rank, manifest, digest, architecture, context_width, search_text, published_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      kind,
      name,
      version,
      rankOf(version),
      manifest,
      digest,
      draft.architecture,
      draft.contextWidth,
      searchText(draft.searchable),
      new Date().toISOString(),
    );
  const addFile = database.prepare(
    'INSERT INTO release_files (kind, name, version, path, sha256, size) VALUES (?, ?, ?, ?, ?, ?)',
  );
  await database.batch([
    addRelease,
    ...draft.files.map((file) => addFile.bind(kind, name, version, file.path, file.sha256, file.size)),
  ]);
}

/** One line a text, folded as queries are. */
function searchText(texts: readonly string[]): string {
  return texts.map(foldForSearch).join('\n');
}
