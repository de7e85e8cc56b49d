// POST /v1/apply in workerd: the same numbers as the reference's maths, through a loaded Worker; and its limits.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { MAX_APPLY_BYTES, MAX_APPLY_ROWS } from '../../worker/apply/limits.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { type Folder, serveForTest, temporaryFolder } from './fixture.ts';

const ROOT = new URL('../../', import.meta.url);
const WEIGHTS = new URL('client/default-model/styles/silhouette.safetensors', ROOT);
let edge: LocalEdge;
let off: LocalEdge;
let studio: Folder;

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
    [
      'too large a body',
      'style=silhouette',
      () => new Uint8Array(MAX_APPLY_BYTES + 1),
      413,
      'edge/body-too-large',
    ],
    ['no such style', 'style=none', () => fileOf(contextOf(2, 96)), 404, 'registry/not-found'],
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

  test('is off unless the deployment wants it', async () => {
    const answer = await post('style=silhouette', fileOf(contextOf(2, 96)), off.url);
    expect([answer.status, (await answer.json()).code]).toEqual([404, 'apply/off']);
  });
});
