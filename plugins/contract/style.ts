// The style manifest, `style.json`: one schema for the kit that writes it, the worker that stores it and the client.
import { valid } from 'semver';
import { z } from 'zod';
import { kindFault, MAX_EMBEDDING_VECTORS } from './embedding.ts';
import { MAX_MODULE_BYTES, MAX_WEIGHTS_FILES, MAX_WIDTH } from './limits.ts';

/** Bytes of a style's weights: the largest published hypernetworks are about a tenth of this. */
export const MAX_WEIGHTS_BYTES = 2 ** 30;
/** Bytes of one preview picture. */
export const MAX_PREVIEW_BYTES = 4 * 2 ** 20;
export const MAX_PREVIEWS = 8;
/** Bytes of a whole manifest in canonical JSON. */
export const MAX_MANIFEST_BYTES = 64 * 2 ** 10;

/** Lower-case letters, digits and single inner hyphens, 1 … 64 characters: safe in URLs and file names. */
export const nameSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be lower-case letters and digits with single hyphens between')
  .meta({ id: 'Name', example: 'blueprint' });

/**
 * A semantic version. Build metadata (`+…`) is refused: semver gives it no order, and two versions of one
 * style must never be equals.
 */
export const versionSchema = z
  .string()
  .max(64)
  .refine((text) => valid(text) === text, 'must be a semantic version such as 1.2.0, without build metadata')
  .meta({ id: 'Version', example: '1.0.0' });

/** SHA-256 in lower-case hexadecimal: a blob's name everywhere. */
export const digestSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in 64 lower-case hexadecimal digits')
  .meta({ id: 'Digest', example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' });

/** Text that people read: trimmed, without control characters. */
function text(minimum: number, maximum: number) {
  return z
    .string()
    .min(minimum)
    .max(maximum)
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
    .refine((value) => value === value.trim(), 'must not begin or end with white space')
    .refine((value) => !hasControlCharacters(value), 'must not hold control characters');
}

/** C0 controls other than the line feed, and DEL: they would let a text forge what a terminal shows. */
function hasControlCharacters(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 0x0a) || code === 0x7f) return true;
  }
  return false;
}

function blob(maximumBytes: number) {
  return z.strictObject({ sha256: digestSchema, size: z.int().min(1).max(maximumBytes) });
}

const distinct = (values: readonly unknown[]) => new Set(values).size === values.length;

/** The base model that a style was made for. */
export const styleBaseSchema = z
  .strictObject({
    architecture: nameSchema.describe('Such as stable-diffusion-v1.'),
    contextWidth: z.int().min(1).max(MAX_WIDTH).describe('Width of the text context that the style bends.'),
    checkpointSha256: digestSchema.optional().describe('The checkpoint that it was trained on, if known.'),
  })
  .meta({ id: 'StyleBase' });

/** What the layers are, for people and for searching; the weights file is what counts. */
export const styleLayersSchema = z
  .strictObject({
    widths: z
      .array(z.int().min(1).max(MAX_WIDTH))
      .min(1)
      .max(16)
      .refine(distinct, 'must not repeat a width')
      .describe('Context widths that have a pair of networks.'),
    structure: z
      .array(z.number().positive().max(16))
      .min(2)
      .max(16)
      .refine((values) => values[0] === 1 && values.at(-1) === 1, 'must begin and end with 1')
      .describe('Multiples of the width, from the first to the last layer.'),
    activation: z.string().regex(/^[a-z0-9]{1,32}$/, 'must be a lower-case activation name'),
    layerNorm: z.boolean(),
    activateOutput: z.boolean(),
  })
  .meta({ id: 'StyleLayers' });

/** A number that the user may set, such as the strength. */
export const styleParameterSchema = z
  .strictObject({
    name: nameSchema,
    default: z.number(),
    minimum: z.number(),
    maximum: z.number(),
  })
  .refine((it) => it.minimum <= it.default && it.default <= it.maximum, {
    path: ['default'],
    message: 'must lie between minimum and maximum',
  })
  .meta({ id: 'StyleParameter' });

