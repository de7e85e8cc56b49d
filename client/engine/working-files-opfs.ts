// Working files in the browser's origin-private file system.
import { quotaError, writeError } from '../cache/error.ts';
import { removeReleased, unlessMissing } from '../cache/opfs-entries.ts';
import { blobSource } from '../formats/blob-source.ts';
import { PARTIAL, type WorkingFiles } from './working-files.ts';

const FOLDER = 'tincture-working';

/** All current browsers have it; the DOM's types do not yet. */
interface MovableFile extends FileSystemFileHandle {
  move(name: string): Promise<void>;
}

/** Working files of this origin; pages and Workers share them. */
export function opfsWorkingFiles(): WorkingFiles {
  return {
    async open(key) {
      const handle = await unlessMissing((await folder()).getFileHandle(key));
      return handle === undefined ? undefined : blobSource(key, await handle.getFile());
    },
    async write(key, size, pieces) {
      const place = await folder();
      const partial = `${key}.${crypto.randomUUID()}${PARTIAL}`;
      try {
        await removePartials(place, key);
        const { quota, usage = 0 } = await navigator.storage.estimate();
        if (quota !== undefined && quota - usage < size) throw quotaError(key, size);
        const handle = (await place.getFileHandle(partial, { create: true })) as MovableFile;
        const writer = await handle.createWritable();
        try {
          for await (const piece of pieces) await writer.write(piece);
          await writer.close();
        } catch (error) {
          await writer.abort().catch(() => {});
          throw error;
        }
        await handle.move(key);
        return blobSource(key, await handle.getFile());
      } catch (error) {
        await removeReleased(place, partial);
        throw writeError(error, key, size);
      }
    },
  };
}

export interface WorkingFileFacts {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

/** All working files of this origin, unfinished ones too. */
export async function listWorkingFiles(): Promise<WorkingFileFacts[]> {
  const files: WorkingFileFacts[] = [];
  for await (const [key, handle] of (await folder()).entries()) {
    if (handle.kind !== 'file') continue;
    const file = await unlessMissing((handle as FileSystemFileHandle).getFile());
    if (file !== undefined) files.push({ key, size: file.size });
  }
  return files;
}

/** Removes those whose key begins so; the empty beginning means all. */
export async function removeWorkingFiles(beginning: string): Promise<void> {
  const place = await folder();
  for (const { key } of await listWorkingFiles()) {
    if (key.startsWith(beginning)) await unlessMissing(place.removeEntry(key));
  }
}

async function folder(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
}

/** What a page that is gone left of this very file; another page's own is locked and stays. */
async function removePartials(place: FileSystemDirectoryHandle, key: string): Promise<void> {
  for await (const name of place.keys()) {
    if (name.startsWith(key) && name.endsWith(PARTIAL)) await place.removeEntry(name).catch(() => {});
  }
}
