// A blob cache in a folder of this machine, for Node.
import { randomUUID } from 'node:crypto';
import { createWriteStream, openAsBlob, type WriteStream } from 'node:fs';
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type BlobCache, checkDigestText, isDigest, release, verifier } from './blob-cache.ts';
import { writeError } from './error.ts';

/** Files that are still being written end so; they never count as blobs. */
const PARTIAL = '.part';

/** A cache in `folder`, which is made when first needed. Processes may share it. */
export function folderCache(folder: string): BlobCache {
  const pathOf = (sha256: string): string => {
    checkDigestText(sha256);
    return join(folder, sha256);
  };
  const names = async (): Promise<string[]> =>
    readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  return {
    async get(sha256) {
      const path = pathOf(sha256);
      return (await sizeOf(path)) === undefined ? undefined : openAsBlob(path);
    },
    async put(sha256, size, stream) {
      const path = pathOf(sha256);
      const partial = `${path}.${randomUUID()}${PARTIAL}`;
      let file: WriteStream | undefined;
      try {
        await mkdir(folder, { recursive: true });
        // `flush` waits for the disk, so that a power cut leaves no file with holes under a digest.
        file = createWriteStream(partial, { flags: 'wx', flush: true });
        await stream.pipeThrough(verifier(sha256, size)).pipeTo(Writable.toWeb(file));
        // A link, unlike a rename, leaves a file of that name as it is for whoever reads it.
        await link(partial, path).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        });
      } catch (error) {
        await release(stream, error);
        throw writeError(error, sha256, size);
      } finally {
        // A file that is still being opened would appear again after its removal.
        await closed(file);
        await rm(partial, { force: true });
      }
      return openAsBlob(path);
    },
    async list() {
      const blobs = [];
      for (const name of (await names()).filter(isDigest).sort()) {
        const size = await sizeOf(join(folder, name));
        if (size !== undefined) blobs.push({ sha256: name, size });
      }
      return blobs;
    },
    async delete(sha256) {
      const path = pathOf(sha256);
      const isThere = (await sizeOf(path)) !== undefined;
      await rm(path, { force: true });
      return isThere;
    },
    async clear() {
      // Only our own files: the folder may be one that somebody chose.
      for (const name of await names()) {
        if (isDigest(name) || isPartial(name)) await rm(join(folder, name), { force: true });
      }
    },
  };
}

function closed(file: WriteStream | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (file === undefined || file.closed) return resolve();
    file.once('close', () => resolve());
    file.destroy();
  });
}

function isPartial(name: string): boolean {
  return name.endsWith(PARTIAL) && isDigest(name.slice(0, 64));
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
