// Publishing a version of a style.
import { firstIssue, styleManifestSchema } from '../../plugins/contract/style.ts';
import { RegistryError } from './error.ts';
import { publish } from './publish.ts';
import type { RegistryStores, ReleaseFile } from './release.ts';

/** Checks a style manifest and publishes it; see `publish`. The blobs that it names must be in storage. */
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
  const { weights, plugin, previews } = manifest.blobs;
  const files: ReleaseFile[] = [{ path: 'weights', ...weights }];
  if (plugin !== null) files.push({ path: 'plugin', ...plugin });
  for (const [index, preview] of previews.entries()) files.push({ path: `previews/${index}`, ...preview });
  return publish(stores, {
    kind: 'style',
    name: manifest.name,
    version: manifest.version,
    manifest,
    files,
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
