// Styles with plugins, without weights or with several: published, seeded, found and answered.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryCache } from '../../client/cache/memory.ts';
import { createRegistry } from '../../client/registry/registry.ts';
import { cardDigest, cardOf, withCardSection } from '../../plugins/contract/card-section.ts';
import { publishStyle } from '../../worker/registry/publish-style.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';
import { compileText, moduleText } from '../plugins/module-text.ts';
import { bundledFolder, bytesOf, type Folder, putBytes, putText, serveForTest } from './fixture.ts';

type BlobName = { sha256: string; size: number };

let edge: LocalEdge;
let bundled: Folder;
let wasm: Uint8Array<ArrayBuffer>;
let weights: BlobName;
let more: BlobName;

beforeAll(async () => {
  wasm = await compileText(moduleText());
  bundled = await bundledFolder();
  const card = { ...cardOf(SAMPLE_STYLE), name: 'generated', title: 'Generated', layers: null };
  await bundled.write('styles/generated.style.json', JSON.stringify(card));
  await bundled.write('styles/generated.wasm', wasm);
  const blend = { ...cardOf(SAMPLE_STYLE), name: 'blended', title: 'Blended' };
  await bundled.write('styles/blended.style.json', JSON.stringify(blend));
  await bundled.write('styles/blended.wasm', wasm);
  await bundled.write('styles/blended.safetensors', 'first');
  await bundled.write('styles/blended.1.safetensors', 'second');
  edge = await serveForTest({ bundledDir: bundled.path });
  weights = await putText(edge, 'weights');
  more = await putText(edge, 'more weights');
});
afterAll(async () => {
  await edge.close();
  await bundled.remove();
});

/** A manifest with the module as packed with `packedWith`, by default its own card. */
async function published(
  name: string,
  blobs: object,
  packedWith: (digest: string) => Uint8Array<ArrayBuffer> = (digest) => withCardSection(wasm, digest),
) {
  const card = { ...cardOf(SAMPLE_STYLE), name, layers: null };
  const plugin = await putBytes(edge, packedWith(cardDigest(card)));
  return { ...card, blobs: { weights: null, plugin, previews: [], ...blobs } };
}

describe('publishing', () => {
  test('without weights, and with several', async () => {
    expect(await publishStyle(edge.stores, await published('bare', {}))).toBe('published');
    const several = await published('several', { weights, moreWeights: [more, weights] });
    expect(await publishStyle(edge.stores, several)).toBe('published');
    expect(await publishStyle(edge.stores, several)).toBe('unchanged');
  });

  test.each<[string, (digest: string) => Uint8Array<ArrayBuffer>, string, RegExp]>([
    ['packed with another card', () => withCardSection(wasm, 'a'.repeat(64)), 'card-section', /found a{64}/],
    ['in progress', () => Uint8Array.from(wasm), 'card-section', /a work in progress/],
    ['that is no module', () => bytesOf('no module'), 'plugin', /refused 1\.0\.0, plugin/],
  ])('a plugin %s is refused', async (_what, packedWith, kind, message) => {
    const manifest = await published('refused', {}, packedWith);
    await expect(publishStyle(edge.stores, manifest)).rejects.toMatchObject({
      code: `registry/${kind}`,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['plugin', { plugin: { sha256: 'e'.repeat(64), size: 9 } }],
    ['moreWeights', { weights: { sha256: 'e'.repeat(64), size: 9 } }],
  ])('a missing %s blob keeps the version hidden', async (_what, blobs) => {
    const manifest = await published('half', blobs);
    await expect(publishStyle(edge.stores, manifest)).rejects.toMatchObject({
      code: 'registry/missing-blob',
    });
  });
});

test('the routes and the client give what was published', async () => {
  const registry = createRegistry(edge.url, { cache: memoryCache() });
  const several = await registry.resolveStyle('several');
  expect(several.weights).toMatchObject(weights);
  expect(several.moreWeights.map(({ sha256 }) => sha256)).toEqual([more.sha256, weights.sha256]);
  const bare = await registry.resolveStyle('bare');
  expect([bare.weights, bare.moreWeights, bare.manifest.layers]).toEqual([null, [], null]);
  const found = await registry.searchStyles({ contextWidth: 96 });
  expect(found.styles.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['bare', 'several', 'generated', 'blended']),
  );
});

test('a bundled plugin is packed with its card, its weights in order', async () => {
  const registry = createRegistry(edge.url, { cache: memoryCache() });
  const style = await registry.resolveStyle('blended');
  const texts = [style.weights!, ...style.moreWeights].map(async (blob) =>
    (await registry.fetchBlob(blob)).text(),
  );
  expect(await Promise.all(texts)).toEqual(['first', 'second']);
  const plugin = await (await registry.fetchBlob(style.plugin!)).bytes();
  expect(plugin).toEqual(withCardSection(wasm, cardDigest(cardOf(style.manifest))));
  expect((await registry.resolveStyle('generated')).weights).toBeNull();
});

test('an answer of an older registry, without moreWeights, is still taken', async () => {
  const answer = await (await fetch(`${edge.url}/v1/styles/neon/latest`)).json();
  delete answer.moreWeights;
  const registry = createRegistry(edge.url, {
    cache: memoryCache(),
    fetch: async () => Response.json(answer),
  });
  expect((await registry.resolveStyle('neon')).moreWeights).toEqual([]);
});
