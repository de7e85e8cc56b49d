// The index as rows: which tables there are, in an order that foreign keys allow, read and written page by page.
import type { D1Database } from '@cloudflare/workers-types';

/** What D1 keeps for itself, and the list of applied migrations, which is not data. */
const NOT_DATA = /^(?:sqlite_|_cf_|d1_migrations$)/;
/** Rows of one query: a manifest has up to 64 KiB, and an answer of D1 must stay small. */
const PAGE_ROWS = 100;
/** Rows of one batch: as a page. */
const BATCH_ROWS = 100;

export interface Table {
  readonly name: string;
  /** The columns that are written back; generated ones are not. */
  readonly columns: readonly string[];
  /** Rows have numbers that other tables (full text) may refer to. */
  readonly hasRowNumbers: boolean;
  /** A full-text index over another table: rebuilt, not copied. */
  readonly isRebuilt: boolean;
}

/** A value as JSON holds it; bytes are `{ base64 }`. */
export type Cell = string | number | null | { readonly base64: string };
/** By column; `rowid` beside them where the table has row numbers of its own. */
export type Row = Readonly<Record<string, Cell>>;

interface SchemaRow {
  readonly name: string;
  readonly sql: string;
}

/** Every table of data, those that others refer to first. */
export async function dataTables(database: D1Database): Promise<Table[]> {
  const { results: schema } = await database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL ORDER BY name")
    .all<SchemaRow>();
  const virtual = schema.filter(({ sql }) => /^CREATE VIRTUAL TABLE/i.test(sql)).map(({ name }) => name);
  const own = schema.filter(
    ({ name }) => !NOT_DATA.test(name) && !virtual.some((index) => name.startsWith(`${index}_`)),
  );
  const references = new Map<string, readonly string[]>();
  const tables = new Map<string, Table>();
  for (const { name, sql } of own) {
    tables.set(name, await describe(database, name, sql));
    const { results } = await database
      .prepare('SELECT "table" AS target FROM pragma_foreign_key_list(?)')
      .bind(name)
      .all<{ target: string }>();
    references.set(
      name,
      results.map(({ target }) => target).filter((target) => target !== name),
    );
  }
  return inOrder(tables, references);
}

async function describe(database: D1Database, name: string, sql: string): Promise<Table> {
  const isVirtual = /^CREATE VIRTUAL TABLE/i.test(sql);
  const { results } = await database
    .prepare('SELECT name, type, pk FROM pragma_table_xinfo(?) WHERE hidden = 0')
    .bind(name)
    .all<{ name: string; type: string; pk: number }>();
  const keys = results.filter(({ pk }) => pk > 0);
  const isNumbered = keys.length === 1 && keys[0]?.type.toUpperCase() === 'INTEGER';
  return {
    name,
    columns: results.map((column) => column.name),
    hasRowNumbers: isVirtual || (!isNumbered && !/WITHOUT ROWID/i.test(sql)),
    isRebuilt: isVirtual && /\bcontent\s*=\s*'?\w/i.test(sql),
  };
}

/** Depth first over the references; tables that refer to each other come in the order of their names. */
function inOrder(
  tables: ReadonlyMap<string, Table>,
  references: ReadonlyMap<string, readonly string[]>,
): Table[] {
  const done: Table[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    const table = tables.get(name);
    if (table === undefined || seen.has(name)) return;
    seen.add(name);
    for (const target of references.get(name) ?? []) visit(target);
    done.push(table);
  };
  for (const name of tables.keys()) visit(name);
  return done;
}

/** All rows of a table, page by page, in the order of its row numbers or its primary key. */
export async function* rowsOf(database: D1Database, table: Table): AsyncGenerator<Row> {
  const columns = table.columns.map(quoted).join(', ');
  const selected = table.hasRowNumbers ? `rowid AS "rowid", ${columns}` : columns;
  for (let offset = 0; ; offset += PAGE_ROWS) {
    const { results } = await database
      .prepare(`SELECT ${selected} FROM ${quoted(table.name)} ORDER BY ${orderOf(table)} LIMIT ? OFFSET ?`)
      .bind(PAGE_ROWS, offset)
      .all<Record<string, unknown>>();
    for (const row of results) {
      yield Object.fromEntries(Object.entries(row).map(([column, value]) => [column, cellOf(value)]));
    }
    if (results.length < PAGE_ROWS) return;
  }
}

/** Tables without row numbers are ordered by all their columns: the primary key is among them. */
function orderOf(table: Table): string {
  return table.hasRowNumbers ? 'rowid' : table.columns.map((_, index) => index + 1).join(', ');
}

/** Writes rows in batches, as they come. A batch is whole or not at all. */
export async function insertRows(
  database: D1Database,
  table: Table,
  rows: AsyncIterable<Row>,
): Promise<number> {
  let count = 0;
  let batch: Row[] = [];
  const columns = table.hasRowNumbers ? ['rowid', ...table.columns] : table.columns;
  const statement = database.prepare(
    `INSERT INTO ${quoted(table.name)} (${columns.map(quoted).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const flush = async (): Promise<void> => {
    if (batch.length > 0) {
      await database.batch(
        batch.map((row) => statement.bind(...columns.map((column) => boundValue(row[column])))),
      );
    }
    count += batch.length;
    batch = [];
  };
  for await (const row of rows) {
    batch.push(row);
    if (batch.length === BATCH_ROWS) await flush();
  }
  await flush();
  return count;
}

/** An identifier out of the schema, as SQL spells it. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function cellOf(value: unknown): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  // D1 gives bytes as a list of numbers.
  if (Array.isArray(value)) return { base64: Buffer.from(value as number[]).toString('base64') };
  if (value instanceof ArrayBuffer) return { base64: Buffer.from(value).toString('base64') };
  throw new TypeError(`D1 gave a value of type ${typeof value}`);
}

function boundValue(cell: Cell | undefined): string | number | null | Uint8Array {
  if (cell === undefined) return null;
  return typeof cell === 'object' && cell !== null
    ? new Uint8Array(Buffer.from(cell.base64, 'base64'))
    : cell;
}
