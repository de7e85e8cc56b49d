// A file on disk as a byte source. Only Node imports this.
import { closeSync, openAsBlob, openSync, readSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { ByteSource } from './entry.ts';
import { FormatError } from './errors.ts';
import { checkRange } from './range.ts';

/** Opens a file for lazy reads. Throws `format/invalid` when there is no such file. */
export async function fileSource(path: string): Promise<ByteSource> {
  let size: number;
  try {
    const facts = await stat(path);
    if (!facts.isFile()) throw new FormatError('invalid', 'not a file', { where: path });
    size = facts.size;
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : 'cannot be opened';
    throw new FormatError('invalid', reason, { where: path, cause: error });
  }
  return {
    name: path,
    size,
    blob: await openAsBlob(path),
    async read(offset, length) {
      checkRange(path, size, offset, length);
      const handle = await open(path);
      try {
        const bytes = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) checkRange(path, (await handle.stat()).size, offset, length);
          if (bytesRead === 0) throw shrunken(path);
          done += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
    readSync(offset, target) {
      checkRange(path, size, offset, target.length);
      const file = openSync(path, 'r');
      try {
        let done = 0;
        while (done < target.length) {
          const bytesRead = readSync(file, target, done, target.length - done, offset + done);
          if (bytesRead === 0) throw shrunken(path);
          done += bytesRead;
        }
      } finally {
        closeSync(file);
      }
    },
  };
}

function shrunken(path: string): FormatError {
  return new FormatError('truncated', 'the file shrank while reading', { where: path });
}
