// POST /v1/apply in workerd: the same numbers as the reference's maths, through a loaded Worker; and its limits.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { openStyleFile } from '../../client/formats/style-file.ts';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { packProject } from '../../client/kit/build.ts';
import { openProject } from '../../client/kit/project.ts';
import { runStyle } from '../../client/kit/start-style.ts';
import { createNodeHost } from '../../client/node.ts';
import { relativeError, tensor } from '../../client/tensor/tensor.ts';
import { APPLY_STEPS, MAX_APPLY_BYTES, MAX_APPLY_ROWS } from '../../worker/apply/limits.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { type Folder, serveForTest, temporaryFolder } from './fixture.ts';
import { embeddingOf, styleOf, type TestPublisher, testPublisher } from './publishing/publisher.ts';

const ROOT = new URL('../../', import.meta.url);
const WEIGHTS = new URL('client/default-model/styles/silhouette.safetensors', ROOT);
let edge: LocalEdge;
let off: LocalEdge;
let studio: Folder;
let ada: TestPublisher;

beforeAll(async () => {
  studio = await temporaryFolder();
  await studio.write('index.html', '<!doctype html><title>studio</title>');
  await studio.write(
    'plugins/hypernetwork.wasm',
    await readFile(new URL('build/plugins/hypernetwork.wasm', ROOT)),
  );
  const bundledDir = new URL('client/default-model', ROOT).pathname;
  edge = await serveForTest({ bundledDir, studioDir: studio.path, variables: { APPLY_ROUTE: 'on' } });
  off = await serveForTest();
  ada = await testPublisher(edge, 'ada');
  const weights = await ada.put(embeddingOf(2, 96));
  const blobs = { weights, plugin: null, previews: [] };
  const embedding = { kind: 'embedding' as const, vectors: 2, layers: null, parameters: [] };
  await ada.submit(styleOf({ name: 'brush', ...embedding, blobs }));
});
afterAll(async () => {
  await edge.close();
  await off.close();
  await studio.remove();
});

/** Repeatable values in [-1, 1). */
function contextOf(rows: number, width: number) {
  const data = Float32Array.from({ length: rows * width }, (_, at) => Math.sin(at * 12.9898) % 1);
  return tensor([rows, width], data);
}

const fileOf = (context: ReturnType<typeof contextOf>, name = 'context') =>
  writeSafetensors(new Map([[name, storeFloat32(context)]]));
const post = (query: string, body: Uint8Array<ArrayBuffer> | string, url = edge.url) =>
  fetch(`${url}/v1/apply?${query}`, { method: 'POST', body });

