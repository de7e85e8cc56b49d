// A blob cache in the browser's origin-private file system, for pages and Workers.
import { type BlobCache, checkDigestText, isDigest, release, verifier } from './blob-cache.ts';
import { quotaError, writeError } from './error.ts';
import { removeReleased, unlessMissing } from './opfs-entries.ts';

const FOLDER = 'tincture-blobs';
/** Files that are still being written end so; they never count as blobs. */
const PARTIAL = '.part';
/** A partial file that nobody touched for this long belongs to a page that is gone. Milliseconds. */
const ABANDONED_AFTER = 60 * 60 * 1000;

/** All current browsers have it; the DOM's types do not yet. */
interface MovableFile extends FileSystemFileHandle {
  move(name: string): Promise<void>;
}

/** The cache of this origin. Pages and Workers share it. */
export function opfsCache(): BlobCache {
  const open = async () =>
    (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  return {
    async get(sha256) {
      checkDigestText(sha256);
      const folder = await open();
      const handle = await unlessMissing(folder.getFileHandle(sha256));
      return handle === undefined ? undefined : unlessMissing(handle.getFile());
    },
    async put(sha256, size, stream) {
      checkDigestText(sha256);
      const folder = await open();
      const partial = `${sha256}.${crypto.randomUUID()}${PARTIAL}`;
      try {
        await removeAbandoned(folder);
        await checkRoom(sha256, size);
        const handle = (await folder.getFileHandle(partial, { create: true })) as MovableFile;
        // Closes only after the last byte was found right, and drops what it has when the stream fails.
        await stream.pipeThrough(verifier(sha256, size)).pipeTo(await handle.createWritable());
        return await settle(folder, handle, sha256, size);
      } catch (error) {
        await removeReleased(folder, partial);
        await release(stream, error);
        throw writeError(error, sha256, size);
      }
    },
    async list() {
      const blobs = [];
      for await (const [name, handle] of (await open()).entries()) {
        if (!isDigest(name) || handle.kind !== 'file') continue;
        const file = await unlessMissing((handle as FileSystemFileHandle).getFile());
        if (file !== undefined) blobs.push({ sha256: name, size: file.size });
      }
      return blobs.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    },
    async delete(sha256) {
      checkDigestText(sha256);
      const folder = await open();
      const isThere = (await unlessMissing(folder.getFileHandle(sha256))) !== undefined;
      await unlessMissing(folder.removeEntry(sha256));
      return isThere;
    },
    async clear() {
      const folder = await open();
      for await (const name of folder.keys()) {
        if (isDigest(name)) await unlessMissing(folder.removeEntry(name));
      }
      await removeAbandoned(folder);
    },
  };
}

/**
 * Gives a complete file its name. A file of that name stays, because replacing it would make it unreadable for
 * whoever holds it; the lock is for two downloads that end at the same time, here or in another tab.
 */
async function settle(
  folder: FileSystemDirectoryHandle,
  partial: MovableFile,
  sha256: string,
  size: number,
): Promise<File> {
  return navigator.locks.request(`tincture-blob-${sha256}`, async () => {
    const present = await unlessMissing(folder.getFileHandle(sha256));
    const file = present === undefined ? undefined : await unlessMissing(present.getFile());
    if (file?.size === size) {
      await folder.removeEntry(partial.name);
      return file;
    }
    await partial.move(sha256);
    return partial.getFile();
  });
}

/** Tells before the download, not at its end, that it cannot fit. */
async function checkRoom(sha256: string, size: number): Promise<void> {
  const { quota, usage = 0 } = await navigator.storage.estimate();
  if (quota !== undefined && quota - usage < size) throw quotaError(sha256, size);
}

async function removeAbandoned(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const [name, handle] of folder.entries()) {
    if (!name.endsWith(PARTIAL) || handle.kind !== 'file') continue;
    const file = await unlessMissing((handle as FileSystemFileHandle).getFile());
    if (file !== undefined && Date.now() - file.lastModified > ABANDONED_AFTER) {
      await unlessMissing(folder.removeEntry(name));
    }
  }
}
