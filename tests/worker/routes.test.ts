// Every route of the interface over HTTP, in workerd: what it answers, and how it refuses.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalEdge } from '../../worker/serve.ts';
import { bundledFolder, type Folder, putText, serveForTest } from './fixture.ts';

let edge: LocalEdge;
let bundled: Folder;
/** SHA-256 of a blob of the ten bytes `0123456789`. */
let digits: string;

beforeAll(async () => {
  bundled = await bundledFolder();
  edge = await serveForTest({ bundledDir: bundled.path });
  digits = (await putText(edge, '0123456789')).sha256;
});
afterAll(async () => {
  await edge.close();
  await bundled.remove();
});

const get = (path: string, init?: RequestInit) => fetch(edge.url + path, init);
const json = async (path: string) => (await get(path)).json();

describe('index', () => {
  test('GET /v1/styles lists whole styles', async () => {
    const page = await json('/v1/styles');
    expect(page.styles.map(({ name }: { name: string }) => name)).toEqual(['blueprint', 'neon']);
    expect(page.nextCursor).toBeNull();
    expect(page.styles[0]).toEqual({
      name: 'blueprint',
      version: '1.0.0',
      publishedAt: expect.any(String),
      publisher: 'tincture',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      signature: null,
      keyId: null,
      trial: 'not-run',
      yanked: false,
      yankReason: null,
      downloads: { version: 0, total: 0 },
      manifest: expect.objectContaining({ title: 'Blueprint', licence: 'CC-BY-4.0' }),
      weights: {
        sha256: page.styles[0].manifest.blobs.weights.sha256,
        size: 15,
        url: `/v1/blobs/${page.styles[0].manifest.blobs.weights.sha256}`,
      },
      moreWeights: [],
      plugin: null,
      previews: [expect.objectContaining({ size: 13 })],
    });
  });

  test.each([
    ['?q=neon', ['neon']],
    ['?q=NEON+ada', ['neon']],
    ['?q=nothing', []],
    ['?architecture=stable-diffusion-v1&width=96', ['blueprint', 'neon']],
    ['?width=768', []],
    ['?limit=1', ['blueprint']],
  ])('GET /v1/styles%s gives %o', async (query, names) => {
    const page = await json(`/v1/styles${query}`);
    expect(page.styles.map(({ name }: { name: string }) => name)).toEqual(names);
  });

  test('nextCursor leads to the next page', async () => {
    const { nextCursor } = await json('/v1/styles?limit=1');
    const page = await json(`/v1/styles?limit=1&cursor=${nextCursor}`);
    expect(page.styles[0].name).toBe('neon');
    expect(page.nextCursor).toBeNull();
  });

  test('GET /v1/styles/{name} is the latest version with the list of versions', async () => {
    const style = await json('/v1/styles/neon');
    expect(style).toMatchObject({ name: 'neon', version: '1.0.0', versions: [{ version: '1.0.0' }] });
  });

  test.each(['1.0.0', 'latest', '%5E1.0.0', '1', '*', '>=1%20%3C2'])(
    'GET /v1/styles/neon/%s',
    async (version) => {
      expect(await json(`/v1/styles/neon/${version}`)).toMatchObject({ name: 'neon', version: '1.0.0' });
    },
  );

  test('models: list, one, one version', async () => {
    const model = {
      name: 'tiny',
      version: '1.0.0',
      manifest: { name: 'tiny', attentionHeads: 4 },
      files: {
        'checkpoint.safetensors': { size: 16 },
        'vocab.json': { size: 7 },
        'merges.txt': { size: 14 },
      },
    };
    expect(await json('/v1/models')).toMatchObject({ models: [model], nextCursor: null });
    expect(await json('/v1/models/tiny')).toMatchObject({ ...model, versions: [{ version: '1.0.0' }] });
    expect(await json('/v1/models/tiny/^1')).toMatchObject(model);
    expect(await json('/v1/models?architecture=stable-diffusion-xl')).toMatchObject({ models: [] });
  });

  test('every reference leads to its bytes', async () => {
    const { weights, previews } = await json('/v1/styles/blueprint');
    expect(await (await get(weights.url)).text()).toBe('blueprint bytes');
    const preview = await get(previews[0].url);
    expect(await preview.text()).toBe('picture bytes');
    expect(preview.headers.get('content-type')).toBe('image/png');
  });

  test('an answer is revalidated by its etag', async () => {
    const first = await get('/v1/styles');
    expect(first.headers.get('cache-control')).toBe('public, max-age=0, must-revalidate');
    const etag = first.headers.get('etag')!;
    expect(etag).toMatch(/^W\/"[0-9a-f]{64}"$/);
    const second = await get('/v1/styles', { headers: { 'if-none-match': etag } });
    expect(second.status).toBe(304);
    expect(second.headers.get('etag')).toBe(etag);
    expect((await get('/v1/models', { headers: { 'if-none-match': etag } })).status).toBe(200);
  });
});

