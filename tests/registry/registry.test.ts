// The registry's client against the real edge, and against servers that break, lie or answer nonsense.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BlobCache } from '../../client/cache/blob-cache.ts';
import { memoryCache } from '../../client/cache/memory.ts';
import { createRegistry, type Registry } from '../../client/registry/registry.ts';
import { MAX_ANSWER_BYTES } from '../../client/registry/request.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { bundledFolder, type Folder, serveForTest } from '../worker/fixture.ts';

/** SHA-256 of "abc", from FIPS 180-2. */
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const abc = { sha256: ABC, size: 3, url: `/v1/blobs/${ABC}` };

describe('with the edge', () => {
  let edge: LocalEdge;
  let bundled: Folder;
  let cache: BlobCache;
  let registry: Registry;
  let requests: string[];
  beforeAll(async () => {
    bundled = await bundledFolder();
    edge = await serveForTest({ bundledDir: bundled.path });
    cache = memoryCache();
    requests = [];
    registry = createRegistry(edge.url, {
      cache,
      fetch: (input, init) => {
        requests.push(String(input));
        return fetch(input, init);
      },
    });
  });
  afterAll(async () => {
    await edge.close();
    await bundled.remove();
  });

  test('searches styles, page by page', async () => {
    const query = { text: 'example', contextWidth: 96, architecture: 'stable-diffusion-v1', limit: 1 };
    const { styles, nextCursor } = await registry.searchStyles(query);
    expect(styles.map(({ name, manifest }) => [name, manifest.title])).toEqual([['blueprint', 'Blueprint']]);
    const next = await registry.searchStyles({ ...query, cursor: nextCursor! });
    expect(next.styles.map(({ name }) => name)).toEqual(['neon']);
    expect((await registry.searchStyles({ contextWidth: 768 })).styles).toEqual([]);
  });

  test('lists and resolves models', async () => {
    expect((await registry.listModels()).models.map(({ name }) => name)).toEqual(['tiny']);
    const model = await registry.resolveModel('tiny');
    expect(model.manifest).toMatchObject({ name: 'tiny', checkpoint: 'checkpoint.safetensors' });
    expect(Object.keys(model.files).sort()).toEqual(['checkpoint.safetensors', 'merges.txt', 'vocab.json']);
  });

  test('resolves ranges', async () => {
    for (const range of ['latest', '1.0.0', '^1.0.0', '>=1 <2 || 7']) {
      expect((await registry.resolveStyle('neon', range)).version).toBe('1.0.0');
    }
  });

  test('brings a blob once, with progress, then has it from the cache', async () => {
    const { weights } = await registry.resolveStyle('neon');
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => progress.push([done, total]);
    const blob = await registry.fetchBlob(weights!, { onProgress });
    expect(await blob.text()).toBe('neon bytes');
    expect(progress.at(-1)).toEqual([10, 10]);
    const before = requests.length;
    expect(await (await registry.fetchBlob(weights!, { onProgress })).text()).toBe('neon bytes');
    expect(requests.length).toBe(before);
    expect(progress.at(-1)).toEqual([10, 10]);
    expect(await cache.list()).toEqual([{ sha256: weights!.sha256, size: 10 }]);
  });

  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    [
      'a style that is not there',
      () => registry.resolveStyle('none'),
      'registry/not-found',
      /no style of this name/,
    ],
    ['a version that is not there', () => registry.resolveModel('tiny', '2'), 'registry/not-found', /tiny 2/],
    ['a wrong range', () => registry.resolveStyle('neon', 'newest'), 'registry/refused', /neither a version/],
    ['a wrong name', () => registry.resolveStyle('../models'), 'registry/refused', /path\.name/],
    ['a blob that is not there', () => registry.fetchBlob(abc), 'registry/not-found', /no blob/],
  ])('%s is told in the problem’s words', async (_case, act, code, words) => {
    await expect(act()).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
  });
});

