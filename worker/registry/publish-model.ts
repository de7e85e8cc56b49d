// Publishing a version of a model: its `model.json` and the files beside it.
import { z } from 'zod';
import { digestSchema, firstIssue, nameSchema, versionSchema } from '../../plugins/contract/style.ts';
import { RegistryError } from './error.ts';
import { publish } from './publish.ts';
import type { RegistryStores, ReleaseFile } from './release.ts';

/** R2 takes no larger object in one upload; Stable Diffusion 1.x in float32 is 4.3 GB. */
const MAX_FILE_BYTES = 5 * 2 ** 30;
const MAX_FILES = 16;

/** A file name in the model's own folder. */
const fileName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be a plain file name');

/** What the index needs of `model.json`; the rest is the client's to check and is kept as it is. */
const modelManifestSchema = z.looseObject({
  name: nameSchema,
  architecture: nameSchema,
  checkpoint: fileName,
  previewDecoder: fileName.optional(),
  tokenizer: z.looseObject({ vocab: fileName, merges: fileName }),
});

const modelFilesSchema = z
  .array(z.strictObject({ path: fileName, sha256: digestSchema, size: z.int().min(1).max(MAX_FILE_BYTES) }))
  .max(MAX_FILES)
  .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, 'must not repeat a path');

export interface ModelDraft {
  readonly version: string;
  readonly manifest: unknown;
  readonly files: readonly ReleaseFile[];
}

/** Checks a model and publishes it; see `publish`. The blobs that it names must be in storage. */
export async function publishModel(
  stores: RegistryStores,
  draft: ModelDraft,
): Promise<'published' | 'unchanged'> {
  const version = checked(versionSchema, draft.version, 'version');
  const manifest = checked(modelManifestSchema, draft.manifest, 'model.json');
  const files = checked(modelFilesSchema, draft.files, 'files');
  const { checkpoint, previewDecoder, tokenizer } = manifest;
  for (const path of [checkpoint, previewDecoder, tokenizer.vocab, tokenizer.merges]) {
    if (path === undefined || files.some((file) => file.path === path)) continue;
    throw new RegistryError('invalid', 'model.json names a file that is not among the files', {
      where: path,
    });
  }
  return publish(stores, {
    kind: 'model',
    name: manifest.name,
    version,
    manifest,
    files,
    architecture: manifest.architecture,
    contextWidth: null,
    searchable: [manifest.name],
  });
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  throw new RegistryError('invalid', message, { where: `${what} ${field}`.trim() });
}
