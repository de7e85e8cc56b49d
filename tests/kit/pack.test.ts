// Packing: one spelling for each style, every part checked, the module tied to its card.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { readEmbedding } from '../../client/formats/embedding.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { encodePng } from '../../client/formats/png.ts';
import { writeSafetensors } from '../../client/formats/safetensors.ts';
import { openStyleFile } from '../../client/formats/style-file.ts';
import { readHypernetworkRecord } from '../../client/hypernetwork/read.ts';
import { writeHypernetworkPt } from '../../client/hypernetwork/write.ts';
import { type PackRequest, packStyle } from '../../client/kit/pack.ts';
import { randomHypernetwork } from '../../client/kit/template-weights.ts';
import { cardDigest, cardOf, withCardSection } from '../../plugins/contract/card-section.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { CARD, moduleOfSource, SCALE } from './sources.ts';

let plugin: Uint8Array<ArrayBuffer>;
const safetensors = randomHypernetwork('style', 1);
const weights = [{ name: 'style.safetensors', bytes: safetensors }];
const white = encodePng({ width: 2, height: 1, pixels: new Uint8ClampedArray(8).fill(255) });
const previews = [{ name: 'white.png', bytes: white }];

beforeAll(async () => {
  plugin = await moduleOfSource(SCALE);
});

const BRUSH = 'tests/golden/embeddings';

describe('an embedding', () => {
  const card = { ...CARD, base: { ...CARD.base, contextWidth: 24 }, parameters: [] };
  const file = async (name: string) => ({ name, bytes: new Uint8Array(await readFile(`${BRUSH}/${name}`)) });

  test.each(['brush.pt', 'brush.safetensors', 'brush-text-chunk.png'])(
    '%s is packed as its vectors',
    async (name) => {
      const given = await file(name);
      const { bytes, manifest } = await packStyle({ card, weights: [given] });
      expect(manifest).toMatchObject({ kind: 'embedding', vectors: 3, layers: null, parameters: [] });
      const { blob } = await openStyleFile(bytesSource('a.style', bytes));
      const kept = await readEmbedding(blob(manifest.blobs.weights!.sha256));
      expect(kept).toEqual({ ...(await readEmbedding(await fileSource(`${BRUSH}/${name}`))), name: 'brush' });
      // Pictures drawn with the file carry its hash.
      expect(manifest.origins).toEqual([createHash('sha256').update(given.bytes).digest('hex')]);
      const again = await packStyle({
        card,
        weights: [
          {
            name: 'a',
            bytes: await blob(manifest.blobs.weights!.sha256).read(0, manifest.blobs.weights!.size),
          },
        ],
      });
      expect([again.manifest.blobs.weights, again.manifest.origins]).toEqual([
        manifest.blobs.weights,
        undefined,
      ]);
    },
  );

  test.each<[object, RegExp]>([
    [{ base: CARD.base }, /card’s base.contextWidth is not that of the weights; expected 24, found 96/],
    [{ vectors: 2 }, /card’s vectors is not that of the weights; expected 3, found 2/],
    [{ kind: 'style' }, /card’s kind is not that of the weights; expected embedding, found style/],
    [{ parameters: [{ name: 'a', default: 1, minimum: 0, maximum: 1 }] }, /parameters: must be empty/],
  ])('%o is refused', async (change, words) => {
    await expect(
      packStyle({ card: { ...card, ...change }, weights: [await file('brush.pt')] }),
    ).rejects.toThrow(words);
  });

  test('is not what a style’s weights are', async () => {
    await expect(packStyle({ card: { ...CARD, kind: 'embedding' }, weights })).rejects.toThrow(
      /card’s kind is not that of the weights; expected style, found embedding/,
    );
  });
});

