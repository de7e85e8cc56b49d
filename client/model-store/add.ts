// Adding a model: from a file, a folder or an URL into a folder of the store, whole or not at all.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { containerOf } from '../formats/container.ts';
import { digestOfBytes } from '../formats/digest.ts';
import type { ByteSource } from '../formats/entry.ts';
import { FormatError } from '../formats/errors.ts';
import { fileSource } from '../formats/node-file.ts';
import { openTensorFile } from '../formats/open-tensors.ts';
import { assembleCheckpoint } from '../models/checkpoint.ts';
import { readModelConfig } from '../models/config.ts';
import { describeCheckpoint } from '../models/describe.ts';
import { DIFFUSERS_FILES, readDiffusersFolder } from '../models/diffusers-config.ts';
import { ModelError } from '../models/errors.ts';
import { type ModelManifest, parseModelManifest } from '../models/manifest.ts';
import { proposeManifest } from '../models/propose.ts';
import { readTinyDecoder } from '../models/tiny-decoder.ts';
import { checkRoom, copyWithDigest, type Watch } from './disk.ts';
import { downloadFile, forgetDownload } from './download.ts';
import { StoreError, storeFailure } from './errors.ts';
import { type TokenizerFiles, tokenCount } from './identify.ts';
import { checkModelName, dataFolder, nameFrom } from './paths.ts';
import { modelsFolder, RECORD, type StoredFile, type StoredModel } from './store.ts';
import { recallTokenizer, rememberTokenizer, tokenizerIn } from './tokenizers.ts';

export interface AddOptions extends Watch {
  /** Default: from the file's, folder's or URL's own name. */
  readonly name?: string | undefined;
  /** A file whose VAE takes the place of the checkpoint's. */
  readonly vae?: string | undefined;
  /** A small decoder of TAESD's shape for previews; in the place of the model's own. */
  readonly previewDecoder?: string | undefined;
  /** Folder with vocab.json and merges.txt. */
  readonly tokenizer?: string | undefined;
  /** What the checkpoint must be. */
  readonly sha256?: string | undefined;
  /** What a 2.x checkpoint predicts, which its tensors do not tell. */
  readonly prediction?: ModelManifest['prediction'] | undefined;
  /** What stands in the place of the proposed defaults; samplers and schedules by key or title. */
  readonly defaults?: Partial<ModelManifest['defaults']> | undefined;
}

/** The files of a model before they are in the store. */
interface Bundle {
  readonly checkpoint: ByteSource;
  readonly textEncoder?: ByteSource | undefined;
  readonly vae?: ByteSource | undefined;
  readonly previewDecoder?: ByteSource | undefined;
  /** Undefined: proposed from the tensors. */
  readonly manifest?: ModelManifest;
  readonly tokenizer?: TokenizerFiles | undefined;
  /** SHA-256 of a checkpoint that was downloaded: its file is the store’s own and is moved. */
  readonly downloaded?: string;
}

/**
 * Adds a model. It is copied into the store beside the others under a temporary name, and gets its own when all of it is
 * there; a failure or the signal leaves the store as it was. Throws StoreError, ModelError and FormatError.
 */
export async function addModel(source: string, options: AddOptions = {}): Promise<StoredModel> {
  const name = options.name ?? nameFrom(source);
  checkModelName(name);
  const folder = join(modelsFolder(), name);
  if ((await stat(folder).catch(() => undefined)) !== undefined) {
    throw new StoreError('exists', `a model ${name} is there already`, {
      where: folder,
      fix: 'Give another name with --name, or remove that one first.',
    });
  }
  await mkdir(modelsFolder(), { recursive: true });
  const bundle = await gather(source, options);
  const partial = join(modelsFolder(), `.${name}.${randomUUID()}.part`);
  try {
    const record = await settle(bundle, name, source, partial, options);
    options.signal?.throwIfAborted();
    await rename(partial, folder);
    return { ...record, folder };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // What is no model of ours will not become one; all else may be tried again without another download.
    const useless = error instanceof ModelError || error instanceof FormatError;
    if (bundle.downloaded !== undefined && useless) await forgetDownload(bundle.checkpoint.name);
    throw storeFailure(error, modelsFolder());
  }
}

