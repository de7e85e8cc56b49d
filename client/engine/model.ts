// Opens a model: its files, wherever they were found, become one checkpoint with its sizes and its tokenizer.
import { blobSource } from '../formats/blob-source.ts';
import { digestOf } from '../formats/digest.ts';
import type { ByteSource, TensorFile } from '../formats/entry.ts';
import { openTensorFile } from '../formats/open-tensors.ts';
import { assembleCheckpoint, type Checkpoint } from '../models/checkpoint.ts';
import { type ModelConfig, readModelConfig } from '../models/config.ts';
import { ModelError } from '../models/errors.ts';
import { type ModelManifest, parseModelManifest } from '../models/manifest.ts';
import { readTinyDecoder, type TinyDecoder } from '../models/tiny-decoder.ts';
import { createTokenizer, type Tokenizer } from '../prompt/tokenizer.ts';
import type { ModelFacts, ModelFiles, ModelSource } from './engine.ts';
import { EngineError } from './errors.ts';
import { type Finding, findModel } from './find-model.ts';

/** An opened model: everything but sessions. */
export interface OpenModel {
  readonly facts: ModelFacts;
  readonly manifest: ModelManifest;
  readonly config: ModelConfig;
  readonly checkpoint: TensorFile;
  /** SHA-256 of the checkpoint's file. */
  readonly sha256: string;
  readonly tokenizer: Tokenizer;
  /** For previews, where the model names one. */
  readonly previewDecoder: TinyDecoder | undefined;
  /** Folder on disk that bundled styles lie beside, where the model came from one. */
  readonly folder: string | undefined;
}

/** Opens a model. Throws `engine/model` when nothing is there, and the readers' own errors for broken files. */
export async function openModel(source: ModelSource, finding: Finding): Promise<OpenModel> {
  const { files, folder, digest } = await findModel(source, finding);
  const where = typeof source === 'string' ? source : 'the model in hand';
  const manifest = parseModelManifest(files.manifest, where);
  const [main, ...others] = [files.checkpoint, files.textEncoder, files.vae].filter(
    (file) => file !== undefined,
  );
  const names = [manifest.checkpoint, manifest.textEncoder, manifest.vae].filter(
    (name) => name !== undefined,
  );
  const sources = [main!, ...others].map((file, i) => sourceOf(names[i] ?? 'a part of the model', file));
  const checkpoint = assembleCheckpoint(await Promise.all(sources.map(openTensorFile)));
  checkTextEncoder(checkpoint, manifest, where);
  const config = readModelConfig(checkpoint, manifest);
  const previewDecoder = await openPreviewDecoder(files, manifest, config);
  const tokenizer = createTokenizer(files.vocab, files.merges, {
    ...(manifest.architecture === 'stable-diffusion-v2' && { padding: V2_PADDING }),
  });
  checkTokenizer(tokenizer, config, where);
  finding.onProgress?.({ stage: 'model', message: 'reading the checkpoint' });
  const sha256 = digest ?? (await digestOf(sources[0]!, finding.signal));
  return {
    facts: {
      name: manifest.name,
      hash: sha256.slice(0, 10),
      defaults: manifest.defaults,
      pixelMultiple: config.pixelMultiple,
      contextWidth: config.contextWidth,
      textLayers: config.text.layers,
      selfAttentionWidths: config.selfAttentionWidths,
    },
    manifest,
    config,
    checkpoint,
    sha256,
    tokenizer,
    previewDecoder,
    folder,
  };
}

async function openPreviewDecoder(
  { previewDecoder: file }: ModelFiles,
  { previewDecoder: name = 'the preview decoder' }: ModelManifest,
  config: ModelConfig,
): Promise<TinyDecoder | undefined> {
  return file && readTinyDecoder(await openTensorFile(sourceOf(name, file)), config);
}

/** 2.x pads with id 0 behind its one end token, as OpenCLIP's tokenizer does. */
const V2_PADDING = 0;

function sourceOf(name: string, file: ByteSource | Blob): ByteSource {
  return file instanceof Blob ? blobSource(name, file) : file;
}

/** 1.x and 2.x read their text encoders differently, which the manifest must not get wrong. */
function checkTextEncoder({ parts }: Checkpoint, { architecture }: ModelManifest, where: string): void {
  if (parts.get('text')?.layout !== 'open-clip' || architecture === 'stable-diffusion-v2') return;
  throw new ModelError('manifest', 'architecture contradicts the text encoder', {
    where,
    expected: 'stable-diffusion-v2 for an OpenCLIP text encoder',
    found: architecture,
  });
}

/** Ids without an embedding would read other memory's numbers. */
function checkTokenizer(tokenizer: Tokenizer, { text }: ModelConfig, where: string): void {
  if (tokenizer.size <= text.vocabulary) return;
  throw new EngineError('engine/model', 'the tokenizer is another model’s', {
    where,
    expected: `at most ${text.vocabulary} tokens, as the text encoder has`,
    found: String(tokenizer.size),
    fix: 'Use the vocab.json and merges.txt that belong to this model.',
  });
}
