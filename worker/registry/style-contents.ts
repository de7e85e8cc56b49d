// What the edge checks of a style's files: headers and the module, never a tensor's values.

import type { ByteSource, TensorEntry } from '../../client/formats/entry.ts';
import { FormatError } from '../../client/formats/errors.ts';
import { PNG_HEADER_BYTES, readPngHeader } from '../../client/formats/png-header.ts';
import { checkRange } from '../../client/formats/range.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { EMBEDDING_TENSOR } from '../../plugins/contract/embedding.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { kindOf, type StyleManifest } from '../../plugins/contract/style.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { RegistryError, type RegistryErrorKind } from './error.ts';
import type { RegistryStores } from './release.ts';

/** Bytes of one safetensors header here: 4,096 tensors need about 1 MB, and an isolate parses it in its memory. */
export const MAX_EDGE_HEADER_BYTES = 4 * 2 ** 20;
/** Pixels of a preview's side: what shows it allocates that much. */
export const MAX_PREVIEW_SIDE = 4096;

type BlobName = { readonly sha256: string; readonly size: number };

/**
 * Throws `registry/weights` unless every weights file begins with a whole, consistent safetensors header, and that of an embedding
 * holds the vectors that the manifest tells of and nothing else.
 */
export async function checkWeights(stores: RegistryStores, manifest: StyleManifest): Promise<void> {
  const { weights, moreWeights = [] } = manifest.blobs;
  for (const [index, blob] of [weights, ...moreWeights].entries()) {
    if (blob === null) continue;
    const source = storedSource(stores, `${placeOf(manifest)}, weights ${index}`, blob);
    const { entries } = await asRegistryError('weights', () => openSafetensors(source));
    if (kindOf(manifest) === 'embedding') checkVectors(entries, manifest, source.name);
    else if (entries.size === 0) {
      throw new RegistryError('weights', 'the weights hold no tensor', { where: source.name });
    }
  }
}

function checkVectors(
  entries: ReadonlyMap<string, TensorEntry>,
  { vectors, base }: StyleManifest,
  where: string,
): void {
  const shape = `${EMBEDDING_TENSOR} [${vectors}, ${base.contextWidth}]`;
  const found = [...entries.values()].map((entry) => `${entry.name} [${entry.shape.join(', ')}]`);
  if (found.length === 1 && found[0] === shape) return;
  throw new RegistryError('weights', 'the weights are not the embedding that the manifest tells of', {
    where,
    expected: shape,
    found: found.slice(0, 4).join(', ') || 'no tensor',
    fix: 'Pack the embedding again: `tincture publish FILE.pt --card card.json` does.',
  });
}

/** Throws `registry/preview` unless every preview begins as a PNG of at most `MAX_PREVIEW_SIDE` pixels a side. */
export async function checkPreviews(stores: RegistryStores, manifest: StyleManifest): Promise<void> {
  for (const [index, blob] of manifest.blobs.previews.entries()) {
    const source = storedSource(stores, `${placeOf(manifest)}, preview ${index}`, blob);
    const { width, height } = await asRegistryError('preview', async () =>
      readPngHeader(await source.read(0, Math.min(PNG_HEADER_BYTES, blob.size)), source.name),
    );
    if (width <= MAX_PREVIEW_SIDE && height <= MAX_PREVIEW_SIDE) continue;
    throw new RegistryError('preview', 'the preview is too large', {
      where: source.name,
      expected: `at most ${MAX_PREVIEW_SIDE} pixels a side`,
      found: `${width} × ${height}`,
    });
  }
}

/**
 * Reads and validates the style's own plugin; gives its bytes, undefined where it has none or its blob is not in place, which
 * is `publish`'s to tell. Throws `registry/plugin`, and `registry/card-section` where it was packed with another card.
 */
export async function checkPlugin(
  { blobs }: RegistryStores,
  manifest: StyleManifest,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { plugin } = manifest.blobs;
  if (plugin === null || (await blobs.head(plugin.sha256))?.size !== plugin.size) return undefined;
  const stored = await blobs.get(plugin.sha256);
  if (stored === undefined) return undefined;
  const where = `${placeOf(manifest)}, plugin`;
  const expected = cardDigest(cardOf(manifest));
  const bytes = new Uint8Array(await new Response(stored.body).arrayBuffer());
  let found: string | undefined;
  try {
    found = validatePlugin(bytes, { name: where }).card?.sha256;
  } catch (cause) {
    if (!(cause instanceof PluginError)) throw cause;
    throw new RegistryError('plugin', cause.message, { cause });
  }
  if (found === expected) return bytes;
  throw new RegistryError('card-section', 'the plugin was not packed with this card', {
    where,
    expected: `section tincture.card with ${expected}`,
    found: found ?? 'no such section: a work in progress',
    fix: 'Pack the style again.',
  });
}

function placeOf({ name, version }: StyleManifest): string {
  return `${name} ${version}`;
}

/** A stored blob as a source that reads ranges, of at most `MAX_EDGE_HEADER_BYTES` each. */
function storedSource({ blobs }: RegistryStores, name: string, { sha256, size }: BlobName): ByteSource {
  return {
    name,
    size,
    async read(offset, length) {
      checkRange(name, size, offset, length);
      if (length > MAX_EDGE_HEADER_BYTES) {
        throw new FormatError('too-large', 'the header is too large to be checked here', {
          where: name,
          expected: `at most ${MAX_EDGE_HEADER_BYTES} bytes`,
          found: String(length),
        });
      }
      if (length === 0) return new Uint8Array();
      const part = await blobs.get(sha256, { offset, length });
      if (part === undefined) throw new FormatError('truncated', 'the blob is gone', { where: name });
      return new Uint8Array(await new Response(part.body).arrayBuffer());
    },
  };
}

async function asRegistryError<T>(kind: RegistryErrorKind, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new RegistryError(kind, cause.message, { cause });
  }
}