/** How a style was trained, as the program that trained it records it. */
export const styleTrainingSchema = z
  .strictObject({
    pictures: z
      .int()
      .min(1)
      .max(1_000_000)
      .describe('Pictures of the training set, without those held back.'),
    steps: z.int().min(0).max(100_000_000),
    batch: z.int().min(1).max(65_536).describe('Pictures a step.'),
    rates: text(1, 1000).describe('Learning rates, such as 5e-5:500, 1e-6.'),
    base: text(1, 100).describe('Name of the model that it was trained over.'),
  })
  .meta({ id: 'StyleTraining' });
export type StyleTraining = z.infer<typeof styleTrainingSchema>;

/** What a manifest describes: a style, which bends the context, or an embedding, a word of the prompt. */
export const STYLE_KINDS = ['style', 'embedding'] as const;
export type StyleKind = (typeof STYLE_KINDS)[number];

/** The kind; manifests from before embeddings say none. */
export function kindOf({ kind }: { readonly kind?: StyleKind | undefined }): StyleKind {
  return kind ?? 'style';
}

/** What a creator writes: everything of the manifest except the digests, which packing computes. */
const card = {
  kind: z
    .enum(STYLE_KINDS)
    .optional()
    .describe('Without it a style. An embedding’s weights are vectors that its name stands for in prompts.'),
  vectors: z
    .int()
    .min(1)
    .max(MAX_EMBEDDING_VECTORS)
    .optional()
    .describe('Of an embedding: how many places of the prompt its word takes.'),
  name: nameSchema,
  version: versionSchema,
  title: text(1, 100),
  description: text(0, 4000),
  author: text(1, 100),
  licence: text(1, 100).describe('An SPDX expression or the licence’s name.'),
  tags: z.array(nameSchema).max(16).refine(distinct, 'must not repeat a tag'),
  triggerWords: z.array(text(1, 64)).max(16).refine(distinct, 'must not repeat a trigger word'),
  base: styleBaseSchema,
  origins: z
    .array(digestSchema)
    .min(1)
    .max(8)
    .refine(distinct, 'must not repeat a digest')
    .optional()
    .describe(
      'SHA-256 of files that the weights were converted from: pictures made with those carry their hashes.',
    ),
  layers: styleLayersSchema.nullable().describe('null: the plugin makes its own, or it is an embedding.'),
  training: styleTrainingSchema.optional(),
  parameters: z
    .array(styleParameterSchema)
    .max(16)
    .refine((values) => distinct(values.map(({ name }) => name)), 'must not repeat a name'),
};

/** Adds the issue of a card or manifest that breaks the rules of its kind. */
function checkKind(value: Parameters<typeof kindFault>[0], context: z.RefinementCtx): void {
  const fault = kindFault(value);
  if (fault !== undefined) context.addIssue({ code: 'custom', ...fault });
}

export const styleCardSchema = z.strictObject(card).superRefine(checkKind);
export type StyleCard = z.infer<typeof styleCardSchema>;

export const styleManifestSchema = z
  .strictObject({
    ...card,
    blobs: z
      .strictObject({
        weights: blob(MAX_WEIGHTS_BYTES)
          .nullable()
          .describe('Safetensors, as `convert` writes them; null: none.'),
        moreWeights: z
          .array(blob(MAX_WEIGHTS_BYTES))
          .max(MAX_WEIGHTS_FILES - 1)
          .optional()
          .describe('Further weights files, the plugin’s sets 1, 2 …'),
        plugin: blob(MAX_MODULE_BYTES).nullable().describe('null: the standard plugin.'),
        previews: z.array(blob(MAX_PREVIEW_BYTES)).max(MAX_PREVIEWS).describe('PNG pictures.'),
      })
      .refine(({ weights, plugin }) => weights !== null || plugin !== null, {
        path: ['weights'],
        message: 'must be there where there is no plugin',
      })
      .refine(({ weights, moreWeights }) => weights !== null || moreWeights === undefined, {
        path: ['moreWeights'],
        message: 'must not be there without weights',
      }),
  })
  .superRefine(checkKind)
  .meta({ id: 'StyleManifest' });
export type StyleManifest = z.infer<typeof styleManifestSchema>;

/**
 * What a failed check found, as `field: what`; the field is a path such as `base.contextWidth`. An unknown field goes first:
 * where one is misspelt, another is missing, and the misspelling is what to mend.
 */
export function firstIssue(error: z.ZodError): { readonly field: string; readonly message: string } {
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  if (issue === undefined) return { field: '', message: 'invalid' };
  const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
  return { field: keys.map(String).join('.'), message: issue.message };
}