async function gather(source: string, options: AddOptions): Promise<Bundle> {
  const given = {
    ...(options.vae !== undefined && { vae: await fileSource(options.vae) }),
    ...(options.previewDecoder !== undefined && { previewDecoder: await fileSource(options.previewDecoder) }),
  };
  if (/^https?:\/\//i.test(source)) {
    const { path, sha256 } = await downloadFile(source, join(modelsFolder(), '.downloads'), options);
    return { checkpoint: await fileSource(path), downloaded: sha256, ...given };
  }
  const facts = await stat(source).catch(() => undefined);
  if (facts?.isFile() === true) {
    return { checkpoint: await fileSource(source), tokenizer: await tokenizerIn(dirname(source)), ...given };
  }
  if (facts?.isDirectory() === true) return { ...(await gatherFolder(source)), ...given };
  throw new StoreError('source', 'nothing is there', {
    where: source,
    expected: 'a checkpoint (.safetensors, .ckpt), a model’s folder, or an URL that begins with http',
  });
}

async function gatherFolder(folder: string): Promise<Bundle> {
  const json = async (path: string): Promise<unknown> => {
    const text = await readFile(join(folder, path), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : parseJson(text, join(folder, path));
  };
  const partsOf = async ({ checkpoint, textEncoder, vae, previewDecoder }: ModelManifest) => ({
    checkpoint: await fileSource(join(folder, checkpoint)),
    ...(textEncoder !== undefined && { textEncoder: await fileSource(join(folder, textEncoder)) }),
    ...(vae !== undefined && { vae: await fileSource(join(folder, vae)) }),
    ...(previewDecoder !== undefined && { previewDecoder: await fileSource(join(folder, previewDecoder)) }),
  });
  const own = await json('model.json');
  if (own !== undefined) {
    const manifest = parseModelManifest(own, join(folder, 'model.json'));
    const { vocab, merges } = manifest.tokenizer;
    return {
      manifest,
      ...(await partsOf(manifest)),
      tokenizer: {
        vocab: await readFile(join(folder, vocab), 'utf8'),
        merges: await readFile(join(folder, merges), 'utf8'),
      },
    };
  }
  const { index } = DIFFUSERS_FILES;
  if ((await json(index)) === undefined) {
    throw new StoreError('source', 'the folder is no model', {
      where: folder,
      expected: `model.json, or ${index} of the diffusers layout`,
      fix: 'To add a single checkpoint, give its file.',
    });
  }
  const manifest = await readDiffusersFolder(basename(folder), {
    where: folder,
    has: async (path) => (await stat(join(folder, path)).catch(() => undefined))?.isFile() === true,
    json,
  });
  return {
    manifest,
    ...(await partsOf(manifest)),
    tokenizer: await tokenizerIn(join(folder, 'tokenizer')),
  };
}

/** Checks the model and writes its folder. */
async function settle(
  bundle: Bundle,
  name: string,
  source: string,
  folder: string,
  options: AddOptions,
): Promise<Omit<StoredModel, 'folder'>> {
  const weights = {
    checkpoint: bundle.checkpoint,
    ...(bundle.textEncoder !== undefined && { textEncoder: bundle.textEncoder }),
    ...(bundle.vae !== undefined && { vae: bundle.vae }),
  };
  const { previewDecoder } = bundle;
  const sources = { ...weights, ...(previewDecoder !== undefined && { previewDecoder }) };
  const opened = await Promise.all(Object.values(weights).map(openTensorFile));
  const checkpoint = assembleCheckpoint(opened);
  const description = describeCheckpoint(checkpoint);
  const paths = Object.fromEntries(
    await Promise.all(
      Object.entries(sources).map(async ([part, file]) => [
        part,
        `${PART_FILES[part]}${await extensionOf(file)}`,
      ]),
    ),
  ) as { checkpoint: string; textEncoder?: string; vae?: string; previewDecoder?: string };
  const facts = { name, ...paths, tokenizer: { vocab: 'vocab.json', merges: 'merges.txt' } };
  const { prediction } = options;
  const proposed =
    bundle.manifest === undefined
      ? proposeManifest(checkpoint, { ...facts, ...(prediction !== undefined && { prediction }) })
      : { ...bundle.manifest, ...facts, ...(prediction !== undefined && { prediction }) };
  const { sha256: _, ...kept } = proposed;
  const manifest = { ...kept, defaults: { ...kept.defaults, ...options.defaults } };
  const config = readModelConfig(checkpoint, manifest);
  if (previewDecoder !== undefined) readTinyDecoder(await openTensorFile(previewDecoder), config);
  const tokenizer = await findTokenizer(bundle, description.vocabulary ?? 0, source, options);

  await mkdir(folder);
  const moved = bundle.downloaded === undefined ? 0 : bundle.checkpoint.size;
  await checkRoom(folder, Object.values(sources).reduce((sum, { size }) => sum + size, 0) - moved);
  const files: StoredFile[] = [];
  for (const [part, file] of Object.entries(sources)) {
    const path = paths[part as keyof typeof paths]!;
    if (part === 'checkpoint' && bundle.downloaded !== undefined) {
      files.push({ path, bytes: file.size, sha256: bundle.downloaded });
      continue;
    }
    const sha256 = await copyWithDigest(file, join(folder, path), options, `copying ${basename(file.name)}`);
    files.push({ path, bytes: file.size, sha256 });
  }
  const [main] = files;
  if (options.sha256 !== undefined && main!.sha256 !== options.sha256) {
    throw new StoreError('digest', 'the checkpoint is not the file that its digest names', {
      where: source,
      expected: options.sha256,
      found: main!.sha256,
    });
  }
  const texts = {
    'vocab.json': tokenizer.vocab,
    'merges.txt': tokenizer.merges,
    'model.json': JSON.stringify({ ...manifest, sha256: main!.sha256 }, null, 2),
  };
  for (const [path, text] of Object.entries(texts)) {
    const bytes = new TextEncoder().encode(text);
    await writeFile(join(folder, path), bytes);
    files.push({ path, bytes: bytes.length, sha256: digestOfBytes(bytes) });
  }
  const record = { name, source, description, files };
  await writeFile(join(folder, RECORD), JSON.stringify(record, null, 2));
  await rememberTokenizer(dataFolder(), tokenizer);
  // Last, so that a failure before leaves the download where another try finds it.
  if (bundle.downloaded !== undefined) {
    await rename(bundle.checkpoint.name, join(folder, paths.checkpoint));
    await forgetDownload(bundle.checkpoint.name);
  }
  return record;
}

const PART_FILES: Readonly<Record<string, string>> = {
  checkpoint: 'checkpoint',
  textEncoder: 'text-encoder',
  vae: 'vae',
  previewDecoder: 'preview-decoder',
};

/** By content, whatever the file is called; a torch file keeps an ending of its own. */
async function extensionOf(file: ByteSource): Promise<string> {
  if ((await containerOf(file)) === 'safetensors') return '.safetensors';
  const ending = extname(file.name).toLowerCase();
  return ['.ckpt', '.pt', '.bin'].includes(ending) ? ending : '.ckpt';
}

/** The one that was given, that came along, or that is remembered; it must have as many tokens as the text encoder. */
async function findTokenizer(
  { tokenizer: beside }: Bundle,
  vocabulary: number,
  where: string,
  options: AddOptions,
): Promise<TokenizerFiles> {
  if (options.tokenizer !== undefined) {
    const given = await tokenizerIn(options.tokenizer);
    if (given === undefined) {
      throw new StoreError('tokenizer', 'the folder holds no tokenizer', {
        where: options.tokenizer,
        expected: 'vocab.json and merges.txt',
      });
    }
    checkTokens(given, vocabulary, options.tokenizer);
    return given;
  }
  // What lies beside a file may belong to another model.
  if (beside !== undefined && tokenCount(beside) === vocabulary) return beside;
  return recallTokenizer(dataFolder(), vocabulary, where);
}

function checkTokens(files: TokenizerFiles, vocabulary: number, where: string): void {
  const found = tokenCount(files);
  if (found === vocabulary) return;
  throw new StoreError('tokenizer', 'the tokenizer is another model’s', {
    where,
    expected: `${vocabulary} tokens, as the text encoder has`,
    found: String(found),
  });
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StoreError('source', 'not valid JSON', { where, found: (cause as Error).message, cause });
  }
}
