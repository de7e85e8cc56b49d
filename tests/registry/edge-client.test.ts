// The typed client against the edge in workerd. What it types is checked where these tests are compiled: a wrong name is an error.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { edgeClient } from '../../client/edge.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { bundledFolder, type Folder, serveForTest } from '../worker/fixture.ts';

let edge: LocalEdge;
let bundled: Folder;
beforeAll(async () => {
  bundled = await bundledFolder();
  edge = await serveForTest({ bundledDir: bundled.path });
});
afterAll(async () => {
  await edge.close();
  await bundled.remove();
});

test('searches, locks and looks up, with the routes’ own types', async () => {
  const { v1, healthz } = edgeClient(edge.url);
  const found = await v1.styles.$get({ query: { q: 'neon', sort: 'relevance', limit: 5 } });
  if (!found.ok) throw new Error(await found.text());
  const { styles, nextCursor } = await found.json();
  const title: string | undefined = styles[0]?.manifest.title;
  expect([title, nextCursor]).toEqual(['Neon', null]);

  const locked = await v1.resolve.$get({ query: { style: ['neon@^1.0.0', 'blueprint'] } });
  if (!locked.ok) throw new Error(await locked.text());
  const lock = await locked.json();
  const digest: string = lock.styles[0]!.files['weights']!.sha256;
  expect(lock.styles.map(({ name, version }) => `${name} ${version}`)).toEqual([
    'neon 1.0.0',
    'blueprint 1.0.0',
  ]);

  const looked = await v1.lookup[':hash'].$get({ param: { hash: digest.slice(0, 10) } });
  if (!looked.ok) throw new Error(await looked.text());
  expect((await looked.json()).findings).toMatchObject([{ name: 'neon', path: 'weights', sha256: digest }]);

  const style = await v1.styles[':name'].$get({ param: { name: 'none' } });
  expect(style.status).toBe(404);
  // @ts-expect-error: there is no such order
  expect((await v1.styles.$get({ query: { sort: 'colour' } })).status).toBe(400);
  // @ts-expect-error: nor such a route
  expect(v1.nothing).toBeDefined();
  expect(await (await healthz.$get()).json()).toEqual({ status: 'ok' });
});
