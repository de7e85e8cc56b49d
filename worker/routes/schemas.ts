// What the interface's answers look like, shared by its routes.
import { z } from '@hono/zod-openapi';
import {
  digestSchema,
  nameSchema,
  styleManifestSchema,
  versionSchema,
} from '../../plugins/contract/style.ts';
import { MAX_CURSOR_CHARACTERS } from '../registry/cursor.ts';
import { MAX_PAGE } from '../registry/search.ts';

export const blobReferenceSchema = z
  .object({
    sha256: digestSchema,
    size: z.int().min(1).describe('Bytes.'),
    url: z.string().describe('Where the bytes are, relative to this answer.'),
  })
  .meta({ id: 'BlobReference' });

const release = {
  name: nameSchema,
  version: versionSchema,
  publishedAt: z.iso.datetime(),
  publisher: nameSchema.describe('Handle of who published this version.'),
  digest: digestSchema.describe('SHA-256 over the manifest and the files: what a lock keeps.'),
  signature: z
    .string()
    .nullable()
    .describe('Ed25519 over the manifest’s canonical JSON, base64url; null for what comes with the program.'),
  keyId: z.string().nullable().describe('The publisher’s key that signed.'),
  trial: z
    .enum(['passed', 'not-run'])
    .describe('Whether the plugin was run at the edge before it became visible.'),
  downloads: z
    .object({ version: z.int().min(0), total: z.int().min(0) })
    .describe(
      'Whole reads of the weights (or of the plugin, where there are none), of this version and of all.',
    ),
  yankReason: z.string().nullable(),
  yanked: z.boolean().describe('true: hidden from lists and ranges, found only by its exact version.'),
};

export const styleSchema = z
  .object({
    ...release,
    manifest: styleManifestSchema,
    weights: blobReferenceSchema.nullable().describe('null: the plugin needs none.'),
    moreWeights: z.array(blobReferenceSchema).describe('Further weights files, for the plugin.'),
    plugin: blobReferenceSchema.nullable().describe('null: the standard plugin applies the weights.'),
    previews: z.array(blobReferenceSchema),
  })
  .meta({ id: 'Style' });

export const modelSchema = z
  .object({
    ...release,
    manifest: z.looseObject({}).describe('model.json as published.'),
    files: z.record(z.string(), blobReferenceSchema).describe('By file name, as model.json names them.'),
  })
  .meta({ id: 'Model' });

export const versionsSchema = z
  .array(z.object({ version: versionSchema, publishedAt: z.iso.datetime() }))
  .describe('The visible versions, releases first, highest first.');

const nextCursor = z.string().nullable().describe('`cursor` of the next page; null on the last one.');
export const stylePageSchema = z
  .object({ styles: z.array(styleSchema), nextCursor })
  .meta({ id: 'StylePage' });
export const modelPageSchema = z
  .object({ models: z.array(modelSchema), nextCursor })
  .meta({ id: 'ModelPage' });

/** Query of both searches; an unknown parameter is an error, so that a typing mistake is no silent full list. */
export const searchQuery = {
  q: z
    .string()
    .max(100)
    .optional()
    .describe(
      'Words that must all occur in name, title, author, publisher, description, tags or trigger words; the last one as the beginning of a word.',
    )
    .meta({ example: 'blue pri' }),
  architecture: nameSchema.optional().meta({ example: 'stable-diffusion-v1' }),
  licence: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('As cards say it, in any case.')
    .meta({ example: 'CC-BY-4.0' }),
  publisher: nameSchema.optional().describe('Handle.'),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(24),
  cursor: z
    .string()
    .min(1)
    .max(MAX_CURSOR_CHARACTERS)
    .optional()
    .describe('`nextCursor` of the page before, of the same search.'),
};

export const nameParam = z.object({ name: nameSchema });
export const versionParam = z.object({
  name: nameSchema,
  version: z
    .string()
    .min(1)
    .max(128)
    .describe('A version, a semver range, or latest.')
    .meta({ example: '^1.0.0' }),
});
