// Writing results: files whole or not at all, and tables for people.
import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { TinctureError } from '../../plugins/contract/error.ts';
import { UsageError } from './command.ts';

/** Writes beside the target and renames, so that an interrupted program leaves the old file or the new one. */
export function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  return writeTogether([{ path, bytes }]);
}

/**
 * The same for files that belong together: none is replaced before all are written, so that a disk which is full leaves all
 * of the old ones.
 */
export async function writeTogether(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  const parts = files.map(({ path, bytes }) => ({
    path,
    bytes,
    part: join(dirname(path), `.${basename(path)}.${randomUUID()}.part`),
  }));
  let at = '';
  try {
    for (const { path, bytes, part } of parts) {
      at = path;
      await writeSynced(part, bytes);
    }
    for (const { path, part } of parts) {
      at = path;
      await rename(part, path);
    }
  } catch (cause) {
    for (const { part } of parts) await rm(part, { force: true });
    throw new TinctureError('cli/output', 'the file cannot be written', {
      where: at,
      found: (cause as Error).message,
      cause,
    });
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Fails before long work where a result could not be written, or would overwrite an input. */
export async function checkOutput(path: string, inputs: readonly string[]): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder?.isDirectory() !== true) {
    throw new TinctureError('cli/output', 'the folder does not exist', {
      where: dirname(path),
      fix: 'Create it first.',
    });
  }
  const target = await stat(path).catch(() => undefined);
  if (target?.isDirectory() === true) {
    throw new TinctureError('cli/output', 'a folder cannot be overwritten', {
      where: path,
      fix: 'Name a file in it.',
    });
  }
  if (inputs.some((input) => resolve(input) === resolve(path))) {
    throw new UsageError(`the output ${path} would overwrite the input; name another file`);
  }
}

/** Rows in aligned columns; all but the last column are padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i + 1 < row.length ? cell.padEnd(widths[i]!) : cell))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** JSON for machines: one value, with bigints as decimal text. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item), 2);
}

/** Text of a file shown without what would steer a terminal: control characters become visible. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) =>
    character === '\n' ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** `12.3 MB`, in powers of ten. */
export function fileSize(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** power).toFixed(1)} ${units[power]}`;
}
