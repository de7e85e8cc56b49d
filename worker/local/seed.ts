// Puts the bundled model and styles into a registry, by the rules that every publication follows.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { gt, inc } from 'semver';
import { cardDigest, withCardSection } from '../../plugins/contract/card-section.ts';
import { MAX_WEIGHTS_FILES } from '../../plugins/contract/limits.ts';
import { firstIssue, MAX_PREVIEWS, type StyleCard, styleCardSchema } from '../../plugins/contract/style.ts';
import { RegistryError } from '../registry/error.ts';
import { publishModel } from '../registry/publish-model.ts';
import { publishStyle } from '../registry/publish-style.ts';
import type { RegistryStores, ReleaseFile, ReleaseKind } from '../registry/release.ts';
import { listVersions } from '../registry/resolve.ts';
import { type BlobType, digestOf } from '../storage/blob-store.ts';
import { despiteClosedConnections } from './connection-closed.ts';

/** A bundled model has no version of its own: it begins here. */
const FIRST_VERSION = '1.0.0';
const CARD_SUFFIX = '.style.json';

/** What a model's folder needs to be seeded from. */
interface BundledManifest {
  readonly name: string;
  readonly checkpoint: string;
  readonly previewDecoder?: string;
  readonly tokenizer: { readonly vocab: string; readonly merges: string };
}

type BlobName = Omit<ReleaseFile, 'path'>;

/**
 * Seeds `folder`: `model.json` with its files, and in `styles/` for each card NAME.style.json the weights
 * NAME.safetensors, NAME.1.safetensors …, the plugin NAME.wasm and the previews NAME.png, NAME.1.png …, of which a style
 * needs weights or a plugin. What is there already is left alone.
 * Content that has changed since becomes the next patch version, because published versions never change.
 * Throws RegistryError for a card or manifest that breaks the rules, Node's error for a missing file, and `setup/connection`
 * where the store's connection closes again and again.
 */
export async function seed(stores: RegistryStores, folder: string): Promise<void> {
  await seedModel(stores, folder);
  const styles = join(folder, 'styles');
  const names = await readdir(styles).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names.filter((file) => file.endsWith(CARD_SUFFIX)).sort()) {
    await seedStyle(stores, styles, name.slice(0, -CARD_SUFFIX.length), names);
  }
}

async function seedModel(stores: RegistryStores, folder: string): Promise<void> {
  const manifest = (await readJson(join(folder, 'model.json'))) as BundledManifest;
  const { checkpoint, previewDecoder, tokenizer } = manifest;
  const files: ReleaseFile[] = [];
  for (const path of [checkpoint, previewDecoder, tokenizer.vocab, tokenizer.merges]) {
    if (path === undefined) continue;
    files.push({ path, ...(await store(stores, join(folder, path))) });
  }
  await publishAnew(stores, 'model', manifest.name, FIRST_VERSION, (version) =>
    publishModel(stores, { version, manifest, files }),
  );
}

async function seedStyle(
  stores: RegistryStores,
  folder: string,
  stem: string,
  names: readonly string[],
): Promise<void> {
  const card = parseCard(await readJson(join(folder, `${stem}${CARD_SUFFIX}`)), `${stem}${CARD_SUFFIX}`);
  const plugin = names.includes(`${stem}.wasm`)
    ? new Uint8Array(await readFile(join(folder, `${stem}.wasm`)))
    : undefined;
  const [first, ...more] = await storeAll(
    stores,
    folder,
    numbered(stem, 'safetensors', MAX_WEIGHTS_FILES, names),
  );
  const previews = await storeAll(stores, folder, numbered(stem, 'png', MAX_PREVIEWS, names));
  await publishAnew(stores, 'style', card.name, card.version, async (version) => {
    const published = { ...card, version };
    // The section carries the card's digest, and the version is part of the card.
    const packed = plugin && withCardSection(plugin, cardDigest(published));
    const where = `${stem}.wasm`;
    const blobs = {
      weights: first ?? null,
      ...(more.length > 0 && { moreWeights: more }),
      plugin:
        packed === undefined ? null : await storeBytes(stores, where, packed, 'application/octet-stream'),
      previews,
    };
    return publishStyle(stores, { ...published, blobs });
  });
}

/** STEM.EXTENSION, STEM.1.EXTENSION … as far as they are there without a gap. */
function numbered(stem: string, extension: string, limit: number, names: readonly string[]): string[] {
  const all = Array.from({ length: limit }, (_, index) =>
    index === 0 ? `${stem}.${extension}` : `${stem}.${index}.${extension}`,
  );
  const gap = all.findIndex((name) => !names.includes(name));
  return gap === -1 ? all : all.slice(0, gap);
}

/** Publishes as `wanted`, or above what is there; the latest version with the same content is kept. */
async function publishAnew(
  stores: RegistryStores,
  kind: ReleaseKind,
  name: string,
  wanted: string,
  publishAs: (version: string) => Promise<unknown>,
): Promise<void> {
  const latest = (await listVersions(stores, kind, name))[0]?.version;
  const version = latest === undefined || gt(wanted, latest) ? wanted : latest;
  try {
    await publishAs(version);
  } catch (error) {
    const next = inc(version, 'patch');
    if (!(error instanceof RegistryError) || error.kind !== 'conflict' || next === null) throw error;
    await publishAs(next);
  }
}

async function storeAll(
  stores: RegistryStores,
  folder: string,
  names: readonly string[],
): Promise<BlobName[]> {
  const stored: BlobName[] = [];
  for (const name of names) stored.push(await store(stores, join(folder, name)));
  return stored;
}

async function store(stores: RegistryStores, path: string): Promise<BlobName> {
  return storeBytes(stores, path, new Uint8Array(await readFile(path)), typeOf(path));
}

async function storeBytes(
  { blobs }: RegistryStores,
  where: string,
  bytes: Uint8Array<ArrayBuffer>,
  type: BlobType,
): Promise<BlobName> {
  const sha256 = await digestOf(bytes);
  await despiteClosedConnections(where, async () => {
    if ((await blobs.head(sha256)) === undefined) await blobs.put(sha256, bytes, type);
  });
  return { sha256, size: bytes.length };
}

function typeOf(path: string): BlobType {
  return extname(path) === '.png' ? 'image/png' : 'application/octet-stream';
}

function parseCard(value: unknown, where: string): StyleCard {
  const parsed = styleCardSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  throw new RegistryError('invalid', message, { where: `${where} ${field}` });
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
