// Working files in a folder of this machine.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeError } from '../cache/error.ts';
import { fileSource } from '../formats/node-file.ts';
import { PARTIAL, type WorkingFiles } from './working-files.ts';

/** Working files in `folder`, which is made when first needed. Processes may share it. */
export function folderWorkingFiles(folder: string): WorkingFiles {
  return {
    async open(key) {
      const path = join(folder, key);
      const facts = await stat(path).catch(() => undefined);
      return facts?.isFile() === true ? fileSource(path) : undefined;
    },
    async write(key, size, pieces) {
      const path = join(folder, key);
      const partial = `${path}.${randomUUID()}${PARTIAL}`;
      try {
        await mkdir(folder, { recursive: true });
        const file = await open(partial, 'wx');
        try {
          for await (const piece of pieces) await file.writeFile(piece);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(partial, path);
      } catch (error) {
        await rm(partial, { force: true });
        throw writeError(error, key, size);
      }
      return fileSource(path);
    },
  };
}

/** Copies of weights, inside the cache's folder. */
export function workingFolder(): string {
  return join(cacheFolder(), 'working');
}

/** `TINCTURE_CACHE`, else the user's cache folder by the XDG convention. */
export function cacheFolder(): string {
  const named = process.env['TINCTURE_CACHE'];
  return named ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tincture', 'blobs');
}

/** Removes what was made of the checkpoint with this digest. */
export async function forgetWorkingCopies(sha256: string): Promise<void> {
  const folder = workingFolder();
  for (const name of await readdir(folder).catch(() => [])) {
    if (name.startsWith(sha256)) await rm(join(folder, name), { force: true });
  }
}