describe('POST /v1/apply', () => {
  test('bends a context as the plain reference does', async () => {
    const context = contextOf(7, 96);
    const answer = await post('style=silhouette&strength=0.5', fileOf(context));
    expect(answer.status, await answer.clone().text()).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const file = await openSafetensors(bytesSource('answer', new Uint8Array(await answer.arrayBuffer())));
    const weights = new Uint8Array(await readFile(WEIGHTS));
    const pair = (await readHypernetwork(bytesSource('silhouette', weights))).widths.get(96)!;
    for (const side of ['k', 'v'] as const) {
      const { shape, data } = await file.read(side);
      expect(shape).toEqual([7, 96]);
      const expected = applyReference(pair[side], context, 0.5).data;
      const error = Math.max(...data.map((value, at) => Math.abs(value - expected[at]!)));
      expect(error).toBeLessThan(1e-4);
      expect(Math.max(...data.map((value, at) => Math.abs(value - context.data[at]!)))).toBeGreaterThan(1e-3);
    }
  });

  test.each([
    ['generator', {}],
    ['fade', { from: 0.8 }],
  ])('bends it by the plugin of a published style as the engine in Node does: %s', async (folder, wanted) => {
    const project = await openProject(new URL(`plugins/${folder}`, ROOT).pathname);
    const wasm = await readFile(new URL(`build/plugins/${folder}.wasm`, ROOT));
    const { bytes, manifest } = await packProject(project, new Uint8Array(wasm));
    const published = await ada.send('POST', '/v1/styles', bytes, {
      'content-type': 'application/vnd.tincture.style',
      'tincture-signature': await ada.sign(manifest),
      'tincture-key': ada.keyId,
    });
    expect(published.status, await published.clone().text()).toBe(201);

    const context = contextOf(5, 96);
    const parameters = Object.entries(wanted).map(([name, value]) => `&parameter=${name}=${value}`);
    const query = `style=${manifest.name}&strength=0.7${parameters.join('')}`;
    const answer = await post(query, fileOf(context));
    expect(answer.status, await answer.clone().text()).toBe(200);
    const file = await openSafetensors(bytesSource('answer', new Uint8Array(await answer.arrayBuffer())));

    const host = createNodeHost();
    try {
      const style = await openStyleFile(bytesSource(folder, bytes));
      const running = await runStyle(host, style, { contextWidth: 96, selfAttentionWidths: [] });
      const { data } = context;
      const defaults = running.parameters.map(({ name, default: usual }) => [name, usual]);
      const values = { ...Object.fromEntries(defaults), ...wanted };
      await running.begin({ context: data, rows: 5, width: 96, steps: APPLY_STEPS }, values);
      const bent = await running.bend(0, { rows: 5, width: 96, k: data.slice(), v: data.slice() }, 0.7);
      for (const side of ['k', 'v'] as const) {
        // Instructions whose rounding is the machine's own are left out at the edge.
        const { data: found } = await file.read(side);
        expect(relativeError(found, bent[side])).toBeLessThan(1e-6);
        expect(relativeError(found, data)).toBeGreaterThan(1e-3);
      }
    } finally {
      await host.close();
    }
  });

  test('leaves a width alone that the style has no layers for', async () => {
    const context = contextOf(2, 40);
    const answer = await post('style=silhouette', fileOf(context));
    const file = await openSafetensors(bytesSource('answer', new Uint8Array(await answer.arrayBuffer())));
    expect((await file.read('k')).data).toEqual(context.data);
  });

  test.each<[string, string, () => Uint8Array<ArrayBuffer> | string, number, string]>([
    ['no safetensors', 'style=silhouette', () => 'nonsense', 400, 'apply/context'],
    ['another tensor', 'style=silhouette', () => fileOf(contextOf(2, 96), 'other'), 400, 'apply/context'],
    [
      'too many tokens',
      'style=silhouette',
      () => fileOf(contextOf(MAX_APPLY_ROWS + 1, 8)),
      400,
      'apply/context',
    ],
    [
      'a number that is none',
      'style=silhouette',
      () => fileOf(tensor([1, 1], Float32Array.of(Number.NaN))),
      400,
      'apply/context',
    ],
    ['no such style', 'style=none', () => fileOf(contextOf(2, 96)), 404, 'registry/not-found'],
    ['an embedding', 'style=brush', () => fileOf(contextOf(2, 96)), 422, 'apply/embedding'],
    ['no style', '', () => fileOf(contextOf(2, 96)), 400, 'edge/invalid-request'],
    [
      'too much strength',
      'style=silhouette&strength=1e9',
      () => fileOf(contextOf(2, 96)),
      400,
      'edge/invalid-request',
    ],
  ])('%s is refused', async (_case, query, body, status, code) => {
    const answer = await post(query, body());
    expect([answer.status, (await answer.json()).code]).toEqual([status, code]);
  });

  test('too large a body is refused by its length, before any of it comes', async () => {
    const headers = { 'content-length': String(MAX_APPLY_BYTES + 1) };
    const sent = request(`${edge.url}/v1/apply?style=silhouette`, { method: 'POST', headers });
    sent.flushHeaders();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    expect([answer.statusCode, JSON.parse(await text(answer)).code]).toEqual([413, 'edge/body-too-large']);
    sent.destroy();
  });

  test('is off unless the deployment wants it', async () => {
    const answer = await post('style=silhouette', fileOf(contextOf(2, 96)), off.url);
    expect([answer.status, (await answer.json()).code]).toEqual([404, 'apply/off']);
  });
});