describe('blobs', () => {
  const blob = (headers: Record<string, string>, method = 'GET') =>
    get(`/v1/blobs/${digits}`, { headers, method });

  test('the whole', async () => {
    const response = await blob({});
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-length': '10',
      'content-type': 'application/octet-stream',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
      etag: `"${digits}"`,
    });
    expect(response.headers.has('content-encoding')).toBe(false);
    expect(await response.text()).toBe('0123456789');
  });

  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('range %s is %s', async (range, text, contentRange) => {
    const response = await blob({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-length')).toBe(String(text.length));
    expect(response.headers.get('etag')).toBe(`"${digits}"`);
    expect(await response.text()).toBe(text);
  });

  test.each(['bytes=10-', 'bytes=-0'])('range %s is 416 and tells the size', async (range) => {
    const response = await blob({ range });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */10');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({ status: 416, code: 'edge/range', field: 'header.range' });
  });

  test.each(['bytes=5-4', 'bytes=0-1,3-4', 'lines=1-2'])('range %s is ignored', async (range) => {
    const response = await blob({ range });
    expect([response.status, await response.text()]).toEqual([200, '0123456789']);
  });

  test('If-Range: a part only of the same bytes', async () => {
    expect((await blob({ range: 'bytes=0-0', 'if-range': `"${digits}"` })).status).toBe(206);
    for (const other of ['"other"', `W/"${digits}"`, 'Mon, 23 Nov 2026 00:00:00 GMT']) {
      expect((await blob({ range: 'bytes=0-0', 'if-range': other })).status).toBe(200);
    }
  });

  test('If-None-Match: 304 without a body, before any range', async () => {
    for (const value of [`"${digits}"`, `"x", W/"${digits}"`, '*']) {
      const response = await blob({ 'if-none-match': value, range: 'bytes=0-1' });
      expect(response.status).toBe(304);
      expect(response.headers.get('etag')).toBe(`"${digits}"`);
      expect(response.headers.get('cache-control')).toContain('immutable');
      expect(await response.text()).toBe('');
    }
    expect((await blob({ 'if-none-match': '"x"' })).status).toBe(200);
  });

  test('HEAD tells all but the bytes, and ignores ranges', async () => {
    const response = await blob({ range: 'bytes=0-1' }, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('10');
    expect(response.headers.get('etag')).toBe(`"${digits}"`);
    expect(await response.text()).toBe('');
  });

  test.each(['GET', 'HEAD'])('%s of a digest that is not there is 404', async (method) => {
    for (const headers of [{}, { range: 'bytes=0-1' }, { 'if-none-match': '*' }]) {
      expect((await get(`/v1/blobs/${'0'.repeat(64)}`, { method, headers })).status).toBe(404);
    }
  });
});

describe('refusals are problem documents', () => {
  const digest = 'a'.repeat(64);
  test.each<[string, string, number, string, string?]>([
    ['GET', '/v1/styles?limit=0', 400, 'edge/invalid-request', 'query.limit'],
    ['GET', '/v1/styles?limit=101', 400, 'edge/invalid-request', 'query.limit'],
    ['GET', '/v1/styles?limit=1.5', 400, 'edge/invalid-request', 'query.limit'],
    ['GET', '/v1/styles?width=x', 400, 'edge/invalid-request', 'query.width'],
    ['GET', `/v1/styles?q=${'x'.repeat(101)}`, 400, 'edge/invalid-request', 'query.q'],
    ['GET', '/v1/styles?q=a&q=b', 400, 'edge/invalid-request', 'query.q'],
    ['GET', '/v1/styles?arch=x', 400, 'edge/invalid-request', 'query.arch'],
    ['GET', '/v1/styles?cursor=forged', 400, 'registry/invalid', 'cursor'],
    ['GET', '/v1/styles?q=a+b+c+d+e+f+g+h+i', 400, 'registry/invalid', 'q'],
    ['GET', '/v1/models?width=96', 400, 'edge/invalid-request', 'query.width'],
    ['GET', '/v1/styles/Neon', 400, 'edge/invalid-request', 'path.name'],
    ['GET', '/v1/styles/..%2Fneon', 400, 'edge/invalid-request', 'path.name'],
    ['GET', '/v1/styles/%FF', 400, 'edge/invalid-request', 'path.name'],
    ['GET', '/v1/styles/neon/newest', 400, 'registry/invalid', 'version'],
    ['GET', `/v1/styles/neon/${'1'.repeat(129)}`, 400, 'edge/invalid-request', 'path.version'],
    ['GET', '/v1/styles/none', 404, 'registry/not-found'],
    ['GET', '/v1/styles/neon/2', 404, 'registry/not-found'],
    ['GET', '/v1/models/neon', 404, 'registry/not-found'],
    ['GET', '/v1/blobs/abc', 400, 'edge/invalid-request', 'path.sha256'],
    ['GET', `/v1/blobs/${digest.toUpperCase()}`, 400, 'edge/invalid-request', 'path.sha256'],
    ['GET', `/v1/blobs/${digest}`, 404, 'registry/not-found'],
    ['GET', '/v1/blobs', 404, 'edge/not-found'],
    ['GET', '/v1/blobs/', 404, 'edge/not-found'],
    ['GET', '/v1', 404, 'edge/not-found'],
    ['GET', '/v1/nothing', 404, 'edge/not-found'],
    ['POST', '/v1/nothing', 404, 'edge/not-found'],
    ['GET', '/nothing.html', 404, 'edge/not-found'],
    ['GET', '/../../etc/passwd', 404, 'edge/not-found'],
    ['GET', `/${'x'.repeat(2048)}`, 414, 'edge/url-too-long'],
    ['DELETE', '/v1/styles/neon', 405, 'edge/method-not-allowed'],
    ['PUT', '/v1/styles/neon/1.0.0', 405, 'edge/method-not-allowed'],
    ['PATCH', '/healthz', 405, 'edge/method-not-allowed'],
    ['POST', '/openapi.json', 405, 'edge/method-not-allowed'],
    ['POST', '/', 405, 'edge/method-not-allowed'],
  ])('%s %s is %i %s', async (method, path, status, code, field) => {
    const response = await get(path, { method, ...(method === 'GET' ? {} : { body: null }) });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD, OPTIONS' : null);
    const problem = await response.json();
    expect(problem).toMatchObject({ type: 'about:blank', status, code, title: expect.any(String) });
    expect(problem.field).toBe(field);
  });

  test('a failure of the stores is 500 without internals, and /healthz says 503', async () => {
    await edge.stores.database.prepare('ALTER TABLE releases RENAME TO hidden').run();
    const failed = await get('/v1/styles');
    const health = await get('/healthz');
    await edge.stores.database.prepare('ALTER TABLE hidden RENAME TO releases').run();
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toMatch(/releases|SQL|D1/);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ code: 'edge/unhealthy' });
    expect(await json('/healthz')).toEqual({ status: 'ok' });
  });
});

describe('other sites', () => {
  test.each(['/v1/styles', '/v1/models/tiny', '/openapi.json', '/healthz'])('may read %s', async (path) => {
    const response = await get(path, { headers: { origin: 'https://elsewhere.example' } });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    });
  });

  test('may ask for ranges and read what came', async () => {
    const preflight = await get(`/v1/blobs/${digits}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'range,if-range',
      },
    });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,HEAD,POST,PUT,DELETE,OPTIONS',
      'access-control-allow-headers': 'authorization,content-type,if-none-match,if-range,range',
      'access-control-max-age': '86400',
    });
    const response = await get(`/v1/blobs/${digits}`, { headers: { range: 'bytes=0-1' } });
    const exposed = response.headers.get('access-control-expose-headers')?.split(',');
    expect(exposed).toEqual([
      'accept-ranges',
      'allow',
      'content-length',
      'content-range',
      'etag',
      'ratelimit',
      'ratelimit-policy',
      'retry-after',
      'server-timing',
      'www-authenticate',
      'x-request-id',
    ]);
  });
});
