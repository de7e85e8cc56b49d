// Restoring a registry from a backup folder into empty stores, and bringing its schema up to this checkout's.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { D1Database } from '@cloudflare/workers-types';
import { z } from 'zod';
import { digestSchema, firstIssue } from '../../plugins/contract/style.ts';
import { migrate, migrationNames } from '../local/migrate.ts';
import { BLOB_TYPES } from '../storage/blob-store.ts';
import { BLOB_KEY, type BlobBucket, type ListedBlob } from '../storage/r2.ts';
import {
  appliedMigrations,
  BACKUP_FILE,
  BACKUP_FORMAT,
  type BackupFacts,
  BLOB_LIST,
  type OpenStores,
} from './backup.ts';
import { OperationError } from './error.ts';
import { dataTables, insertRows, quoted, type Row, type Table } from './tables.ts';

const linesFile = { rows: z.int().min(0), sha256: digestSchema };
const tableName = z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/);
const factsSchema = z.object({
  format: z.literal(BACKUP_FORMAT),
  madeAt: z.iso.datetime(),
  migrations: z.array(z.string().regex(/^\d{4}_[a-z0-9_-]+\.sql$/)).max(1000),
  tables: z.array(z.object({ name: tableName, ...linesFile })).max(1000),
  blobs: z.object({ ...linesFile, bytes: z.int().min(0), copied: z.boolean() }),
});
const blobSchema = z
  .object({
    key: z.string().regex(BLOB_KEY),
    sha256: digestSchema,
    size: z.int().min(1),
    type: z.enum(BLOB_TYPES),
  })
  .refine(({ key, sha256 }) => key.endsWith(sha256), 'the key must end with the digest');

export interface RestoreOptions {
  readonly onProgress?: (line: string) => void;
}

/**
 * Restores the backup in `folder`. Everything that can be checked is checked before the first write: the files' digests, and
 * that each blob is there with its size. Then blobs go in first (those in storage already are left), each checked by R2 against
 * its digest; then the index's rows, under the schema that the backup had; then the migrations since. Throws
 * `operation/not-empty` unless the index is empty, `operation/newer` for a backup of a later checkout, `operation/backup` for a
 * damaged one. After a failure in the middle the stores must be emptied before another try; the error says so.
 */
export async function restore(
  { database, bucket }: OpenStores,
  folder: string,
  { onProgress = () => {} }: RestoreOptions = {},
): Promise<BackupFacts> {
  const facts = await checkBackup(folder);
  const known = await migrationNames();
  const unknown = facts.migrations.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new OperationError('newer', 'the backup was made by a later version', {
      where: join(folder, BACKUP_FILE),
      found: `migration ${unknown}`,
      fix: 'Restore with the version that made it, or a later one.',
    });
  }
  await checkEmpty(database, facts);
  const blobs = await readList(folder);
  for (const [index, blob] of blobs.entries()) {
    onProgress(`blob ${index + 1} of ${blobs.length}, ${blob.size} bytes`);
    await restoreBlob(bucket, folder, blob);
  }
  await migrate(database, facts.migrations.at(-1) ?? '');
  try {
    await restoreIndex(database, folder, facts, onProgress);
  } catch (cause) {
    throw new OperationError('backup', 'the index is restored in part only', {
      where: folder,
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'Empty the index (delete the database and create it anew), then restore again.',
      cause,
    });
  }
  await migrate(database);
  return facts;
}

/** Reads `backup.json` and holds all files against it. Throws `operation/backup`. */
export async function checkBackup(folder: string): Promise<BackupFacts> {
  const path = join(folder, BACKUP_FILE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OperationError('backup', 'there is no finished backup in this folder', { where: path, cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OperationError('backup', 'not JSON', { where: path, cause });
  }
  const parsed = factsSchema.safeParse(value);
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error);
    throw new OperationError('backup', message, { where: `${path} ${field}` });
  }
  const facts = parsed.data;
  for (const { name, sha256 } of facts.tables) {
    await checkFile(join(folder, 'tables', `${name}.ndjson`), sha256);
  }
  await checkFile(join(folder, BLOB_LIST), facts.blobs.sha256);
  if (!facts.blobs.copied) {
    throw new OperationError('backup', 'the backup holds no blobs, only their list', {
      where: path,
      fix: 'Copy the blobs into its folder `blobs`, each under its SHA-256, and set blobs.copied to true.',
    });
  }
  for (const { sha256, size } of await readList(folder)) {
    const found = (await stat(join(folder, 'blobs', sha256)).catch(() => undefined))?.size;
    if (found === size) continue;
    throw new OperationError('backup', 'a blob is missing or cut', {
      where: join(folder, 'blobs', sha256),
      expected: `${size} bytes`,
      found: found === undefined ? 'no file' : `${found} bytes`,
    });
  }
  return facts;
}

