// Finds a style's files: in hand, by path, beside the model, at an URL, or in the registry.
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { kindOf, type StyleManifest } from '../../plugins/contract/style.ts';
import { blobSource } from '../formats/blob-source.ts';
import { digestOf } from '../formats/digest.ts';
import type { ByteSource } from '../formats/entry.ts';
import { isStyleFile, openStyleFile } from '../formats/style-file.ts';
import type { BlobReference } from '../registry/answers.ts';
import { download, isUrl } from './download.ts';
import type { StyleSource } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Finding } from './find-model.ts';
import type { OpenModel } from './model.ts';
import type { StyleProgram } from './plugin-style.ts';

/** A style's files. Without a program there is one weights file at least. */
export interface FoundStyle {
  readonly name: string;
  readonly weights: readonly ByteSource[];
  /** Undefined: the standard plugin. */
  readonly program: StyleProgram | undefined;
  /** SHA-256 of the first weights file, or of the plugin where there is none. */
  readonly sha256: string;
}

/** Finds a style. Throws `engine/style` when nothing is there, and the readers' errors for broken files. */
export async function findStyle(
  source: StyleSource,
  model: Pick<OpenModel, 'folder'>,
  { platform, registry }: Finding,
  signal: AbortSignal | undefined,
): Promise<FoundStyle> {
  if (typeof source !== 'string') {
    const file = source.file instanceof Blob ? blobSource(source.name, source.file) : source.file;
    return fromFile(stem(source.name), file, signal);
  }
  const file =
    (await platform.openPath(source)) ??
    (model.folder === undefined ? undefined : await platform.openBundledStyle(model.folder, source));
  if (file !== undefined) return fromFile(stem(source), file, signal);
  if (isUrl(source)) {
    return fromFile(stem(source), blobSource(source, await download(source, { signal })), signal);
  }
  if (registry === undefined) {
    throw new EngineError('engine/style', `no style ${source}`, {
      expected:
        'a .style file, a .pt or .safetensors hypernetwork, a style of the model, or a name together with a registry',
      fix: 'Check the name or path.',
    });
  }
  const options = signal === undefined ? {} : { signal };
  const version = await registry.resolveStyle(source, 'latest', options);
  const bring = async (blob: BlobReference, ending: string): Promise<ByteSource> =>
    blobSource(`${source}${ending}`, await registry.fetchBlob(blob, options));
  const weights: ByteSource[] = [];
  for (const blob of version.weights === null ? [] : [version.weights, ...version.moreWeights]) {
    weights.push(await bring(blob, '.safetensors'));
  }
  const plugin = version.plugin === null ? undefined : await bring(version.plugin, '.wasm');
  return packed(source, version.manifest, weights, plugin);
}

async function fromFile(
  name: string,
  file: ByteSource,
  signal: AbortSignal | undefined,
): Promise<FoundStyle> {
  if (!(await isStyleFile(file))) {
    return { name, weights: [file], program: undefined, sha256: await digestOf(file, signal) };
  }
  const { manifest, blob } = await openStyleFile(file, signal);
  const { weights, moreWeights = [], plugin } = manifest.blobs;
  const files = weights === null ? [] : [weights, ...moreWeights].map(({ sha256 }) => blob(sha256));
  return packed(name, manifest, files, plugin === null ? undefined : blob(plugin.sha256));
}

/** A style with a manifest, whose digests have been verified. */
async function packed(
  name: string,
  manifest: StyleManifest,
  weights: readonly ByteSource[],
  plugin: ByteSource | undefined,
): Promise<FoundStyle> {
  if (kindOf(manifest) === 'embedding') {
    throw new EngineError('engine/style', 'this is an embedding, not a style', {
      where: name,
      expected: 'what bends the context',
      fix: 'Use it as an embedding, and write its word in the prompt.',
    });
  }
  const { blobs } = manifest;
  return {
    name,
    weights,
    program: plugin && {
      name,
      wasm: await plugin.read(0, plugin.size),
      cardSha256: cardDigest(cardOf(manifest)),
      weights,
    },
    // The schema sees to it that one of them is there.
    sha256: (blobs.weights ?? blobs.plugin)!.sha256,
  };
}

/** A file's name without folder and extension: what prompts call the style. */
function stem(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.(pt|safetensors|bin|style)$/i, '');
}
