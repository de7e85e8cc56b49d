// A local edge for tests, with nothing bundled but what a test puts in; and a small bundled folder.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type LocalEdge, type ServeOptions, serve } from '../../worker/serve.ts';
import { type BlobType, digestOf } from '../../worker/storage/blob-store.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';

/** Real workerd with R2 and D1 of its own, on a free port. */
export async function serveForTest(options: ServeOptions = {}): Promise<LocalEdge> {
  return serve({ port: 0, script: await readFile(inject('workerScript'), 'utf8'), ...options });
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

/** Stores text as a blob; gives its reference. */
export async function putText(
  edge: LocalEdge,
  text: string,
  type: BlobType = 'application/octet-stream',
): Promise<{ sha256: string; size: number }> {
  return putBytes(edge, bytesOf(text), type);
}

export async function putBytes(
  edge: LocalEdge,
  bytes: Uint8Array<ArrayBuffer>,
  type: BlobType = 'application/octet-stream',
): Promise<{ sha256: string; size: number }> {
  const sha256 = await digestOf(bytes);
  await edge.stores.blobs.put(sha256, bytes, type);
  return { sha256, size: bytes.length };
}

export interface Folder {
  readonly path: string;
  write(name: string, content: string | Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** A new empty folder. */
export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'tincture-edge-'));
  return {
    path,
    async write(name, content) {
      await mkdir(join(path, name, '..'), { recursive: true });
      await writeFile(join(path, name), content);
    },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export const MODEL_MANIFEST = {
  name: 'tiny',
  architecture: 'stable-diffusion-v1',
  checkpoint: 'checkpoint.safetensors',
  tokenizer: { vocab: 'vocab.json', merges: 'merges.txt' },
  attentionHeads: 4,
};

const { blobs: _blobs, ...CARD } = SAMPLE_STYLE;

/** A bundled folder with one model and the styles `blueprint` (one preview) and `neon` (none). */
export async function bundledFolder(): Promise<Folder> {
  const folder = await temporaryFolder();
  await folder.write('model.json', JSON.stringify(MODEL_MANIFEST));
  await folder.write('checkpoint.safetensors', 'checkpoint bytes');
  await folder.write('vocab.json', '{"a":0}');
  await folder.write('merges.txt', '#version: 0.2\n');
  await folder.write('styles/blueprint.style.json', JSON.stringify(CARD));
  await folder.write('styles/blueprint.safetensors', 'blueprint bytes');
  await folder.write('styles/blueprint.png', 'picture bytes');
  await folder.write('styles/neon.style.json', JSON.stringify({ ...CARD, name: 'neon', title: 'Neon' }));
  await folder.write('styles/neon.safetensors', 'neon bytes');
  return folder;
}
