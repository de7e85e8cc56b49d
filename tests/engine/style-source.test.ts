// Where styles come from, and what one style may take of an engine.
import { describe, expect, test } from 'vitest';
import type { OpenModel } from '../../client/engine/model.ts';
import { MAX_PICTURE_LAYERS_BYTES, PluginStyle } from '../../client/engine/plugin-style.ts';
import { findStyle } from '../../client/engine/style-source.ts';
import { Styles } from '../../client/engine/styles.ts';
import { blobSource, openStyleFile, type Registry, type StyleSource } from '../../client/index.ts';
import { nodePlatform } from '../../client/node.ts';
import type { Plugin, PluginHost } from '../../client/plugin-host/host.ts';
import { encodeStack } from '../../client/plugin-host/layer-block.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { biasData, biasPlugin, packed } from './bias-plugin.ts';

const platform = nodePlatform();
/** As much of a model as finding a style needs. */
const model = {
  folder: undefined,
  facts: { contextWidth: 24, selfAttentionWidths: [32, 64] },
} as unknown as OpenModel;
const finding = { platform, registry: undefined, signal: undefined, onProgress: undefined };

async function fileOf(source: StyleSource) {
  const { name, file } = source as { name: string; file: Blob };
  return { name, file, opened: await openStyleFile(blobSource(name, file)) };
}

describe('findStyle', () => {
  test('opens a style file by its content, whatever its name', async () => {
    const { file, opened } = await fileOf(
      packed(await biasPlugin(), { weights: [Uint8Array.of(1), Uint8Array.of(2)] }),
    );
    const style = await findStyle({ name: 'folder/drawn.pt', file }, model, finding, undefined);
    expect(style.name).toBe('drawn');
    expect(await Promise.all(style.weights.map((it) => it.read(0, 1)))).toEqual([
      Uint8Array.of(1),
      Uint8Array.of(2),
    ]);
    expect(style.program?.cardSha256).toBe(cardDigest(cardOf(opened.manifest)));
    expect(style.sha256).toBe(opened.manifest.blobs.weights?.sha256);
  });

  test('a style without weights is known by its plugin’s digest', async () => {
    const { file, opened } = await fileOf(packed(await biasPlugin()));
    const style = await findStyle({ name: 'x', file }, model, finding, undefined);
    expect([style.weights, style.sha256]).toEqual([[], opened.manifest.blobs.plugin?.sha256]);
  });

  test('brings plugin and weights of a registry’s style', async () => {
    const { opened } = await fileOf(
      packed(await biasPlugin(), { weights: [Uint8Array.of(1), Uint8Array.of(2)] }),
    );
    const { manifest } = opened;
    const reference = (blob: { sha256: string; size: number }) => ({
      ...blob,
      url: `/v1/blobs/${blob.sha256}`,
    });
    const registry = {
      resolveStyle: async () => ({
        name: 'tones',
        version: '1.0.0',
        publishedAt: '',
        yanked: false,
        manifest,
        weights: reference(manifest.blobs.weights!),
        moreWeights: manifest.blobs.moreWeights!.map(reference),
        plugin: reference(manifest.blobs.plugin!),
        previews: [],
      }),
      fetchBlob: async ({ sha256 }: { sha256: string }) => opened.blob(sha256).blob!,
    } as unknown as Registry;
    const style = await findStyle('tones', model, { ...finding, registry }, undefined);
    expect(await style.weights[1]!.read(0, 1)).toEqual(Uint8Array.of(2));
    expect(style.program?.wasm.length).toBe(manifest.blobs.plugin!.size);
    expect(style.program?.cardSha256).toBe(cardDigest(cardOf(manifest)));
  });
});

/** A plugin that answers as it is told, without a sandbox. */
function fakeHost(change: Partial<Plugin>, offers: readonly string[]): PluginHost {
  const done = async () => {};
  const plugin = {
    name: 'fake',
    facts: { offers: new Set(offers) },
    description: { half: false, parameters: [] },
    beginPicture() {},
    setPhase: done,
    close: done,
    ...change,
  } as unknown as Plugin;
  return { start: async () => plugin, close: done };
}

const program = { name: 'fake', wasm: new Uint8Array(), cardSha256: undefined, weights: [] };
const scene = { context: new Float32Array(24), rows: 1, width: 24, steps: 1 };

test('layers of all phases together are bounded', async () => {
  // The same four megabytes again and again: what counts is what they say, not what they take here.
  const linear = (inputs: number, outputs: number) => ({
    kind: 'linear' as const,
    weight: tensor([outputs, inputs], new Float32Array(outputs * inputs)),
    bias: tensor([outputs], new Float32Array(outputs)),
  });
  const [up] = encodeStack('up', 64, [linear(64, 16_384)]);
  const [down] = encodeStack('down', 16_384, [linear(16_384, 64)]);
  const side = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? up! : down!));
  const bytes = 2 * 20 * (up!.length + down!.length - 64);
  const host = fakeHost({ layers: async (width) => (width === 64 ? { k: side, v: side } : undefined) }, [
    'tincture_layers',
    'tincture_phase',
  ]);
  const style = await PluginStyle.start(program, model.facts, host);
  await style.begin(scene, {});
  const phases = Math.floor(MAX_PICTURE_LAYERS_BYTES / bytes);
  for (let phase = 0; phase < phases; phase++) await style.network(phase);
  await expect(style.network(phases)).rejects.toThrow(/fake makes too many layers.*at most 1073741824 bytes/);
  expect((await style.network(0)).widths.size).toBe(1);
});

test('seventeen styles of one picture all stay open, and the oldest go with the next', async () => {
  const closed: string[] = [];
  const host: PluginHost = {
    start: async (name) => ({
      ...(await fakeHost({}, []).start(name, new Uint8Array())),
      load: async () => {},
      close: async () => void closed.push(name),
    }),
    close: async () => {},
  };
  const styles = new Styles(model, host, finding);
  const uses = await Promise.all(
    Array.from({ length: 17 }, async (_, index) => {
      const { file } = await biasData(index);
      return { style: { name: `style-${index}.safetensors`, file } };
    }),
  );
  await styles.prepare(uses);
  expect(closed).toEqual([]);
  await styles.prepare(uses.slice(5, 7));
  expect(closed).toEqual(['style-0']);
});

test('several weights files need a plugin', async () => {
  const weights = new TextEncoder().encode('any');
  const registry = {
    resolveStyle: async () => ({
      manifest: { blobs: { weights: { sha256: 'a'.repeat(64) } } },
      weights: {},
      moreWeights: [{}],
      plugin: null,
    }),
    fetchBlob: async () => new Blob([weights]),
  } as unknown as Registry;
  const styles = new Styles(model, fakeHost({}, []), { ...finding, registry });
  await expect(styles.prepare([{ style: 'many' }])).rejects.toMatchObject({
    code: 'engine/style',
    message: expect.stringContaining('several weights files and no plugin'),
  });
});
