// Migrations only go forward: what each earlier schema held is there after today's, and readers find it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../plugins/contract/canonical-json.ts';
import { migrate, migrationNames } from '../../worker/local/migrate.ts';
import { type Connection, openLocal } from '../../worker/operation/connect.ts';
import { dataTables, type Row, rowsOf } from '../../worker/operation/tables.ts';
import { rankOf } from '../../worker/registry/rank.ts';
import { resolve } from '../../worker/registry/resolve.ts';
import { search } from '../../worker/registry/search.ts';
import { digestOf } from '../../worker/storage/blob-store.ts';
import { r2BlobStore } from '../../worker/storage/r2.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';
import { bytesOf, type Folder, temporaryFolder } from './fixture.ts';

const AT = '2026-01-02T03:04:05.000Z';
const WEIGHTS = bytesOf('weights of an earlier time');
const names = await migrationNames();

type Values = Readonly<Record<string, string | number | null>>;
/** Rows that a schema could hold, by the migration that made their tables; in the order of insertion. */
async function rowsOfSchema(): Promise<
  readonly (readonly [migration: string, table: string, row: Values])[]
> {
  const sha256 = await digestOf(WEIGHTS);
  const weights = { sha256, size: WEIGHTS.length };
  const release = (version: string, more: Values = {}): Values => {
    const manifest = { ...SAMPLE_STYLE, version, blobs: { weights, plugin: null, previews: [] } };
    return {
      kind: 'style',
      name: SAMPLE_STYLE.name,
      version,
      rank: rankOf(version),
      manifest: canonicalJson(manifest),
      digest: 'd'.repeat(64),
      architecture: manifest.base.architecture,
      context_width: manifest.base.contextWidth,
      search_text: `${manifest.name}\n${manifest.title.toLowerCase()}`,
      published_at: AT,
      yanked_at: null,
      ...more,
    };
  };
  const file = (version: string): Values => ({
    kind: 'style',
    name: SAMPLE_STYLE.name,
    version,
    path: 'weights',
    ...weights,
  });
  return [
    ['0001', 'releases', release('1.0.0')],
    ['0001', 'release_files', file('1.0.0')],
    ['0002', 'publishers', { handle: 'ink', display_name: 'Ink', role: 'publisher', created_at: AT }],
    [
      '0002',
      'signing_keys',
      { id: 'a'.repeat(16), publisher: 'ink', public_key: 'k', name: 'laptop', created_at: AT },
    ],
    [
      '0002',
      'tokens',
      {
        id: 't',
        hash: 'b'.repeat(64),
        publisher: 'ink',
        name: 'ci',
        scopes: '["publish"]',
        created_at: AT,
        expires_at: AT,
      },
    ],
    ['0002', 'audit_log', { at: AT, actor: 'ink', action: 'token.create', subject: 't', detail: '{}' }],
    // What publishing leaves since it is open to others; in a schema that has just been made nothing was bundled before.
    ['0003', 'owners', { name: SAMPLE_STYLE.name, publisher: 'ink', since: AT }],
    [
      '0003',
      'releases',
      release('1.1.0', { publisher: 'ink', signature: 's', key_id: 'a'.repeat(16), trial: 'passed' }),
    ],
    ['0003', 'release_files', file('1.1.0')],
  ];
}

describe.each(names.map((name, index) => [name, index] as const))('from %s', (_last, index) => {
  let folder: Folder;
  let before: Map<string, Row[]>;
  let after: Map<string, Row[]>;
  let stores: Connection;
  beforeAll(async () => {
    folder = await temporaryFolder();
    stores = await openLocal(folder.path);
    const dump = async (): Promise<Map<string, Row[]>> => {
      const rows = new Map<string, Row[]>();
      for (const table of await dataTables(stores.database)) {
        if (!table.isRebuilt) rows.set(table.name, await Array.fromAsync(rowsOf(stores.database, table)));
      }
      return rows;
    };
    await stores.bucket.put(await digestOf(WEIGHTS), WEIGHTS);
    // Rows of a schema are written under that schema, as they were then.
    for (const name of names.slice(0, index + 1)) {
      await migrate(stores.database, name);
      for (const [migration, table, row] of await rowsOfSchema()) {
        if (!name.startsWith(migration)) continue;
        const columns = Object.keys(row);
        await stores.database
          .prepare(
            `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
          )
          .bind(...Object.values(row))
          .run();
      }
    }
    before = await dump();
    await migrate(stores.database);
    after = await dump();
  });
  afterAll(async () => {
    await stores.close();
    await folder.remove();
  });

  test('no row is lost or changed', () => {
    expect(before.get('releases')).toHaveLength(index < 2 ? 1 : 2);
    for (const [table, rows] of before) {
      expect(after.get(table), table).toEqual(
        expect.arrayContaining(rows.map((row) => expect.objectContaining(row))),
      );
    }
  });

  test('readers find the style, its version and its bytes', async () => {
    const registry = { database: stores.database, blobs: r2BlobStore(stores.bucket) };
    const { name } = SAMPLE_STYLE;
    const version = index < 2 ? '1.0.0' : '1.1.0';
    for (const wanted of [{ text: name }, { text: name, holds: 'style' }, { holds: 'style' }] as const) {
      expect((await search(registry, 'style', { ...wanted, limit: 10 })).releases).toMatchObject([
        { name, version },
      ]);
    }
    const old = await resolve(registry, 'style', name, '1.0.0');
    expect(old).toMatchObject({ publishedAt: AT, yanked: false });
    const stored = await registry.blobs.get(old.files[0]!.sha256);
    expect(new Uint8Array(await new Response(stored!.body).arrayBuffer())).toEqual(WEIGHTS);
  });
});

test('the files are numbered without gaps', () => {
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
});
