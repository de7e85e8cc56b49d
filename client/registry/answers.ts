// The registry's answers as the client takes them: checked, because a registry may be anyone's.
import { z } from 'zod';
import {
  digestSchema,
  nameSchema,
  styleManifestSchema,
  versionSchema,
} from '../../plugins/contract/style.ts';

const blobReference = z.object({ sha256: digestSchema, size: z.int().min(1), url: z.string().max(2048) });

const release = {
  name: nameSchema,
  version: versionSchema,
  publishedAt: z.string(),
  yanked: z.boolean(),
};

export const styleAnswer = z.object({
  ...release,
  manifest: styleManifestSchema,
  weights: blobReference.nullable(),
  /** Older registries know of one weights file only. */
  moreWeights: z.array(blobReference).default([]),
  plugin: blobReference.nullable(),
  previews: z.array(blobReference),
});

export const modelAnswer = z.object({
  ...release,
  /** `model.json`; who loads the model checks it. */
  manifest: z.looseObject({}),
  files: z.record(z.string(), blobReference),
});

const nextCursor = z.string().nullable();
export const stylePageAnswer = z.object({ styles: z.array(styleAnswer), nextCursor });
export const modelPageAnswer = z.object({ models: z.array(modelAnswer), nextCursor });

/** RFC 9457, as much of it as an error tells. */
export const problemAnswer = z.object({ title: z.string(), detail: z.string(), code: z.string().optional() });

/** Where a blob is, and how to know it. */
export type BlobReference = z.infer<typeof blobReference>;
/** One version of a style; `plugin` null means the standard one, `weights` null that the plugin needs none. */
export type RegistryStyle = z.infer<typeof styleAnswer>;
/** One version of a model; `files` by the names that `manifest` uses. */
export type RegistryModel = z.infer<typeof modelAnswer>;
export type StylePage = z.infer<typeof stylePageAnswer>;
export type ModelPage = z.infer<typeof modelPageAnswer>;
