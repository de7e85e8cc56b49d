// Publishing a version of a style that comes with the program, and what the index keeps of any style.
import { firstIssue, kindOf, type StyleManifest, styleManifestSchema } from '../../plugins/contract/style.ts';
import { RegistryError } from './error.ts';
import { type Draft, publish } from './publish.ts';
import type { RegistryStores, ReleaseFile } from './release.ts';
import { checkPlugin } from './style-contents.ts';

/**
 * Checks a style manifest and its plugin, and publishes it; see `publish`. The blobs that it names must be in storage.
 * Throws `registry/invalid`, `registry/plugin` for a plugin that the validator refuses, and `registry/card-section` for one
 * that was packed with another card. Publishers go through `submitStyle`.
 */
export async function publishStyle(
  stores: RegistryStores,
  value: unknown,
): Promise<'published' | 'unchanged'> {
  const manifest = parseManifest(value);
  await checkPlugin(stores, manifest);
  return publish(stores, draftOf(manifest));
}

/** Throws `registry/invalid` with the field, `registry/licence` where it is the licence that is not there. */
export function parseManifest(value: unknown): StyleManifest {
  const parsed = styleManifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  if (field === 'licence') {
    throw new RegistryError('licence', message, {
      where: 'style.json licence',
      expected: 'an SPDX expression such as CC-BY-4.0',
    });
  }
  throw new RegistryError('invalid', message, { where: `style.json ${field}` });
}

/** What the index keeps of a style. */
export function draftOf(manifest: StyleManifest): Draft {
  return {
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
      ...(kindOf(manifest) === 'embedding' ? ['embedding'] : []),
    ],
  };
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
