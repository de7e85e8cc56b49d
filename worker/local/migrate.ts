// Applies the migrations of `worker/migrations` to a local D1, with the bookkeeping of `wrangler d1 migrations`.
import { readdir, readFile } from 'node:fs/promises';
import type { D1Database } from '@cloudflare/workers-types';

const FOLDER = new URL('../migrations/', import.meta.url);

/** File names of all migrations, in the order in which they apply. */
export async function migrationNames(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
}

/**
 * Applies what is not applied yet, in order of the file names, each file in one transaction. With `last`, none after that
 * file: the schema as it once was, for restoring an old backup.
 */
export async function migrate(database: D1Database, last?: string): Promise<void> {
  await database
    .prepare(
      `CREATE TABLE IF NOT EXISTS d1_migrations (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
         applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    )
    .run();
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  for (const name of await migrationNames()) {
    if (applied.has(name)) continue;
    if (last !== undefined && name > last) break;
    const statements = statementsOf(await readFile(new URL(name, FOLDER), 'utf8'));
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ]);
  }
}

/** Our migrations end every statement with `;` at a line's end and have it nowhere else there. */
function statementsOf(sql: string): string[] {
  return sql
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