async function checkFile(path: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw new OperationError('backup', 'a file of the backup cannot be read', { where: path, cause });
  }
  const found = hash.digest('hex');
  if (found === expected) return;
  throw new OperationError('backup', 'a file of the backup is not as it was written', {
    where: path,
    expected: `SHA-256 ${expected}`,
    found,
  });
}

async function readList(folder: string): Promise<ListedBlob[]> {
  const list: ListedBlob[] = [];
  for await (const line of linesOf(join(folder, BLOB_LIST))) list.push(blobSchema.parse(line));
  return list;
}

async function* linesOf(path: string): AsyncGenerator<unknown> {
  for await (const line of createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (line !== '') yield JSON.parse(line);
  }
}

/** Neither rows nor a schema that the backup had not. */
async function checkEmpty(database: D1Database, { migrations }: BackupFacts): Promise<void> {
  const later = (await appliedMigrations(database)).find((name) => !migrations.includes(name));
  if (later !== undefined) {
    throw new OperationError('not-empty', 'the database has a later schema than the backup', {
      found: `migration ${later}`,
      fix: 'Restore into a new database, without applying migrations first: restoring does that.',
    });
  }
  for (const { name } of await dataTables(database)) {
    if ((await database.prepare(`SELECT 1 FROM ${quoted(name)} LIMIT 1`).first()) === null) continue;
    throw new OperationError('not-empty', 'the registry is not empty', {
      where: `table ${name}`,
      fix: 'Restore into a new database and bucket.',
    });
  }
}

async function restoreBlob(
  bucket: BlobBucket,
  folder: string,
  { key, sha256, type }: ListedBlob,
): Promise<void> {
  if ((await bucket.head(key)) !== null) return;
  const file = await open(join(folder, 'blobs', sha256));
  try {
    await bucket.put(key, new Uint8Array(await file.readFile()), {
      onlyIf: { etagDoesNotMatch: '*' },
      sha256,
      httpMetadata: { contentType: type },
    });
  } catch (cause) {
    throw new OperationError('backup', 'storage refused a blob', {
      where: join(folder, 'blobs', sha256),
      found: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  } finally {
    await file.close();
  }
}

/** Without the triggers: what they once derived is in the backup, and must not be derived twice. */
async function restoreIndex(
  database: D1Database,
  folder: string,
  facts: BackupFacts,
  onProgress: (line: string) => void,
): Promise<void> {
  const { results: triggers } = await database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
    .all<{ name: string; sql: string }>();
  for (const { name } of triggers) await database.prepare(`DROP TRIGGER ${quoted(name)}`).run();
  const tables = await dataTables(database);
  // Rows that migrations themselves put in are in the backup too.
  for (const { name } of [...tables].reverse()) await database.prepare(`DELETE FROM ${quoted(name)}`).run();
  for (const table of tables) {
    if (table.isRebuilt) continue;
    const expected = facts.tables.find(({ name }) => name === table.name)?.rows ?? 0;
    const rows = expected === 0 ? 0 : await insertRows(database, table, rowsFrom(folder, table));
    if (rows !== expected) throw new Error(`table ${table.name}: ${rows} rows of ${expected}`);
    onProgress(`table ${table.name}, ${rows} rows`);
  }
  for (const { name, isRebuilt } of tables) {
    if (isRebuilt) {
      await database.prepare(`INSERT INTO ${quoted(name)} (${quoted(name)}) VALUES ('rebuild')`).run();
    }
  }
  for (const { sql } of triggers) await database.prepare(sql).run();
}

function rowsFrom(folder: string, { name }: Table): AsyncIterable<Row> {
  return linesOf(join(folder, 'tables', `${name}.ndjson`)) as AsyncIterable<Row>;
}
