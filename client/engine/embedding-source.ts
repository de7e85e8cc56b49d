// Finds an embedding's file: in hand, by path, at an URL, in a `.style` file, or in the registry by its name.
import { kindOf, nameSchema } from '../../plugins/contract/style.ts';
import { blobSource } from '../formats/blob-source.ts';
import type { ByteSource } from '../formats/entry.ts';
import { isStyleFile, openStyleFile } from '../formats/style-file.ts';
import { download, isUrl } from './download.ts';
import type { EmbeddingSource } from './engine.ts';
import { EngineError } from './errors.ts';
import type { Finding } from './find-model.ts';

export interface FoundEmbedding {
  /** The word: the file's name without folder and extension, or the registry's name. */
  readonly name: string;
  /** Its vectors' container. */
  readonly file: ByteSource;
}

/** Throws `engine/embedding` where nothing is there or it is a style, and what the registry and the reader of style files throw. */
export async function findEmbedding(
  source: EmbeddingSource,
  { platform, registry }: Finding,
  signal: AbortSignal,
): Promise<FoundEmbedding> {
  if (typeof source !== 'string') {
    const file = source.file instanceof Blob ? blobSource(source.name, source.file) : source.file;
    return unpacked(embeddingWord(source.name), file, signal);
  }
  const file = await platform.openPath(source);
  if (file !== undefined) return unpacked(embeddingWord(source), file, signal);
  if (isUrl(source)) {
    return unpacked(embeddingWord(source), blobSource(source, await download(source, { signal })), signal);
  }
  if (registry === undefined || !nameSchema.safeParse(source).success) {
    throw new EngineError('engine/embedding', `no embedding ${source}`, {
      expected: 'a path or URL of an embedding’s file, or a name together with a registry',
      fix: 'Check the name or path.',
    });
  }
  const { manifest, weights } = await registry.resolveStyle(source, 'latest', { signal });
  if (kindOf(manifest) !== 'embedding' || weights === null) throw isStyle(source);
  const blob = await registry.fetchBlob(weights, { signal });
  return { name: source, file: blobSource(`${source}.safetensors`, blob) };
}

/** The word that a file's name gives: without folder and extension. */
export function embeddingWord(path: string): string {
  return path.replace(/^.*[\\/]/, '').replace(/\.(pt|bin|safetensors|png|style)$/i, '');
}

async function unpacked(name: string, file: ByteSource, signal: AbortSignal): Promise<FoundEmbedding> {
  if (!(await isStyleFile(file))) return { name, file };
  const { manifest, blob } = await openStyleFile(file, signal);
  const { weights } = manifest.blobs;
  if (kindOf(manifest) !== 'embedding' || weights === null) throw isStyle(file.name);
  return { name, file: blob(weights.sha256) };
}

function isStyle(where: string): EngineError {
  return new EngineError('engine/embedding', 'this is a style, not an embedding', {
    where,
    expected: 'the vectors of a textual inversion',
    fix: 'Use it as a style: it bends what the prompt says instead of being a word of it.',
  });
}
