// Finds and opens a model: a folder, an URL, a registry's name or files in hand become one opened checkpoint.
import { blobSource } from '../formats/blob-source.ts';
import { digestOf } from '../formats/digest.ts';
import type { ByteSource, TensorFile } from '../formats/entry.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { type ModelConfig, readModelConfig } from '../models/config.ts';
import { type ModelManifest, parseModelManifest } from '../models/manifest.ts';
import { createTokenizer, type Tokenizer } from '../prompt/tokenizer.ts';
import type { Registry } from '../registry/registry.ts';
import { download, isUrl, jsonOf, textOf } from './download.ts';
import type { ModelFacts, ModelFiles, ModelSource, Progress } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Platform } from './platform.ts';

/** An opened model: everything but sessions. */
export interface OpenModel {
  readonly facts: ModelFacts;
  readonly manifest: ModelManifest;
  readonly config: ModelConfig;
  readonly checkpoint: TensorFile;
  readonly tokenizer: Tokenizer;
  /** Folder on disk that bundled styles lie beside, where the model came from one. */
  readonly folder: string | undefined;
}

export interface Finding {
  readonly platform: Platform;
  readonly registry: Registry | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Opens a model. Throws `engine/model` when nothing is there, and the readers' own errors for broken files. */
export async function openModel(source: ModelSource, finding: Finding): Promise<OpenModel> {
  const { files, folder, digest } = await findModel(source, finding);
  const where = typeof source === 'string' ? source : 'the model in hand';
  const manifest = parseModelManifest(files.manifest, where);
  const bytes =
    files.checkpoint instanceof Blob ? blobSource(manifest.checkpoint, files.checkpoint) : files.checkpoint;
  const checkpoint = await openSafetensors(bytes);
  const config = readModelConfig(checkpoint, manifest);
  finding.onProgress?.({ stage: 'model', message: 'reading the checkpoint' });
  const hash = (digest ?? (await digestOf(bytes, finding.signal))).slice(0, 10);
  return {
    facts: {
      name: manifest.name,
      hash,
      defaults: manifest.defaults,
      pixelMultiple: config.pixelMultiple,
      contextWidth: config.contextWidth,
      textLayers: config.text.layers,
      selfAttentionWidths: config.selfAttentionWidths,
    },
    manifest,
    config,
    checkpoint,
    tokenizer: createTokenizer(files.vocab, files.merges),
    folder,
  };
}

interface Found {
  readonly files: ModelFiles;
  readonly folder?: string;
  readonly digest?: string;
}

async function findModel(source: ModelSource, finding: Finding): Promise<Found> {
  if (typeof source !== 'string') return { files: source };
  return (
    (await fromFolder(source, finding)) ??
    (await fromUrl(source, finding)) ??
    (await fromRegistry(source, finding))
  );
}

async function fromFolder(source: string, { platform }: Finding): Promise<Found | undefined> {
  const path = source.endsWith('.json') ? source : `${source.replace(/\/+$/, '')}/model.json`;
  const manifestFile = await platform.openPath(path);
  if (manifestFile === undefined) return undefined;
  const folder = path.slice(0, path.lastIndexOf('/') + 1) || './';
  const value = jsonOf(await readText(manifestFile), path);
  const manifest = parseModelManifest(value, path);
  const open = async (name: string): Promise<ByteSource> => {
    const file = await platform.openPath(`${folder}${name}`);
    if (file === undefined) {
      throw new EngineError('engine/model', `the model's file ${name} is missing`, {
        where: path,
        fix: 'Put it beside model.json, or correct its name there.',
      });
    }
    return file;
  };
  return {
    files: {
      manifest: value,
      checkpoint: await open(manifest.checkpoint),
      vocab: await readText(await open(manifest.tokenizer.vocab)),
      merges: await readText(await open(manifest.tokenizer.merges)),
    },
    folder,
  };
}

async function fromUrl(source: string, { signal, onProgress }: Finding): Promise<Found | undefined> {
  if (!isUrl(source)) return undefined;
  const base = source.endsWith('.json') ? source : `${source.replace(/\/+$/, '')}/model.json`;
  const value = jsonOf(await textOf(base, signal), base);
  const manifest = parseModelManifest(value, base);
  const absolute = new URL(base, globalThis.location?.href);
  const beside = (name: string): string => new URL(name, absolute).href;
  const report = (done: number, total: number): void =>
    onProgress?.({ stage: 'model', message: 'downloading the checkpoint', done, total });
  return {
    files: {
      manifest: value,
      checkpoint: await download(beside(manifest.checkpoint), { signal, onProgress: report }),
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
  return {
    files: {
      manifest: version.manifest,
      checkpoint,
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
