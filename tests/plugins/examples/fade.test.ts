// The fade plugin: its schedule to the last bit, and a network that is otherwise the standard plugin's.
import { beforeAll, expect, test } from 'vitest';
import { relativeError } from '../../../client/tensor/tensor.ts';
import type { Plugin } from '../../../plugins/host/plugin.ts';
import { contextOf, layersOf, loadNetwork, networkAt, start, summed } from './example.ts';

let plugin: Plugin;

beforeAll(async () => {
  plugin = await start('fade');
});

test.each([
  [{}, [1, 0.75, 0.5, 0.25, 0]],
  [{ from: 0, to: 1 }, [0, 0.25, 0.5, 0.75, 1]],
  [{ curve: 2 }, [1, 1 - 0.0625, 0.75, 1 - 0.5625, 0]],
  [{ from: -1, to: 2, curve: 0.5 }, [-1, 0.5, -1 + 3 * Math.SQRT1_2, -1 + 3 * Math.sqrt(0.75), 2]],
])('%o', async (parameters, expected) => {
  await plugin.setParameters(parameters);
  const { strengths, phases } = await plugin.schedule(5);
  expect([...phases]).toEqual([0, 0, 0, 0, 0]);
  strengths.forEach((strength, step) => {
    expect(Math.abs(strength - expected[step]!)).toBeLessThan(3e-7);
  });
});

test('one step is the first', async () => {
  await plugin.setParameters({ from: 0.5 });
  expect([...(await plugin.schedule(1)).strengths]).toEqual([0.5]);
});

test('parameters out of range are refused', async () => {
  await expect(plugin.setParameters({ curve: 0 })).rejects.toMatchObject({ code: 'plugin/input' });
});

test('bends and gives layers as the network that it was handed', async () => {
  const network = await networkAt('plugins/fade/weights/blueprint.safetensors');
  await loadNetwork(plugin, 0, network);
  const context = await contextOf('owl');
  const bent = await plugin.apply(context, 0.6);
  const { k, v } = network.widths.get(96)!;
  expect(relativeError(bent.k, summed([k], [1], context.k, 96, 0.6))).toBeLessThan(1e-5);
  expect(relativeError(bent.v, summed([v], [1], context.v, 96, 0.6))).toBeLessThan(1e-5);
  expect(await layersOf(plugin, 64)).toEqual(network.widths.get(64));
});
