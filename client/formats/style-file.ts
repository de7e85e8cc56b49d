// `.style` files: a style in one file that has exactly one spelling. A zip of stored entries, the manifest first.
import { canonicalJson } from '../../plugins/contract/canonical-json.ts';
import {
  firstIssue,
  MAX_MANIFEST_BYTES,
  type StyleManifest,
  styleManifestSchema,
} from '../../plugins/contract/style.ts';
import { crc32 } from './crc32.ts';
import { digestOf, digestOfBytes } from './digest.ts';
import type { ByteSource } from './entry.ts';
import { FormatError } from './errors.ts';
import { checkRange } from './range.ts';
import { openZip, type ZipArchive } from './zip.ts';
import { type StoredEntry, type StoredLayout, storedLayout } from './zip-write.ts';

const MANIFEST_NAME = 'style.json';
const BLOB_FOLDER = 'blobs/';
/** A local header of a zip, before the entry's name. */
const LOCAL_HEADER_BYTES = 30;

/** An opened style: its checked manifest, and its blobs, every digest verified. */
export interface StyleFile {
  readonly manifest: StyleManifest;
  /** The bytes of a blob that the manifest names. Throws `format/invalid` for another digest. */
  blob(sha256: string): ByteSource;
}

/** True for what begins as a style file does: a zip whose first entry is the manifest. Says nothing of the rest. */
export async function isStyleFile(source: ByteSource): Promise<boolean> {
  const start = new TextEncoder().encode(`PK\x03\x04${MANIFEST_NAME}`);
  if (source.size < LOCAL_HEADER_BYTES + MANIFEST_NAME.length) return false;
  const head = await source.read(0, LOCAL_HEADER_BYTES + MANIFEST_NAME.length);
  const found = [...head.subarray(0, 4), ...head.subarray(LOCAL_HEADER_BYTES)];
  return start.every((byte, index) => byte === found[index]);
}

/**
 * Writes a style as one file. `blobs` holds, by SHA-256, each blob that the manifest names, and no other. The same
 * style gives the same bytes on every machine. Throws `format/invalid` where manifest and blobs do not belong
 * together, and `format/too-large` above 4 GiB.
 */
export function writeStyleFile(
  manifest: StyleManifest,
  blobs: ReadonlyMap<string, Uint8Array>,
): Uint8Array<ArrayBuffer> {
  const where = `style ${manifest.name}`;
  const checked = checkManifest(manifest, where);
  const named = namedBlobs(checked, where);
  const contents: Uint8Array[] = [new TextEncoder().encode(canonicalJson(checked))];
  const entries = [storedEntry(MANIFEST_NAME, contents[0]!)];
  for (const sha256 of blobs.keys()) {
    if (!named.has(sha256)) {
      throw invalid(where, 'a blob is not in the manifest', { found: sha256 });
    }
  }
  for (const [sha256, size] of named) {
    const bytes = blobs.get(sha256);
    if (bytes === undefined) throw invalid(where, 'a blob is missing', { expected: sha256 });
    checkBlob(`${where}, blob ${sha256}`, { sha256, size }, bytes.length, digestOfBytes(bytes));
    contents.push(bytes);
    entries.push(storedEntry(`${BLOB_FOLDER}${sha256}`, bytes));
  }
  const layout = storedLayout(where, entries);
  const file = new Uint8Array(layout.size);
  for (const [index, { offset, header }] of layout.heads.entries()) {
    file.set(header, offset);
    file.set(contents[index]!, offset + header.length);
  }
  file.set(layout.directory, layout.directoryOffset);
  return file;
}

/**
 * Opens a style file and verifies it whole: the manifest is valid and canonical, the entries are the manifest and the
 * blobs that it names, their sizes and digests are right, and not one byte of the archive differs from what
 * `writeStyleFile` makes, so that a style's digest means the style. Reads large blobs in pieces. Throws a
 * `FormatError` with the file, the entry and what was expected.
 */
