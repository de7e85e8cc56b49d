// From a release of the registry to the interface's answer.
import type { z } from '@hono/zod-openapi';
import type { StyleManifest } from '../../plugins/contract/style.ts';
import type { Release, ReleaseFile } from '../registry/release.ts';
import type { blobReferenceSchema, modelSchema, styleSchema } from './schemas.ts';

type BlobReference = z.infer<typeof blobReferenceSchema>;

export function styleAnswer(release: Release): z.infer<typeof styleSchema> {
  // The registry took only manifests that the schema passed.
  const manifest = release.manifest as StyleManifest;
  const { weights, moreWeights = [], plugin, previews } = manifest.blobs;
  return {
    ...facts(release),
    manifest,
    weights: weights === null ? null : reference(weights),
    moreWeights: moreWeights.map(reference),
    plugin: plugin === null ? null : reference(plugin),
    previews: previews.map(reference),
  };
}

export function modelAnswer(release: Release): z.infer<typeof modelSchema> {
  return {
    ...facts(release),
    manifest: release.manifest as Record<string, unknown>,
    files: Object.fromEntries(release.files.map((file) => [file.path, reference(file)])),
  };
}

/** What styles and models have in common; the manifest and the files are each one's own. */
function facts({ manifest: _, files: __, ...rest }: Release) {
  return rest;
}

export function reference({ sha256, size }: Pick<ReleaseFile, 'sha256' | 'size'>): BlobReference {
  return { sha256, size, url: `/v1/blobs/${sha256}` };
}
