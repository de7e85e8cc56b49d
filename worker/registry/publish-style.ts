// Publishing a version of a style.
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { firstIssue, type StyleManifest, styleManifestSchema } from '../../plugins/contract/style.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { RegistryError } from './error.ts';
import { publish } from './publish.ts';
import type { RegistryStores, ReleaseFile } from './release.ts';

/**
 * Checks a style manifest and its plugin, and publishes it; see `publish`. The blobs that it names must be in storage.
 * Throws `registry/invalid` for a plugin that the validator refuses, or that was packed with another card.
 */
export async function publishStyle(
  stores: RegistryStores,
  value: unknown,
): Promise<'published' | 'unchanged'> {
  const parsed = styleManifestSchema.safeParse(value);
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error);
    throw new RegistryError('invalid', message, { where: `style.json ${field}` });
  }
  const manifest = parsed.data;
  await checkPlugin(stores, manifest);
  return publish(stores, {
    kind: 'style',
    name: manifest.name,
    version: manifest.version,
    manifest,
    files: filesOf(manifest),
    architecture: manifest.base.architecture,
    contextWidth: manifest.base.contextWidth,
    searchable: [
      manifest.name,
      manifest.title,
      manifest.author,
      manifest.description,
      ...manifest.tags,
      ...manifest.triggerWords,
    ],
  });
}

function filesOf({ blobs }: StyleManifest): ReleaseFile[] {
  const { weights, moreWeights = [], plugin, previews } = blobs;
  const files: ReleaseFile[] = [];
  if (weights !== null) files.push({ path: 'weights', ...weights });
  for (const [index, blob] of moreWeights.entries()) files.push({ path: `weights/${index + 1}`, ...blob });
  if (plugin !== null) files.push({ path: 'plugin', ...plugin });
  for (const [index, preview] of previews.entries()) files.push({ path: `previews/${index}`, ...preview });
  return files;
}

/** A blob that is missing or of another size is `publish`'s to tell. */
async function checkPlugin({ blobs }: RegistryStores, manifest: StyleManifest): Promise<void> {
  const { plugin } = manifest.blobs;
  if (plugin === null || (await blobs.head(plugin.sha256))?.size !== plugin.size) return;
  const stored = await blobs.get(plugin.sha256);
  if (stored === undefined) return;
  const where = `${manifest.name} ${manifest.version}, plugin`;
  const expected = cardDigest(cardOf(manifest));
  let found: string | undefined;
  try {
    const bytes = new Uint8Array(await new Response(stored.body).arrayBuffer());
    found = validatePlugin(bytes, { name: where }).card?.sha256;
  } catch (cause) {
    if (!(cause instanceof PluginError)) throw cause;
    throw new RegistryError('invalid', cause.message, { cause });
  }
  if (found === expected) return;
  throw new RegistryError('invalid', 'the plugin was not packed with this card', {
    where,
    expected: `section tincture.card with ${expected}`,
    found: found ?? 'no such section: a work in progress',
    fix: 'Pack the style again.',
  });
}
