// What files in hand are together: a checkpoint and its parts, a folder of the diffusers layout, ours, or a tokenizer.
import { blobSource } from '../formats/blob-source.ts';
import type { ByteSource } from '../formats/entry.ts';
import { openTensorFile } from '../formats/open-tensors.ts';
import { assembleCheckpoint } from '../models/checkpoint.ts';
import { readModelConfig } from '../models/config.ts';
import { describeCheckpoint, type ModelDescription } from '../models/describe.ts';
import { DIFFUSERS_FILES, readDiffusersFolder } from '../models/diffusers-config.ts';
import { type ModelManifest, parseModelManifest } from '../models/manifest.ts';
import { proposeManifest } from '../models/propose.ts';
import { isTinyDecoder, readTinyDecoder } from '../models/tiny-decoder.ts';
import { createTokenizer } from '../prompt/tokenizer.ts';
import { StoreError } from './errors.ts';

/** Where CLIP's vocabulary is found, in words: no address is built in. */
export const TOKENIZER_ADVICE =
  'All Stable Diffusion 1.x and 2.x models share CLIP’s: vocab.json and merges.txt of openai/clip-vit-large-patch14 on the Hugging ' +
  'Face hub, or of the folder tokenizer in any diffusers model.';

/** The two files as text. */
export interface TokenizerFiles {
  readonly vocab: string;
  readonly merges: string;
}

/** A file in hand under its path, `/` between folders. */
export interface PickedFile {
  readonly path: string;
  readonly file: Blob;
}

/** A model out of files in hand: which of them its parts are, and what it is. */
export interface IdentifiedModel {
  readonly manifest: ModelManifest;
  readonly description: ModelDescription;
  readonly parts: {
    readonly checkpoint: string;
    readonly textEncoder?: string;
    readonly vae?: string;
    readonly previewDecoder?: string;
  };
}

const TENSOR_FILE = /\.(safetensors|ckpt|pt|bin)$/i;
/** Descriptions and vocabularies are a few megabytes at most. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;

/** The tokenizer among the files, from the shallowest folder that has one; undefined where there is none. */
export async function pickedTokenizer(picks: readonly PickedFile[]): Promise<TokenizerFiles | undefined> {
  const byDepth = [...picks].sort((a, b) => a.path.split('/').length - b.path.split('/').length);
  const named = (name: string) => byDepth.find(({ path }) => path.split('/').at(-1) === name);
  const [vocab, merges] = [named('vocab.json'), named('merges.txt')];
  if (vocab === undefined || merges === undefined) return undefined;
  return { vocab: await textOf(vocab), merges: await textOf(merges) };
}

/** How many tokens it has. Throws `prompt/vocabulary` where the files do not fit. */
export function tokenCount({ vocab, merges }: TokenizerFiles): number {
  return createTokenizer(vocab, merges).size;
}

/** Whether a file of tensors holds a model or a part of one, by its tensors' names; false for every other file. */
export async function holdsModel(pick: PickedFile): Promise<boolean> {
  try {
    return assembleCheckpoint([await openTensorFile(sourceOf(pick))]).parts.size > 0;
  } catch {
    return false;
  }
}

/**
 * Identifies a model by its files' tensors, and by the descriptions of a folder where there are some. Throws ModelError and
 * FormatError for what is none, and `store/source` where there are no tensors at all.
 */
export async function identifyModel(picks: readonly PickedFile[], name: string): Promise<IdentifiedModel> {
  const index = picks.find(({ path }) => path.split('/').at(-1) === DIFFUSERS_FILES.index);
  const own = picks.find(({ path }) => path.split('/').at(-1) === 'model.json');
  if (own !== undefined) return fromManifest(picks, own, name);
  if (index !== undefined) return fromDiffusers(picks, folderOf(index.path), name);
  const tensors = picks.filter(({ path }) => TENSOR_FILE.test(path));
  if (tensors.length === 0) {
    throw new StoreError('source', 'none of the files holds tensors', {
      found:
        picks
          .map(({ path }) => path)
          .slice(0, 5)
          .join(', ') || 'no files',
      expected: 'a checkpoint (.safetensors, .ckpt), or a model’s folder',
    });
  }
  // The file with the UNet is the checkpoint; a separate VAE or text encoder comes after it and goes before its own.
  const all = await Promise.all(
    tensors.map(async (pick) => ({ pick, file: await openTensorFile(sourceOf(pick)) })),
  );
  const tiny = all.find(({ file }) => isTinyDecoder(file));
  const opened = all.filter(({ file }) => !isTinyDecoder(file));
  if (opened.length === 0) {
    throw new StoreError('source', 'a preview decoder is no model', {
      where: tiny!.pick.path,
      fix: 'Bring it together with the checkpoint that it is for.',
    });
  }
  const withParts = opened.map(({ pick, file }) => ({ pick, file, parts: assembleCheckpoint([file]).parts }));
  const sorted = withParts.sort((a, b) => Number(b.parts.has('unet')) - Number(a.parts.has('unet')));
  const checkpoint = assembleCheckpoint(sorted.map(({ file }) => file));
  const [main, ...others] = sorted;
  const withPart = (part: 'text' | 'vae') => others.find(({ parts }) => parts.has(part))?.pick.path;
  const [textEncoder, vae] = [withPart('text'), withPart('vae')];
  const parts = {
    checkpoint: main!.pick.path,
    ...(textEncoder !== undefined && { textEncoder }),
    ...(vae !== undefined && { vae }),
    ...(tiny !== undefined && { previewDecoder: tiny.pick.path }),
  };
  const manifest = proposeManifest(checkpoint, { name, ...stored(parts) });
  const config = readModelConfig(checkpoint, manifest);
  if (tiny !== undefined) readTinyDecoder(tiny.file, config);
  return { manifest, description: describeCheckpoint(checkpoint), parts };
}

