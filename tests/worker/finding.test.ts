// Finding styles over HTTP, in workerd: full text search, orders, filters and cursors, look-up by hash, locks, download counts.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { despiteClosedConnections } from '../../worker/local/connection-closed.ts';
import { DownloadCounter, FLUSH_READS, FLUSH_SECONDS } from '../../worker/registry/downloads.ts';
import { publishModel } from '../../worker/registry/publish-model.ts';
import { publishStyle } from '../../worker/registry/publish-style.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';
import { MODEL_MANIFEST, putText, serveForTest } from './fixture.ts';

const RUNS = Number(process.env['TINCTURE_FUZZ_RUNS'] ?? 60);

interface Found {
  readonly name: string;
  readonly version: string;
  readonly downloads: { readonly version: number; readonly total: number };
}

let edge: LocalEdge;
beforeAll(async () => {
  edge = await serveForTest();
});
afterAll(() => edge.close());

const get = (path: string) => despiteClosedConnections(path, () => fetch(edge.url + path));
const json = async (path: string) => (await get(path)).json();
const names = async (query: string): Promise<string[]> =>
  (await json(`/v1/styles?${query}`)).styles.map(({ name }: Found) => name);

/** Publishes a style whose weights are its name and version, or `weights`. */
async function publish(name: string, change: object = {}, weights?: string) {
  const version = (change as { version?: string }).version ?? '1.0.0';
  const blob = await putText(edge, weights ?? `${name} ${version}`);
  const manifest = {
    ...SAMPLE_STYLE,
    title: 'Plain',
    description: 'Nothing of note.',
    tags: [],
    triggerWords: [],
    name,
    ...change,
    blobs: { weights: blob, plugin: null, previews: [] },
  };
  await publishStyle(edge.stores, manifest);
  return blob;
}

