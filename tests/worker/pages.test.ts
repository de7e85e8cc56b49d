// The edge's pages over HTTP, in workerd: the studio's files with their headers, and the interface's description.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { app } from '../../worker/index.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { type Folder, serveForTest, temporaryFolder } from './fixture.ts';
import { ROWS } from './roles-table.ts';

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: unknown;
}

/** Routes that only a person opens, by the table of roles. */
const PERSONS = new Set(
  ROWS.filter(({ by, statuses }) => by === 'session' && statuses[0] === 401).map(({ route }) => route),
);

let edge: LocalEdge;
let studio: Folder;
beforeAll(async () => {
  studio = await temporaryFolder();
  await studio.write('index.html', '<!doctype html><title>studio</title>');
  await studio.write('assets/app-1a2b3c.js', 'export {};');
  edge = await serveForTest({ studioDir: studio.path });
});
afterAll(async () => {
  await edge.close();
  await studio.remove();
});

const get = (path: string, init?: RequestInit) => fetch(edge.url + path, init);
const json = async (path: string) => (await get(path)).json();

describe('the studio', () => {
  test('is at /, isolated and with its policy', async () => {
    const response = await get('/');
    expect(await response.text()).toContain('<title>studio</title>');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'content-security-policy': expect.stringContaining("object-src 'none'"),
      'x-content-type-options': 'nosniff',
    });
    expect(response.headers.get('content-security-policy')).not.toMatch(
      /script-src[^;]*'unsafe-(inline|eval)'/,
    );
  });

  test('its scripts are isolated too and kept for ever', async () => {
    const response = await get('/assets/app-1a2b3c.js');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringContaining('text/javascript'),
      'cache-control': 'public, max-age=31536000, immutable',
      'cross-origin-embedder-policy': 'require-corp',
    });
  });

  test('a page that has not changed is 304, with its headers', async () => {
    const etag = (await get('/')).headers.get('etag')!;
    const response = await get('/', { headers: { 'if-none-match': etag } });
    expect(response.status).toBe(304);
    expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  });

  test.each([
    ['GET', '/nothing.html', 404],
    ['POST', '/', 405],
    ['GET', '/v1/nothing', 404],
  ])('%s %s is a problem, %i', async (method, path, status) => {
    const response = await get(path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ type: 'about:blank', status });
  });

  test('HEAD / has no body', async () => {
    const response = await get('/', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('the description', () => {
  test('/openapi.json is OpenAPI 3.1 over all routes of the interface, each answering as it says', async () => {
    const document = await json('/openapi.json');
    expect(document.openapi).toBe('3.1.0');
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routed = app.routes
      .filter(({ method, path }) => method !== 'ALL' && (path.startsWith('/v1/') || path === '/healthz'))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(described.sort()).toEqual([...new Set(routed)].sort());
    expect(described.length).toBeGreaterThan(10);
    expect(Object.keys(document.paths['/v1/blobs/{sha256}'].get.responses)).toEqual([
      '200', '206', '304', '400', '404', '416', '429', '451',
    ]); // biome-ignore format: a row of numbers
    // What changes something needs credentials, but for the ways to get some.
    const open = /^(?:POST|DELETE) \/v1\/(?:passkeys\/registration|session|device|admin\/first|apply)\b/;
    for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const name = `${method.toUpperCase()} ${path}`;
        if (method !== 'get' && !open.test(name)) expect(operation.security, name).toBeDefined();
        if (operation.security !== undefined) {
          const signedIn = PERSONS.has(name.replaceAll(/\{(\w+)\}/g, ':$1'));
          const both = [{ token: [] }, { session: [] }];
          expect(operation.security, name).toEqual(signedIn ? [{ session: [] }] : both);
        }
        expect(operation.summary, name).toMatch(/^[A-Z]/);
        expect(operation.tags, name).not.toEqual([]);
      }
    }
    expect(Object.keys(document.components.securitySchemes)).toEqual(['token', 'session']);
    expect(document.components.schemas.StyleManifest.required).toContain('licence');
    const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g);
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name!);
  });

  test('/docs shows every operation and schema, and loads nothing', async () => {
    const response = await get('/docs');
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    const page = await response.text();
    for (const path of Object.keys((await json('/openapi.json')).paths)) expect(page).toContain(path);
    expect(page).toContain('id="schema-StyleManifest"');
    expect(page).not.toMatch(/<script|<link|<img|src=|@import|https?:\/\//i);
    const anchors = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!);
    expect(anchors.length).toBeGreaterThan(10);
    for (const id of anchors) expect(page).toContain(`id="${id}"`);
  });
});