describe('with a server that', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function listen(answer: RequestListener, cache = memoryCache()): Promise<Registry> {
    server = createServer(answer);
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return createRegistry(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { cache });
  }

  test('sends other bytes: nothing is kept', async () => {
    const cache = memoryCache();
    const registry = await listen((_request, response) => response.end('abd'), cache);
    await expect(registry.fetchBlob(abc)).rejects.toMatchObject({ code: 'registry/digest' });
    expect(await cache.list()).toEqual([]);
  });

  test('sends more than it said: the download stops', async () => {
    const registry = await listen((_request, response) => {
      const chunk = Buffer.alloc(65_536);
      const write = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', write);
      write();
    });
    await expect(registry.fetchBlob(abc)).rejects.toMatchObject({ code: 'registry/digest' });
  });

  test('breaks the connection twice: the download goes on where it broke', async () => {
    const ranges: (string | undefined)[] = [];
    const registry = await listen((request, response) => {
      ranges.push(request.headers.range);
      const done = ranges.length - 1;
      const headers = { 'content-length': String(3 - done) };
      if (done > 0) expect(request.headers['if-range']).toBe(`"${ABC}"`);
      response.writeHead(done > 0 ? 206 : 200, headers);
      // One byte of the rest, then the line is cut; the third time all of it.
      response.write('abc'.slice(done, done === 2 ? 3 : done + 1), () => {
        if (done < 2) setTimeout(() => response.destroy(), 20);
        else response.end();
      });
    });
    const progress: number[] = [];
    const blob = await registry.fetchBlob(abc, { onProgress: (done) => progress.push(done) });
    expect(await blob.text()).toBe('abc');
    expect(ranges).toEqual([undefined, 'bytes=1-', 'bytes=2-']);
    expect(progress).toEqual([1, 2, 3]);
  });

  test('breaks the connection for good: three tries, then an error, and nothing kept', async () => {
    const cache = memoryCache();
    let requests = 0;
    const registry = await listen((_request, response) => {
      requests++;
      response.destroy();
    }, cache);
    await expect(registry.fetchBlob(abc)).rejects.toMatchObject({ code: 'registry/network' });
    expect(requests).toBe(3);
    expect(await cache.list()).toEqual([]);
  });

  test('breaks and cannot resume: an error, not a blob of two beginnings', async () => {
    const registry = await listen((_request, response) => {
      response.writeHead(200, { 'content-length': '3' });
      response.write('a', () => setTimeout(() => response.destroy(), 20));
    });
    await expect(registry.fetchBlob(abc)).rejects.toMatchObject({
      code: 'registry/network',
      message: expect.stringContaining('cannot resume'),
    });
  });

  test('never ends: aborting rejects with the signal’s reason, ends the request and keeps nothing', async () => {
    const cache = memoryCache();
    let closed: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const registry = await listen((_request, response) => {
      response.on('close', closed);
      response.writeHead(200);
      response.write('a');
    }, cache);
    const abort = new AbortController();
    const reason = new Error('the user left');
    const fetching = registry.fetchBlob(abc, {
      signal: abort.signal,
      onProgress: () => abort.abort(reason),
    });
    await expect(fetching).rejects.toBe(reason);
    await ended;
    expect(await cache.list()).toEqual([]);
    await expect(registry.listModels({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(registry.fetchBlob(abc, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('a full cache is told as such', async () => {
    const registry = await listen(
      (_request, response) => response.end('abc'),
      memoryCache({ maximumBytes: 2 }),
    );
    await expect(registry.fetchBlob(abc)).rejects.toMatchObject({ code: 'cache/quota' });
  });

  test.each([
    ['no JSON', 'hello', 'registry/answer', 'not JSON'],
    ['another shape', '{"styles":[{}],"nextCursor":null}', 'registry/answer', 'styles.0.name'],
    ['a cursor that is no text', '{"styles":[],"nextCursor":7}', 'registry/answer', 'nextCursor'],
  ])('answers %s', async (_case, text, code, words) => {
    const registry = await listen((_request, response) => response.end(text));
    await expect(registry.searchStyles()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });

  test('answers without end: the reading stops at the limit', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(2 ** 20, 32);
    const registry = await listen((_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      response.on('drain', write);
      write();
    });
    await expect(registry.searchStyles()).rejects.toMatchObject({
      message: expect.stringContaining('too large'),
    });
    expect(sent).toBeLessThan(4 * MAX_ANSWER_BYTES);
  });

  test('refuses in another language than ours', async () => {
    const registry = await listen((_request, response) =>
      response.writeHead(502).end('<html>bad gateway</html>'),
    );
    await expect(registry.resolveStyle('neon')).rejects.toMatchObject({
      code: 'registry/refused',
      facts: { found: 'status 502' },
    });
  });
});

test('a registry that cannot be reached is told with its address', async () => {
  const registry = createRegistry('http://127.0.0.1:9', { cache: memoryCache() });
  await expect(registry.listModels()).rejects.toMatchObject({
    code: 'registry/network',
    facts: { where: 'http://127.0.0.1:9/v1/models' },
  });
});

test.each([
  'nonsense',
  'ftp://example.com',
  'file:///etc',
  'https://example.com/below',
  'https://name@example.com',
])('%s is no address of a registry', (url) => {
  expect(() => createRegistry(url, { cache: memoryCache() })).toThrow('not the address of a registry');
});