export async function openStyleFile(source: ByteSource, signal?: AbortSignal): Promise<StyleFile> {
  const archive = await openZip(source);
  const { manifest, bytes } = await readManifest(source, archive);
  const named = namedBlobs(manifest, source.name);
  for (const name of archive.entries.keys()) {
    const known =
      name === MANIFEST_NAME || (name.startsWith(BLOB_FOLDER) && named.has(name.slice(BLOB_FOLDER.length)));
    if (!known)
      throw invalid(source.name, 'the archive holds a file that the manifest does not name', { found: name });
  }
  const entries = [storedEntry(MANIFEST_NAME, bytes)];
  const blobs = new Map<string, ByteSource>();
  for (const [sha256, size] of named) {
    const where = `${source.name}, ${BLOB_FOLDER}${sha256}`;
    const entry = archive.entries.get(`${BLOB_FOLDER}${sha256}`);
    if (entry === undefined) throw invalid(where, 'a blob that the manifest names is missing');
    if (entry.deflated) throw invalid(where, 'the blob is compressed', { expected: 'a stored entry' });
    const blob = windowOf(source, where, await archive.dataOffset(entry), entry.size);
    if (blob.size !== size) checkBlob(where, { sha256, size }, blob.size, sha256);
    let crc = 0;
    const digest = await digestOf(blob, signal, (piece) => {
      crc = crc32(piece, crc);
    });
    checkBlob(where, { sha256, size }, blob.size, digest);
    blobs.set(sha256, blob);
    entries.push({ name: `${BLOB_FOLDER}${sha256}`, size, crc });
  }
  await checkLayout(source, storedLayout(source.name, entries));
  return {
    manifest,
    blob(sha256) {
      const blob = blobs.get(sha256);
      if (blob === undefined) throw invalid(source.name, 'the style has no such blob', { expected: sha256 });
      return blob;
    },
  };
}

async function readManifest(
  source: ByteSource,
  archive: ZipArchive,
): Promise<{ manifest: StyleManifest; bytes: Uint8Array }> {
  const where = `${source.name}, ${MANIFEST_NAME}`;
  const entry = archive.entries.get(MANIFEST_NAME);
  if (entry === undefined)
    throw invalid(where, 'the manifest is missing', { fix: 'This is not a style file.' });
  const bytes = await archive.read(entry, MAX_MANIFEST_BYTES);
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(where, 'the manifest is not JSON', { found: (cause as Error).message, cause });
  }
  const manifest = checkManifest(value, where);
  if (canonicalJson(manifest) !== text) {
    throw invalid(where, 'the manifest is not in canonical JSON', {
      expected: 'RFC 8785: sorted keys, no white space',
      fix: 'Pack the style again.',
    });
  }
  return { manifest, bytes };
}

function checkManifest(value: unknown, where: string): StyleManifest {
  const parsed = styleManifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  throw invalid(`${where}, ${field}`, message);
}

/** Sizes by digest, in order of digests. A blob may serve twice; then its size is said twice alike. */
function namedBlobs({ blobs }: StyleManifest, where: string): Map<string, number> {
  const { weights, moreWeights = [], plugin, previews } = blobs;
  const named = new Map<string, number>();
  for (const blob of [weights, ...moreWeights, plugin, ...previews]) {
    if (blob === null) continue;
    const size = named.get(blob.sha256) ?? blob.size;
    if (size !== blob.size) {
      throw invalid(`${where}, blob ${blob.sha256}`, 'the manifest gives two sizes for one blob', {
        found: `${size} and ${blob.size} bytes`,
      });
    }
    named.set(blob.sha256, size);
  }
  return new Map([...named].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checkBlob(
  where: string,
  expected: { readonly sha256: string; readonly size: number },
  size: number,
  sha256: string,
): void {
  if (size !== expected.size) {
    throw invalid(where, 'the blob has another size than the manifest says', {
      expected: `${expected.size} bytes`,
      found: `${size}`,
    });
  }
  if (sha256 !== expected.sha256) {
    throw invalid(where, 'the blob has another digest', {
      expected: expected.sha256,
      found: sha256,
      fix: 'The file is damaged or forged: get it again.',
    });
  }
}

function storedEntry(name: string, bytes: Uint8Array): StoredEntry {
  return { name, size: bytes.length, crc: crc32(bytes) };
}

/** Everything but the contents, which the digests cover, must be as it is written. */
async function checkLayout(source: ByteSource, layout: StoredLayout): Promise<void> {
  const pieces = [
    ...layout.heads.map(({ offset, header }) => ({ offset, bytes: header })),
    { offset: layout.directoryOffset, bytes: layout.directory },
  ];
  if (source.size === layout.size) {
    let same = true;
    for (const { offset, bytes } of pieces) {
      const found = await source.read(offset, bytes.length);
      same &&= bytes.every((byte, index) => byte === found[index]);
    }
    if (same) return;
  }
  throw invalid(source.name, 'the archive is not laid out as style files are', {
    expected: `stored entries in order, in ${layout.size} bytes`,
    found: source.size === layout.size ? 'other headers' : `${source.size} bytes`,
    fix: 'Pack the style again instead of zipping it.',
  });
}

/** A part of a source. */
function windowOf(source: ByteSource, name: string, start: number, size: number): ByteSource {
  const blob = source.blob?.slice(start, start + size);
  return {
    name,
    size,
    ...(blob !== undefined && { blob }),
    async read(offset, length) {
      checkRange(name, size, offset, length);
      return source.read(start + offset, length);
    },
  };
}

function invalid(
  where: string,
  what: string,
  facts: { expected?: string; found?: string; fix?: string; cause?: unknown } = {},
): FormatError {
  return new FormatError('invalid', what, { where, ...facts });
}
