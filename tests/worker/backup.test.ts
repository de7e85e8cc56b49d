// Backing a registry up and restoring it: by the commands that operators type, on real stores, and with damaged backups.
import { spawn } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../worker/operation/backup.ts';
import { type Connection, openLocal } from '../../worker/operation/connect.ts';
import { restore } from '../../worker/operation/restore.ts';
import { dataTables } from '../../worker/operation/tables.ts';
import { publishStyle } from '../../worker/registry/publish-style.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';
import { bundledFolder, type Folder, putText, serveForTest, temporaryFolder } from './fixture.ts';

const ROOT = join(import.meta.dirname, '..', '..');

function operate(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      '--no-warnings',
      join(ROOT, 'worker', 'operation', 'main.ts'),
      ...args,
    ]);
    let out = '';
    let err = '';
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code, out, err }));
  });
}

describe('a backup', () => {
  let bundled: Folder;
  let home: Folder;
  let before: unknown[];
  const at = (...path: string[]) => join(home.path, ...path);

  /** All that readers see. */
  async function seen({ url }: LocalEdge): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (const path of ['styles', 'styles?q=blue', 'models', 'styles/blueprint', 'styles/blueprint/1.1.0']) {
      answers.push(await (await fetch(`${url}/v1/${path}`)).json());
    }
    const [style] = (answers[0] as { styles: { weights: { url: string } }[] }).styles;
    answers.push(await (await fetch(new URL(style!.weights.url, url))).text());
    return answers;
  }

  beforeAll(async () => {
    bundled = await bundledFolder();
    home = await temporaryFolder();
    const edge = await serveForTest({ dataDir: at('data'), bundledDir: bundled.path });
    const weights = await putText(edge, 'weights of the second version');
    const manifest = { ...SAMPLE_STYLE, version: '1.1.0', blobs: { weights, plugin: null, previews: [] } };
    expect(await publishStyle(edge.stores, manifest)).toBe('published');
    await putText(edge, 'a blob that nothing names');
    before = await seen(edge);
    await edge.close();
    const { code, out, err } = await operate('backup', at('backup'), '--data', at('data'), '--json');
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ format: 'tincture-backup-1', blobs: { copied: true } });
  });
  afterAll(async () => {
    await bundled.remove();
    await home.remove();
  });

  test('restores to the same answers and the same bytes', async () => {
    const { code, err } = await operate('restore', at('backup'), '--data', at('restored'));
    expect(code, err).toBe(0);
    const edge = await serveForTest({ dataDir: at('restored') });
    expect(await seen(edge)).toEqual(before);
    await edge.close();
  });

  /** As the command does it, without starting a program. */
  async function withStores<T>(dataDir: string, work: (stores: Connection) => Promise<T>): Promise<T> {
    const stores = await openLocal(dataDir);
    try {
      return await work(stores);
    } finally {
      await stores.close();
    }
  }

  test('made again into its folder fetches no blob twice, and never restores over a registry', async () => {
    await cp(at('backup'), at('again'), { recursive: true });
    await withStores(at('data'), async (stores) => {
      const lines: string[] = [];
      await backup(stores, at('again'), { onProgress: (line) => lines.push(line) });
      expect(lines.filter((line) => line.startsWith('table '))).not.toEqual([]);
      expect(lines.filter((line) => line.startsWith('blob '))).toEqual([]);
      await expect(restore(stores, at('again'))).rejects.toMatchObject({ code: 'operation/not-empty' });
    });
  });

  test('of a registry that changes while it is read is begun anew', async () => {
    await withStores(at('data'), async (stores) => {
      const lines: string[] = [];
      const change = stores.database.prepare(
        `INSERT INTO releases (kind, name, version, rank, manifest, digest, architecture, search_text, published_at)
         VALUES ('model', 'meanwhile', '1.0.0', '1', '{}', 'x', 'any', '', '2999-01-01T00:00:00Z')`,
      );
      await backup(stores, at('changing'), {
        onProgress: (line) => {
          lines.push(line);
          if (lines.length === 1) void change.run();
        },
      });
      await stores.database.prepare("DELETE FROM releases WHERE name = 'meanwhile'").run();
      expect(lines).toContain('the registry changed meanwhile: reading its index again');
      expect(await readFile(at('changing', 'tables', 'releases.ndjson'), 'utf8')).toContain('meanwhile');
    });
  });

  test('that is damaged is refused before anything is written', async () => {
    await withStores(at('untouched'), async (stores) => {
      for (const [file, reason] of [
        ['tables/releases.ndjson', 'not as it was written'],
        ['blobs.ndjson', 'not as it was written'],
        ['backup.json', 'not JSON'],
      ] as const) {
        await rm(at('damaged'), { recursive: true, force: true });
        await cp(at('backup'), at('damaged'), { recursive: true });
        await writeFile(at('damaged', file), (await readFile(at('damaged', file), 'utf8')).slice(0, -3));
        await expect(restore(stores, at('damaged'))).rejects.toThrow(reason);
      }
      await rm(at('damaged', 'backup.json'));
      await expect(restore(stores, at('damaged'))).rejects.toThrow('no finished backup');
      expect(await stores.bucket.list()).toMatchObject({ objects: [] });
      expect(await dataTables(stores.database)).toEqual([]);
    });
  });

  test('whose blob is missing or has other bytes is refused', async () => {
    await cp(at('backup'), at('other'), { recursive: true });
    const [line] = (await readFile(at('other', 'blobs.ndjson'), 'utf8')).split('\n');
    const { sha256 } = JSON.parse(line!);
    const blob = at('other', 'blobs', sha256);
    await writeFile(
      blob,
      (await readFile(blob)).map((byte) => byte ^ 1),
    );
    await withStores(at('wrong'), async (stores) => {
      await expect(restore(stores, at('other'))).rejects.toThrow('storage refused a blob');
      await rm(blob);
      await expect(restore(stores, at('other'))).rejects.toThrow('a blob is missing or cut');
    });
  });

  test('of a later version is refused by the migration that is not here', async () => {
    await cp(at('backup'), at('later'), { recursive: true });
    const path = at('later', 'backup.json');
    const facts = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...facts, migrations: [...facts.migrations, '9999_later.sql'] }));
    await withStores(at('older'), async (stores) => {
      await expect(restore(stores, at('later'))).rejects.toMatchObject({ code: 'operation/newer' });
    });
  });

  test('wrong arguments tell the usage', async () => {
    expect(await operate('backup')).toMatchObject({ code: 2 });
    expect(await operate('backup', at('x'), '--bogus')).toMatchObject({ code: 2 });
    expect((await operate('--help')).out).toContain('usage: npm run backup');
  });
});