async function fromManifest(
  picks: readonly PickedFile[],
  own: PickedFile,
  name: string,
): Promise<IdentifiedModel> {
  const folder = folderOf(own.path);
  const manifest = parseModelManifest(JSON.parse(await textOf(own)), own.path);
  return checked(picks, { ...manifest, name }, partsIn(folder, manifest));
}

/** Paths of a manifest's files from its folder. */
function partsIn(
  folder: string,
  { checkpoint, textEncoder, vae, previewDecoder }: ModelManifest,
): IdentifiedModel['parts'] {
  return {
    checkpoint: folder + checkpoint,
    ...(textEncoder !== undefined && { textEncoder: folder + textEncoder }),
    ...(vae !== undefined && { vae: folder + vae }),
    ...(previewDecoder !== undefined && { previewDecoder: folder + previewDecoder }),
  };
}

async function fromDiffusers(
  picks: readonly PickedFile[],
  folder: string,
  name: string,
): Promise<IdentifiedModel> {
  const find = (path: string) => picks.find((pick) => pick.path === folder + path);
  const manifest = await readDiffusersFolder(name, {
    where: folder,
    has: (path) => find(path) !== undefined,
    json: async (path) => {
      const pick = find(path);
      return pick === undefined ? undefined : JSON.parse(await textOf(pick));
    },
  });
  return checked(picks, manifest, partsIn(folder, manifest));
}

async function checked(
  picks: readonly PickedFile[],
  manifest: ModelManifest,
  parts: IdentifiedModel['parts'],
): Promise<IdentifiedModel> {
  const open = async (path: string) => {
    const pick = picks.find((candidate) => candidate.path === path);
    if (pick !== undefined) return openTensorFile(sourceOf(pick));
    throw new StoreError('source', 'a file of the model is missing', {
      where: manifest.name,
      expected: path,
      fix: 'Take the whole folder.',
    });
  };
  const { previewDecoder, ...weights } = parts;
  const checkpoint = assembleCheckpoint(await Promise.all(Object.values(weights).map(open)));
  const kept = { ...manifest, ...stored(parts) };
  const config = readModelConfig(checkpoint, kept);
  if (previewDecoder !== undefined) readTinyDecoder(await open(previewDecoder), config);
  return { manifest: kept, description: describeCheckpoint(checkpoint), parts };
}

/** Names that the parts have in a manifest of files in hand. */
function stored(parts: IdentifiedModel['parts']) {
  const last = (path: string): string =>
    path
      .split('/')
      .at(-1)!
      .replace(/[\\:?#%]/g, '-');
  return {
    checkpoint: last(parts.checkpoint),
    ...(parts.textEncoder !== undefined && { textEncoder: last(parts.textEncoder) }),
    ...(parts.vae !== undefined && { vae: last(parts.vae) }),
    ...(parts.previewDecoder !== undefined && { previewDecoder: last(parts.previewDecoder) }),
    tokenizer: { vocab: 'vocab.json', merges: 'merges.txt' },
  };
}

function sourceOf({ path, file }: PickedFile): ByteSource {
  return blobSource(path, file);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

async function textOf({ path, file }: PickedFile): Promise<string> {
  if (file.size <= MAX_TEXT_BYTES) return file.text();
  throw new StoreError('source', 'a text of the model is too large', {
    where: path,
    expected: `at most ${MAX_TEXT_BYTES} bytes`,
    found: String(file.size),
  });
}