describe('a style', () => {
  test('is the same to the byte, also from a module that was packed before', async () => {
    const first = await packStyle({ card: CARD, plugin, weights, previews });
    const other = { ...CARD, title: 'Another' };
    const repacked = withCardSection(plugin, cardDigest({ ...other, layers: null }));
    // The members in another order.
    const card = Object.fromEntries(Object.entries(CARD).reverse()) as typeof CARD;
    const second = await packStyle({ card, plugin: repacked, weights, previews });
    expect(second.sha256).toBe(first.sha256);
    expect(Buffer.from(second.bytes).equals(Buffer.from(first.bytes))).toBe(true);
  });

  test('has its layers read off the weights, and its module tied to the card', async () => {
    const { bytes } = await packStyle({ card: CARD, plugin, weights, previews });
    const { manifest, blob } = await openStyleFile(bytesSource('a.style', bytes));
    expect(manifest.layers).toEqual({
      widths: [96],
      structure: [1, 0.5, 1],
      activation: 'relu',
      layerNorm: false,
      activateOutput: false,
    });
    const { sha256, size } = manifest.blobs.plugin!;
    const { card } = validatePlugin(await blob(sha256).read(0, size));
    expect(card).toEqual({ abiVersion: 1, sha256: cardDigest(cardOf(manifest)) });
    expect(manifest.blobs.previews).toHaveLength(1);
  });

  test('holds a .pt as the safetensors that the same network is', async () => {
    const pt = writeHypernetworkPt(await readHypernetworkRecord(bytesSource('style', safetensors)));
    const { manifest } = await packStyle({ card: CARD, weights: [{ name: 'style.pt', bytes: pt }] });
    // Pictures drawn with the .pt carry its hash.
    expect(manifest.origins).toEqual([createHash('sha256').update(pt).digest('hex')]);
    expect(manifest.blobs.plugin).toBeNull();
    const { blob } = await openStyleFile(
      bytesSource('a', (await packStyle({ card: CARD, weights: [{ name: 'style.pt', bytes: pt }] })).bytes),
    );
    const { sha256 } = manifest.blobs.weights!;
    const record = await readHypernetworkRecord(blob(sha256));
    expect(record.tensors).toEqual((await readHypernetworkRecord(bytesSource('b', safetensors))).tensors);
  });

  test('may have tensors of its own and more sets', async () => {
    const tensors = writeSafetensors(
      new Map([['a', { dtype: 'I8' as const, shape: [1], bytes: new Uint8Array(1) }]]),
    );
    const { manifest } = await packStyle({
      card: CARD,
      plugin,
      weights: [{ name: 'a', bytes: tensors }, ...weights],
    });
    expect(manifest.layers).toBeNull();
    expect(manifest.blobs.moreWeights).toHaveLength(1);
  });
});

describe('refused', () => {
  const cases: [string, () => Partial<PackRequest>, RegExp][] = [
    ['a card', () => ({ card: { ...CARD, licence: '' } }), /^card\.json, licence: /],
    ['a module', () => ({ plugin: plugin.slice(0, -1) }), /^scale at byte \d+: /],
    ['weights', () => ({ weights: [{ name: 'w.safetensors', bytes: safetensors.slice(0, -4) }] }), /^w\.safetensors, tensor .*past the end/],
    ['a preview', () => ({ previews: [{ name: 'p.png', bytes: white.slice(0, 40) }] }), /^p\.png/],
    ['layers of other weights', () => ({ weights, card: { ...CARD, layers: { widths: [96], structure: [1, 2, 1], activation: 'relu', layerNorm: false, activateOutput: false } } }), /layers\.structure are not those.*expected \[1,0\.5,1\], found \[1,2,1\]/],
    ['nothing to run', () => ({ plugin: undefined }), /what has no plugin is a hypernetwork or an embedding/],
    ['too many weights', () => ({ weights: Array.from({ length: 9 }, () => weights[0]!) }), /too many weights files; expected at most 8, found 9/],
  ]; // biome-ignore format: a table
  test.each(cases)('%s', async (_what, change, message) => {
    await expect(packStyle({ card: CARD, plugin, ...change() })).rejects.toThrow(message);
  });
});
