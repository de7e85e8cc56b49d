// The blend plugin against the reference's maths, on a real context and on the self-attention's widths.
import { beforeAll, expect, test } from 'vitest';
import type { Hypernetwork, Layer } from '../../../client/hypernetwork/hypernetwork.ts';
import { encodePair } from '../../../client/plugin-host/layer-block.ts';
import { relativeError, tensor } from '../../../client/tensor/tensor.ts';
import type { Plugin } from '../../../plugins/host/plugin.ts';
import { values } from '../../wasm/kernel-module.ts';
import { contextOf, layersOf, loadNetwork, networkAt, start, summed } from './example.ts';

const STRENGTH = 0.8;

let plugin: Plugin;
let networks: Hypernetwork[];

beforeAll(async () => {
  plugin = await start('blend');
  networks = await Promise.all(
    ['blueprint', 'risograph'].map((name) => networkAt(`plugins/blend/weights/${name}.safetensors`)),
  );
  for (const [set, network] of networks.entries()) await loadNetwork(plugin, set, network);
});

test('describes one slider', () => {
  expect(plugin.description.parameters).toEqual([{ name: 'mix', default: 0.5, minimum: 0, maximum: 1 }]);
});

test.each([0, 0.5, 1])('mix %d bends contexts as both networks side by side', async (mix) => {
  await plugin.setParameters({ mix });
  const context = await contextOf('red apple on blue');
  const bent = await plugin.apply(context, STRENGTH);
  for (const side of ['k', 'v'] as const) {
    const stacks = networks.map(({ widths }) => widths.get(96)![side]);
    const expected = summed(stacks, [1 - mix, mix], context[side], 96, STRENGTH);
    expect(relativeError(bent[side], expected)).toBeLessThan(1e-5);
    // At the ends it is the one network alone.
    if (mix !== 0.5) {
      const alone = summed([stacks[mix]!], [1], context[side], 96, STRENGTH);
      expect(relativeError(bent[side], alone)).toBeLessThan(1e-5);
    }
  }
});

test.each([64, 128])('the layers of width %d are the same sum', async (width) => {
  await plugin.setParameters({ mix: 0.3 });
  const layers = await layersOf(plugin, width);
  const x = values(7 * width, 5);
  for (const side of ['k', 'v'] as const) {
    expect(layers[side]).toHaveLength(3);
    const stacks = networks.map(({ widths }) => widths.get(width)![side]);
    const expected = summed(stacks, [Math.fround(1 - Math.fround(0.3)), Math.fround(0.3)], x, width);
    expect(relativeError(summed([layers[side]], [1], x, width), expected)).toBeLessThan(1e-6);
  }
});

test('a width that neither network has is left alone', async () => {
  expect(await plugin.layers(48)).toBeUndefined();
});

test('networks of different build are refused, and the plugin goes on', async () => {
  const other = await start('blend');
  await other.setParameters({});
  const linear = (outputs: number, inputs: number): Layer => ({
    kind: 'linear',
    weight: tensor([outputs, inputs], values(outputs * inputs, 1)),
    bias: tensor([outputs], values(outputs, 2)),
  });
  const one = [linear(4, 4)];
  const two = [linear(8, 4), { kind: 'activation', activation: 'relu' } as const, linear(4, 8)];
  await other.load(0, 4, encodePair('one', 4, { k: one, v: one }));
  await other.load(1, 4, encodePair('two', 4, { k: two, v: two }));
  const context = { width: 4, rows: 1, k: values(4, 3), v: values(4, 3) };
  await expect(other.apply(context, 1)).rejects.toMatchObject({
    code: 'plugin/refused',
    message: expect.stringContaining('the sets are built differently in layer 0 of width 4'),
  });
  await other.load(1, 4, encodePair('one', 4, { k: one, v: one }));
  const bent = await other.apply(context, 1);
  expect(relativeError(bent.k, summed([one], [1], context.k, 4))).toBeLessThan(1e-6);
});
