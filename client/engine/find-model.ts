// Finds a model's files: in a folder (ours or in the diffusers layout), at an URL, in the registry, or in hand.
import type { ByteSource } from '../formats/entry.ts';
import { DIFFUSERS_FILES, readDiffusersFolder } from '../models/diffusers-config.ts';
import { type ModelManifest, parseModelManifest } from '../models/manifest.ts';
import type { Registry } from '../registry/registry.ts';
import { download, isUrl, jsonOf, textOf } from './download.ts';
import type { ModelFiles, ModelSource, Progress } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Platform } from './platform.ts';

export interface Finding {
  readonly platform: Platform;
  readonly registry: Registry | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** A model's files, where they came from, and their checkpoint's digest where that is known for sure. */
export interface Found {
  readonly files: ModelFiles;
  readonly folder?: string;
  readonly digest?: string;
}

/** The files of a model. Throws `engine/model` when nothing is there. */
export async function findModel(source: ModelSource, finding: Finding): Promise<Found> {
  if (typeof source !== 'string') {
    return { files: source, ...(source.sha256 !== undefined && { digest: source.sha256 }) };
  }
  return (
    (await fromFolder(source, finding)) ??
    (await fromUrl(source, finding)) ??
    (await fromRegistry(source, finding))
  );
}

async function fromFolder(source: string, finding: Finding): Promise<Found | undefined> {
  const { platform } = finding;
  const path = source.endsWith('.json') ? source : `${source.replace(/\/+$/, '')}/model.json`;
  const folder = path.slice(0, path.lastIndexOf('/') + 1) || './';
  const manifestFile = await platform.openPath(path);
  if (manifestFile === undefined) return fromDiffusersFolder(folder, finding);
  const value = jsonOf(await readText(manifestFile), path);
  const manifest = parseModelManifest(value, path);
  const { sha256 } = manifest;
  return {
    files: await filesIn(folder, manifest, value, finding),
    folder,
    // Only a folder of this machine is taken at its word.
    ...(sha256 !== undefined && { digest: sha256 }),
  };
}

/** A folder with `model_index.json`: its descriptions take the place of a manifest. */
async function fromDiffusersFolder(folder: string, finding: Finding): Promise<Found | undefined> {
  const { openPath } = finding.platform;
  const open = (path: string) => openPath(folder + path);
  if ((await open(DIFFUSERS_FILES.index)) === undefined) return undefined;
  const name =
    folder
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .at(-1) ?? 'model';
  const manifest = await readDiffusersFolder(name, {
    where: folder,
    has: async (path) => (await open(path)) !== undefined,
    json: async (path) => {
      const file = await open(path);
      return file === undefined ? undefined : jsonOf(await readText(file), folder + path);
    },
  });
  return { files: await filesIn(folder, manifest, manifest, finding), folder };
}

async function filesIn(
  folder: string,
  manifest: ModelManifest,
  value: unknown,
  { platform }: Finding,
): Promise<ModelFiles> {
  const open = async (name: string): Promise<ByteSource> => {
    const file = await platform.openPath(`${folder}${name}`);
    if (file !== undefined) return file;
    throw new EngineError('engine/model', `the model's file ${name} is missing`, {
      where: folder,
      fix: 'Put it there, or correct its name in model.json.',
    });
  };
  return {
    manifest: value,
    checkpoint: await open(manifest.checkpoint),
    ...(manifest.vae !== undefined && { vae: await open(manifest.vae) }),
    ...(manifest.textEncoder !== undefined && { textEncoder: await open(manifest.textEncoder) }),
    ...(manifest.previewDecoder !== undefined && { previewDecoder: await open(manifest.previewDecoder) }),
    vocab: await readText(await open(manifest.tokenizer.vocab)),
    merges: await readText(await open(manifest.tokenizer.merges)),
  };
}

async function fromUrl(source: string, { signal, onProgress }: Finding): Promise<Found | undefined> {
  if (!isUrl(source)) return undefined;
  const base = source.endsWith('.json') ? source : `${source.replace(/\/+$/, '')}/model.json`;
  const value = jsonOf(await textOf(base, signal), base);
  const manifest = parseModelManifest(value, base);
  const absolute = new URL(base, globalThis.location?.href);
  const beside = (name: string): string => new URL(name, absolute).href;
  const bring = (name: string, what: string): Promise<Blob> =>
    download(beside(name), {
      signal,
      onProgress: (done, total) =>
        onProgress?.({ stage: 'model', message: `downloading the ${what}`, done, total }),
    });
  return {
    files: {
      manifest: value,
      checkpoint: await bring(manifest.checkpoint, 'checkpoint'),
      ...(manifest.vae !== undefined && { vae: await bring(manifest.vae, 'VAE') }),
      ...(manifest.textEncoder !== undefined && {
        textEncoder: await bring(manifest.textEncoder, 'text encoder'),
      }),
      ...(manifest.previewDecoder !== undefined && {
        previewDecoder: await bring(manifest.previewDecoder, 'preview decoder'),
      }),
      vocab: await textOf(beside(manifest.tokenizer.vocab), signal),
      merges: await textOf(beside(manifest.tokenizer.merges), signal),
    },
  };
}

async function fromRegistry(name: string, { registry, signal, onProgress }: Finding): Promise<Found> {
  if (registry === undefined) {
    throw new EngineError('engine/model', `no model ${name}`, {
      expected: 'a folder with model.json, an URL, or a name together with a registry',
      fix: 'Check the path, or give the registry that has this model.',
    });
  }
  onProgress?.({ stage: 'model', message: 'asking the registry' });
  const version = await registry.resolveModel(name);
  const manifest = parseModelManifest(version.manifest, `${name} ${version.version}`);
  const fetchFile = async (file: string, message: string): Promise<Blob> => {
    const reference = version.files[file];
    if (reference === undefined) {
      throw new EngineError('engine/model', `the registry's model lacks ${file}`, {
        where: `${name} ${version.version}`,
      });
    }
    return registry.fetchBlob(reference, {
      ...(signal && { signal }),
      onProgress: (done, total) => onProgress?.({ stage: 'model', message, done, total }),
    });
  };
  const checkpoint = await fetchFile(manifest.checkpoint, 'downloading the checkpoint');
  const { vae, textEncoder, previewDecoder } = manifest;
  return {
    files: {
      manifest: version.manifest,
      checkpoint,
      ...(vae !== undefined && { vae: await fetchFile(vae, 'downloading the VAE') }),
      ...(textEncoder !== undefined && {
        textEncoder: await fetchFile(textEncoder, 'downloading the text encoder'),
      }),
      ...(previewDecoder !== undefined && {
        previewDecoder: await fetchFile(previewDecoder, 'downloading the preview decoder'),
      }),
      vocab: await (await fetchFile(manifest.tokenizer.vocab, 'downloading the vocabulary')).text(),
      merges: await (await fetchFile(manifest.tokenizer.merges, 'downloading the vocabulary')).text(),
    },
    digest: version.files[manifest.checkpoint]!.sha256,
  };
}

/** A vocabulary or manifest is text of a few megabytes at most. */
const TEXT_BYTES_LIMIT = 16 * 2 ** 20;

async function readText(file: ByteSource): Promise<string> {
  if (file.size > TEXT_BYTES_LIMIT) {
    throw new EngineError('engine/model', 'a text file of the model is too large', {
      where: file.name,
      expected: `at most ${TEXT_BYTES_LIMIT} bytes`,
      found: String(file.size),
    });
  }
  return new TextDecoder('utf-8', { fatal: false }).decode(await file.read(0, file.size));
}
