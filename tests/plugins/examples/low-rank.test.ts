// The low-rank plugin and its compressor: exact where they must be, and as close as the README says.
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../../client/formats/bytes-source.ts';
import { openSafetensors } from '../../../client/formats/safetensors.ts';
import type { Hypernetwork, Layer } from '../../../client/hypernetwork/hypernetwork.ts';
import { relativeError, tensor } from '../../../client/tensor/tensor.ts';
import type { Plugin } from '../../../plugins/host/plugin.ts';
import { compress, expand } from '../../../plugins/low-rank/compress.ts';
import { decompose } from '../../../plugins/low-rank/svd.ts';
import { values } from '../../wasm/kernel-module.ts';
import {
  addedError,
  contextOf,
  layersOf,
  loadFile,
  networkAt,
  path,
  start,
  summed,
  tensorsAt,
} from './example.ts';

const STYLE = 'client/default-model/styles/blueprint.safetensors';
const WEIGHTS = 'plugins/low-rank/weights/blueprint.safetensors';
/** What the README's figures are below. */
const MAX_LOSS = 0.15;

describe('singular values', () => {
  test.each([
    [5, 3],
    [3, 5],
    [4, 4],
  ])('of a matrix [%d, %d]', (rows, columns) => {
    const matrix = values(rows * columns, 11);
    const { u, values: lengths, v } = decompose(matrix, rows, columns);
    expect([...lengths].sort((a, b) => b - a)).toEqual(lengths);
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    for (const vectors of [u, v]) {
      expect(vectors).toHaveLength(3 === rows || 3 === columns ? 3 : 4);
      vectors.forEach((a, i) => {
        vectors.forEach((b, j) => {
          expect(Math.abs(dot(a, b) - (i === j ? 1 : 0))).toBeLessThan(1e-9);
        });
      });
    }
    matrix.forEach((value, at) => {
      const [r, c] = [Math.floor(at / columns), at % columns];
      const sum = lengths.reduce((total, length, k) => total + u[k]![r]! * length * v[k]![c]!, 0);
      expect(Math.abs(sum - value)).toBeLessThan(1e-9);
    });
  });
});

describe('the compressor', () => {
  const linear = (outputs: number, inputs: number, data: Float32Array): Layer => ({
    kind: 'linear',
    weight: tensor([outputs, inputs], data),
    bias: tensor([outputs], values(outputs, 3)),
  });
  const networkOf = (k: Layer[], v = k): Hypernetwork => ({
    description: {} as Hypernetwork['description'],
    widths: new Map([[16, { k, v }]]),
  });
  const relu: Layer = { kind: 'activation', activation: 'relu' };
  const row = values(16, 5);
  const column = values(32, 6);
  const thin = linear(
    32,
    16,
    Float32Array.from({ length: 512 }, (_, i) => column[i >> 4]! * row[i & 15]!),
  );

  test('a weight of rank 1 comes back to int8’s precision, and room goes to the weights that need it', async () => {
    const full = linear(16, 32, values(512, 7));
    const network = networkOf([thin, relu, full]);
    const { file, ranks } = compress(network, 5000);
    expect(file.length).toBeLessThanOrEqual(5000);
    expect(ranks['16.k.1']!).toBeGreaterThan(ranks['16.k.0']!);
    const back = await expand(await openSafetensors(bytesSource('test', file)), network);
    const [first] = back.get(16)!.k;
    if (first?.kind !== 'linear' || thin.kind !== 'linear') throw new Error('not linear');
    expect(relativeError(first.weight.data, thin.weight.data)).toBeLessThan(0.01);
  });

  test('refuses what it cannot hold', () => {
    const norm: Layer = {
      kind: 'layer-norm',
      weight: tensor([32], values(32, 1)),
      bias: tensor([32], values(32, 2)),
    };
    const full = linear(16, 32, values(512, 7));
    expect(() => compress(networkOf([thin, norm, full]), 5000)).toThrow(/width 16, k, layer 1/);
    expect(() => compress(networkOf([thin, relu]), 5000)).toThrow('such a network cannot be compressed');
    const tanh: Layer = { kind: 'activation', activation: 'tanh' };
    expect(() => compress(networkOf([thin, relu, full], [thin, tanh, full]), 5000)).toThrow(
      'several activations',
    );
    expect(() => compress(networkOf([thin, relu, full]), 1000)).toThrow('even with rank 1');
  });
});

describe('the compressed style', () => {
  let plugin: Plugin;
  let style: Hypernetwork;
  let expanded: Awaited<ReturnType<typeof expand>>;

  beforeAll(async () => {
    plugin = await start('low-rank');
    style = await networkAt(STYLE);
    const file = await tensorsAt(WEIGHTS);
    await loadFile(plugin, 0, file);
    expanded = await expand(file, style);
  });

  test('is at least eight times smaller than the style', async () => {
    const [large, small] = await Promise.all([STYLE, WEIGHTS].map((file) => readFile(path(file))));
    expect(large!.length / small!.length).toBeGreaterThanOrEqual(8);
  });

  test.each(['red apple', 'full moon on black', ''])(
    'bends the context of “%s” nearly as the style',
    async (prompt) => {
      const context = await contextOf(prompt);
      const bent = await plugin.apply(context, 0.9);
      for (const side of ['k', 'v'] as const) {
        const x = context[side];
        const own = summed([expanded.get(96)![side]], [1], x, 96, 0.9);
        expect(relativeError(bent[side], own)).toBeLessThan(1e-5);
        const original = summed([style.widths.get(96)![side]], [1], x, 96, 0.9);
        expect(addedError(bent[side], original, x)).toBeLessThan(MAX_LOSS);
      }
    },
  );

  test.each([64, 128])('its layers of width %d are thin and stand for the same weights', async (width) => {
    const layers = await layersOf(plugin, width);
    const x = values(6 * width, 9);
    for (const side of ['k', 'v'] as const) {
      expect(layers[side].map(({ kind }) => kind)).toEqual([
        'linear',
        'linear',
        'activation',
        'linear',
        'linear',
      ]);
      const own = summed([expanded.get(width)![side]], [1], x, width);
      expect(relativeError(summed([layers[side]], [1], x, width), own)).toBeLessThan(1e-5);
    }
  });

  test('widths that the file lacks are left alone', async () => {
    expect(await plugin.layers(48)).toBeUndefined();
  });
});