describe('search', () => {
  beforeAll(async () => {
    await publish('copper-etching', { title: 'Lines' });
    await publish('second', { title: 'Copper plate', licence: 'CC0-1.0' });
    await publish('third', { tags: ['copper', 'line-art'] });
    await publish('fourth', { description: 'As if of copper, of much copper, of nothing but copper.' });
    await publish('japanese', { title: '浮世絵', triggerWords: ['北斎の波'] });
    await publish('accents', { title: 'Édition Æther', description: 'naïve' });
  });

  test('words in the name weigh more than in the title, the tags, the rest', async () => {
    expect(await names('q=copper')).toEqual(['copper-etching', 'second', 'third', 'fourth']);
  });

  test.each([
    ['cop', ['copper-etching', 'second', 'third', 'fourth']],
    ['cop plate', []],
    ['plate cop', ['second']],
    ['COPPER%20PLATE', ['second']],
    ['line-art', ['third']],
    ['art-line', []],
    ['edition', ['accents']],
    ['naive', ['accents']],
    ['%E6%B5%AE%E4%B8%96', ['japanese']], // 浮世, within a word
    ['%E6%B3%A2', ['japanese']], // 波, at the end of one
    ['tincture', ['accents', 'copper-etching', 'fourth', 'japanese', 'second', 'third']], // the publisher
    ['%25', []],
    ['%22', []],
    ['copper%22%20OR%20%22plain', []],
    ['name%3Acopper', []],
    ['copper*', ['copper-etching', 'second', 'third', 'fourth']],
    ['NOT%20copper', []],
    ['NEAR(copper%20plate)', []],
    ['%F0%9F%8E%A8', []],
  ])('q=%s', async (q, expected) => {
    expect((await names(`q=${q}${q === 'tincture' ? '&sort=name' : ''}`)).sort()).toEqual(
      [...expected].sort(),
    );
  });

  test('filters hold together with words', async () => {
    expect(await names('q=copper&licence=cc0-1.0')).toEqual(['second']);
    expect(await names('licence=CC0-1.0')).toEqual(['second']);
    expect(await names('q=copper&width=768')).toEqual([]);
    expect(await names('publisher=tincture&q=etching')).toEqual(['copper-etching']);
    expect(await names('publisher=nobody')).toEqual([]);
  });

  test('one kind or both, through versions that change it and yanks', async () => {
    const brush = { kind: 'embedding', vectors: 2, layers: null, parameters: [], title: 'Copper brush' };
    await publish('brush', brush);
    expect(await names('kind=embedding')).toEqual(['brush']);
    expect(await names('q=copper&kind=embedding')).toEqual(['brush']);
    expect(await names('q=embedding')).toEqual(['brush']);
    expect(await names('q=copper%20plate&kind=style')).toEqual(['second']);
    expect(await names('kind=style&sort=newest')).not.toContain('brush');
    expect(await names('q=copper')).toContain('brush');
    expect((await get('/v1/styles?kind=lora')).status).toBe(400);
    // The highest version is what is listed, whatever it holds; hidden, the one below it is.
    await publish('turned', { title: 'Turned' });
    await publish('turned', { ...brush, title: 'Turned', version: '1.1.0' });
    expect(await names('q=turned&kind=embedding')).toEqual(['turned']);
    const yank = (at: string | null) =>
      edge.stores.database
        .prepare("UPDATE releases SET yanked_at = ? WHERE name = 'turned' AND version = '1.1.0'")
        .bind(at)
        .run();
    await yank('2026-01-01T00:00:00Z');
    expect([await names('q=turned&kind=embedding'), await names('q=turned&kind=style')]).toEqual([
      [],
      ['turned'],
    ]);
    await yank(null);
    for (const name of ['brush', 'turned']) {
      await edge.stores.database
        .prepare("UPDATE releases SET yanked_at = '2026-01-01T00:00:00Z' WHERE name = ?")
        .bind(name)
        .run();
    }
    expect(await names('kind=embedding')).toEqual([]);
  });

  test('every order pages through everything once, with and without words', async () => {
    for (const query of ['q=copper&', '']) {
      const whole = await names(`${query}sort=name`);
      for (const sort of query === ''
        ? ['downloads', 'newest', 'name']
        : ['relevance', 'downloads', 'newest', 'name']) {
        const joined: string[] = [];
        let cursor = '';
        do {
          const page = await json(`/v1/styles?${query}sort=${sort}&limit=2${cursor}`);
          joined.push(...page.styles.map(({ name }: Found) => name));
          cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`;
        } while (cursor !== '');
        expect([...joined].sort(), sort).toEqual(whole);
        if (sort === 'newest' && query === '') expect(joined[0]).toBe('accents');
      }
    }
  });

  test('a cursor is good for its own search only, and relevance needs words', async () => {
    const { nextCursor } = await json('/v1/styles?q=copper&limit=1');
    for (const query of [`q=plate&limit=1&cursor=${nextCursor}`, `sort=name&limit=1&cursor=${nextCursor}`]) {
      expect(await json(`/v1/styles?${query}`)).toMatchObject({ code: 'registry/invalid', field: 'cursor' });
    }
    expect((await get(`/v1/styles?q=copper&limit=3&cursor=${nextCursor}`)).status).toBe(200);
    const forged = btoa(JSON.stringify([JSON.parse(atob(nextCursor))[0], 'text', 'text']));
    expect(await json(`/v1/styles?q=copper&limit=1&cursor=${forged}`)).toMatchObject({ field: 'cursor' });
    expect(await json('/v1/styles?sort=relevance')).toMatchObject({
      code: 'registry/invalid',
      field: 'sort',
    });
  });

  test('what is found is the preferred visible version, through yanks and takedowns and back', async () => {
    await publish('changing', { title: 'Before' });
    await publish('changing', { title: 'Afterwards', version: '2.0.0' });
    await publish('changing', { title: 'Draft', version: '3.0.0-beta.1' });
    const set = (column: 'yanked_at' | 'taken_down_at', version: string, value: string | null) =>
      edge.stores.database
        .prepare(`UPDATE releases SET ${column} = ? WHERE name = 'changing' AND version = ?`)
        .bind(value, version)
        .run();
    expect([await names('q=before'), await names('q=afterwards'), await names('q=draft')]).toEqual([
      [],
      ['changing'],
      [],
    ]);
    await set('yanked_at', '2.0.0', '2026-01-01');
    expect([await names('q=before'), await names('q=afterwards')]).toEqual([['changing'], []]);
    await set('taken_down_at', '1.0.0', '2026-01-01');
    expect(await names('q=draft')).toEqual(['changing']);
    await set('yanked_at', '3.0.0-beta.1', '2026-01-01');
    expect([await names('q=draft'), await names('q=changing')]).toEqual([[], []]);
    await set('yanked_at', '2.0.0', null);
    expect(await names('q=afterwards')).toEqual(['changing']);
    await edge.stores.database
      .prepare("INSERT INTO listing_words (listing_words) VALUES ('integrity-check')")
      .run();
  });

  test('no query is an error of the index, whatever it holds', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '"',
        "'",
        '*',
        '^',
        ':',
        '(',
        ')',
        '-',
        '+',
        '{',
        '}',
        'AND',
        'OR',
        'NOT',
        'NEAR',
        ';',
        '--',
        '\0',
      ),
      fc.constantFrom('copper', 'name:', '浮', 'é', '\u202e', '\ud800', '🎨', 'ｃｏｐｐｅｒ'),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    const query = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(' ').slice(0, 100));
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom('relevance', 'newest', 'name'), async (q, sort) => {
        const parameters = new URLSearchParams({ q: q.toWellFormed(), sort });
        const { status } = await get(`/v1/styles?${parameters}`);
        expect([200, 400]).toContain(status);
      }),
      { numRuns: RUNS },
    );
    expect(await names('q=copper')).toHaveLength(4);
  });

  test('no cursor, name, range or hash is an error of the edge', async () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        '..',
        '%2e%2e',
        '../..',
        '\\',
        '%00',
        'ѕtyle',
        'paypaI',
        'a‮b',
        '＊',
        '^1 || ',
        '>=1 <2',
        "'",
        '"',
      ),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.base64String({ maxLength: 80 }),
    );
    const path = fc.constantFrom(
      (it: string) => `/v1/styles/${it}`,
      (it: string) => `/v1/styles/second/${it}`,
      (it: string) => `/v1/lookup/${it}`,
      (it: string) => `/v1/resolve?style=${it}`,
      (it: string) => `/v1/resolve?style=second@${it}`,
      (it: string) => `/v1/styles?cursor=${it}`,
      (it: string) => `/v1/styles?licence=${it}&publisher=second`,
    );
    await fc.assert(
      fc.asyncProperty(path, hostile, async (pathOf, text) => {
        const { status } = await get(pathOf(encodeURIComponent(text.toWellFormed())));
        expect(status).toBeLessThan(500);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('look-up', () => {
  test('by SHA-256 and by the short hash of pictures: the files, then what weights were converted from', async () => {
    const origin = 'a5'.repeat(32);
    const weights = await publish('looked-up', { origins: [origin] });
    const finding = {
      kind: 'style',
      name: 'looked-up',
      version: '1.0.0',
      publisher: 'tincture',
      yanked: false,
    };
    const byFile = { findings: [{ ...finding, path: 'weights', sha256: weights.sha256 }] };
    expect(await json(`/v1/lookup/${weights.sha256}`)).toEqual(byFile);
    expect(await json(`/v1/lookup/${weights.sha256.slice(0, 10)}`)).toEqual(byFile);
    expect(await json(`/v1/lookup/${origin.slice(0, 10)}`)).toEqual({
      findings: [{ ...finding, path: 'origin', sha256: origin }],
    });
    expect(await json(`/v1/lookup/${'0'.repeat(10)}`)).toEqual({ findings: [] });
    for (const hash of ['abc', weights.sha256.slice(0, 11), weights.sha256.toUpperCase()]) {
      expect((await get(`/v1/lookup/${hash}`)).status).toBe(400);
    }
    await edge.stores.database
      .prepare("UPDATE releases SET taken_down_at = '2026-01-01' WHERE name = 'looked-up'")
      .run();
    expect(await json(`/v1/lookup/${weights.sha256}`)).toEqual({ findings: [] });
  });
});

describe('resolve', () => {
  test('several styles as a lock keeps them, in the order in which they were asked for', async () => {
    const first = await publish('locked', { version: '1.2.0' });
    await publish('locked', { version: '2.0.0' });
    const { styles } = await json('/v1/resolve?style=second&style=locked@%5E1&style=locked@latest');
    expect(styles.map((it: Found & { wanted: string }) => [it.name, it.wanted, it.version])).toEqual([
      ['second', 'latest', '1.0.0'],
      ['locked', '^1', '1.2.0'],
      ['locked', 'latest', '2.0.0'],
    ]);
    expect(styles[1]).toEqual({
      name: 'locked',
      wanted: '^1',
      version: '1.2.0',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      publisher: 'tincture',
      signature: null,
      keyId: null,
      publishedAt: expect.any(String),
      yanked: false,
      url: '/v1/styles/locked/1.2.0',
      files: { weights: { ...first, url: `/v1/blobs/${first.sha256}` } },
    });
    const named = await json(styles[1].url);
    expect(named.digest).toBe(styles[1].digest);
  });

  test.each([
    ['style=second&style=none', 404, 'registry/not-found'],
    ['style=second@3', 404, 'registry/not-found'],
    ['style=second@newest', 400, 'registry/invalid'],
    ['style=Second', 400, 'edge/invalid-request'],
    ['', 400, 'edge/invalid-request'],
    [Array(17).fill('style=second').join('&'), 400, 'edge/invalid-request'],
  ])('%s is %i', async (query, status, code) => {
    const answer = await get(`/v1/resolve?${query}`);
    expect([answer.status, (await answer.json()).code]).toEqual([status, code]);
  });
});

describe('downloads', () => {
  /** On a busy machine the reads of a test may straddle a write that waited. */
  const WAIT = { timeout: 2 * FLUSH_SECONDS * 1000 };
  const counts = async (path: string): Promise<Found['downloads']> => (await json(path)).downloads;
  const read = async (sha256: string, init: RequestInit = {}, times = FLUSH_READS) => {
    for (let i = 0; i < times; i++) await (await fetch(`${edge.url}/v1/blobs/${sha256}`, init)).arrayBuffer();
  };

  test('whole reads count, together, for the version; parts, heads, repeats and previews do not', async () => {
    const weights = await publish('counted');
    await publish('counted', { version: '2.0.0' }, 'other weights');
    await read(weights.sha256, { headers: { range: 'bytes=0-1' } }, 3);
    await read(weights.sha256, { method: 'HEAD' }, 3);
    await read(weights.sha256, { headers: { 'if-none-match': `"${weights.sha256}"` } }, 3);
    await read((await putText(edge, 'a picture', 'image/png')).sha256, {}, 3);
    await read(weights.sha256);
    await expect
      .poll(() => counts('/v1/styles/counted/1.0.0'), WAIT)
      .toEqual({
        version: FLUSH_READS,
        total: FLUSH_READS,
      });
    expect(await counts('/v1/styles/counted/2.0.0')).toEqual({ version: 0, total: FLUSH_READS });
    expect((await names('sort=downloads'))[0]).toBe('counted');
  });

  test('a file in many versions counts once: for who published it first, and there for the preferred version', async () => {
    await publish('original', {}, 'shared weights');
    const { sha256 } = await publish('original', { version: '1.1.0' }, 'shared weights');
    await publish('a-copy', {}, 'shared weights');
    await read(sha256);
    await expect
      .poll(() => counts('/v1/styles/original/1.1.0'), WAIT)
      .toEqual({ version: FLUSH_READS, total: FLUSH_READS });
    expect(await counts('/v1/styles/a-copy/1.0.0')).toEqual({ version: 0, total: 0 });
  });

  test('a model counts by its checkpoint; what is not many is written after a while; a failed write is made up for', async () => {
    const paths = ['checkpoint.safetensors', 'vocab.json', 'merges.txt'];
    const files = [];
    for (const path of paths) files.push({ path, ...(await putText(edge, `counted ${path}`)) });
    const manifest = { ...MODEL_MANIFEST, name: 'counted-model' };
    await publishModel(edge.stores, { version: '1.0.0', manifest, files });
    const counter = new DownloadCounter();
    const { database } = edge.stores;
    const work: Promise<void>[] = [];
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    for (const { sha256 } of files) counter.count(sha256, database, (it) => work.push(it));
    vi.advanceTimersByTime(FLUSH_SECONDS * 1000);
    vi.useRealTimers();
    expect(work).toHaveLength(1);
    await Promise.all(work);
    expect(await counts('/v1/models/counted-model')).toEqual({ version: 1, total: 1 });

    await database.prepare('ALTER TABLE downloads RENAME TO away').run();
    const failures: string[] = [];
    for (let i = 0; i < FLUSH_READS; i++) {
      counter.count(files[0]!.sha256, database, (it) => {
        it.catch((error: Error) => failures.push(error.message));
      });
    }
    await expect.poll(() => failures).toEqual([expect.stringContaining('downloads')]);
    expect(counter.waiting).toBe(1);
    await database.prepare('ALTER TABLE away RENAME TO downloads').run();
    await counter.flush(database);
    expect(await counts('/v1/models/counted-model')).toEqual({
      version: 1 + FLUSH_READS,
      total: 1 + FLUSH_READS,
    });
  });
});
