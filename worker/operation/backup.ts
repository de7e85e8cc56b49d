// Backing a registry up into a folder: all rows of the index as JSON lines, the list of blobs, and the blobs themselves.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { D1Database } from '@cloudflare/workers-types';
import { type BlobBucket, type ListedBlob, listBlobs } from '../storage/r2.ts';
import { OperationError } from './error.ts';
import { dataTables, type Row, rowsOf } from './tables.ts';

/** Times that the index is read anew when somebody published meanwhile. */
const ATTEMPTS = 5;
export const BACKUP_FORMAT = 'tincture-backup-1';
export const BACKUP_FILE = 'backup.json';
export const BLOB_LIST = 'blobs.ndjson';

/** The registry's two stores as their bindings. */
export interface OpenStores {
  readonly database: D1Database;
  readonly bucket: BlobBucket;
}

/** A file of the backup: what restoring must find. */
export interface LinesFile {
  readonly rows: number;
  /** Of the file, lower-case hexadecimal. */
  readonly sha256: string;
}

export interface BackupFacts {
  readonly format: typeof BACKUP_FORMAT;
  /** RFC 3339, UTC. */
  readonly madeAt: string;
  /** Applied migrations, in order. */
  readonly migrations: readonly string[];
  /** By table, in the order in which they are restored: `tables/NAME.ndjson`. */
  readonly tables: readonly ({ readonly name: string } & LinesFile)[];
  readonly blobs: LinesFile & { readonly bytes: number; readonly copied: boolean };
}

export interface BackupOptions {
  /** false: only the list of blobs. Default true. */
  readonly copyBlobs?: boolean;
  readonly onProgress?: (line: string) => void;
}

/**
 * Backs up into `folder`, which is made where it is missing. Blobs that an earlier backup left there are not fetched again, so
 * that one folder kept for all backups costs only what is new. `backup.json` is written last: without it there is no backup.
 * The index is consistent: when its audit log grew meanwhile it is read anew, and blobs are copied after it, so that every one
 * that it names is there. Throws `operation/changing` where the log grew each time, `operation/backup` for a blob in storage
 * that has not the bytes of its name.
 */
export async function backup(
  { database, bucket }: OpenStores,
  folder: string,
  { copyBlobs = true, onProgress = () => {} }: BackupOptions = {},
): Promise<BackupFacts> {
  await rm(join(folder, BACKUP_FILE), { force: true });
  await mkdir(join(folder, 'tables'), { recursive: true });
  await mkdir(join(folder, 'blobs'), { recursive: true });
  const tables = await backUpIndex(database, folder, onProgress);
  const list: ListedBlob[] = [];
  for await (const blob of listBlobs(bucket)) list.push(blob);
  let bytes = 0;
  for (const [index, blob] of list.entries()) {
    bytes += blob.size;
    if (!copyBlobs || (await isThere(join(folder, 'blobs', blob.sha256), blob.size))) continue;
    onProgress(`blob ${index + 1} of ${list.length}, ${blob.size} bytes`);
    await copyBlob(bucket, folder, blob);
  }
  const facts: BackupFacts = {
    format: BACKUP_FORMAT,
    madeAt: new Date().toISOString(),
    migrations: await appliedMigrations(database),
    tables,
    blobs: { ...(await writeLines(join(folder, BLOB_LIST), list)), bytes, copied: copyBlobs },
  };
  const path = join(folder, BACKUP_FILE);
  await writeFile(`${path}.part`, `${JSON.stringify(facts, null, 2)}\n`);
  await rename(`${path}.part`, path);
  return facts;
}

/** File names of the applied migrations; empty for a database that never had one. */
export async function appliedMigrations(database: D1Database): Promise<string[]> {
  const table = await database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'd1_migrations'").first();
  if (table === null) return [];
  const { results } = await database
    .prepare('SELECT name FROM d1_migrations ORDER BY name')
    .all<{ name: string }>();
  return results.map(({ name }) => name);
}

async function backUpIndex(
  database: D1Database,
  folder: string,
  onProgress: (line: string) => void,
): Promise<BackupFacts['tables']> {
  const tables = await dataTables(database);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = await lastChange(database);
    const written: ({ name: string } & LinesFile)[] = [];
    for (const table of tables) {
      if (table.isRebuilt) continue;
      const file = await writeLines(join(folder, 'tables', `${table.name}.ndjson`), rowsOf(database, table));
      onProgress(`table ${table.name}, ${file.rows} rows`);
      written.push({ name: table.name, ...file });
    }
    if ((await lastChange(database)) === before) return written;
    onProgress('the registry changed meanwhile: reading its index again');
  }
  throw new OperationError('changing', 'somebody published each time that the index was read', {
    where: folder,
    found: `${ATTEMPTS} attempts`,
    fix: 'Try again at a quieter time.',
  });
}

/** Every change of the registry leaves an entry in the audit log, and every release has a time. */
async function lastChange(database: D1Database): Promise<string> {
  const names = (await dataTables(database)).map(({ name }) => name);
  const audit = names.includes('audit_log')
    ? await database.prepare('SELECT max(id) AS last FROM audit_log').first<{ last: number | null }>()
    : null;
  const releases = await database
    .prepare('SELECT count(*) AS count, max(published_at) AS last FROM releases')
    .first<{ count: number; last: string | null }>();
  return JSON.stringify([audit, releases]);
}

async function writeLines(
  path: string,
  lines: AsyncIterable<Row> | Iterable<ListedBlob>,
): Promise<LinesFile> {
  const hash = createHash('sha256');
  let rows = 0;
  async function* text(): AsyncGenerator<string> {
    for await (const line of lines) {
      const written = `${JSON.stringify(line)}\n`;
      hash.update(written);
      rows++;
      yield written;
    }
  }
  await pipeline(Readable.from(text()), createWriteStream(path));
  return { rows, sha256: hash.digest('hex') };
}

async function isThere(path: string, size: number): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.size === size;
}

/** Streams one blob into its file; a temporary name until its digest is known to be right. */
async function copyBlob(bucket: BlobBucket, folder: string, { sha256, key }: ListedBlob): Promise<void> {
  const object = await bucket.get(key);
  // Collected since it was listed: nothing of the index names it.
  if (object === null) return;
  const path = join(folder, 'blobs', sha256);
  const hash = createHash('sha256');
  async function* checked(): AsyncGenerator<Uint8Array> {
    for await (const chunk of object!.body as unknown as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(Readable.from(checked()), createWriteStream(`${path}.part`));
  const found = hash.digest('hex');
  if (found !== sha256) {
    await rm(`${path}.part`, { force: true });
    throw new OperationError('backup', 'a blob in storage has not the bytes of its name', {
      where: sha256,
      found,
      fix: 'Put the right bytes back from an earlier backup.',
    });
  }
  await rename(`${path}.part`, path);
}
