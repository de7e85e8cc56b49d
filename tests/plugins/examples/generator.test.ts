// The generator: the weights that it makes are the bases in the shares that its gate reads off the prompt.
import { beforeAll, expect, test } from 'vitest';
import type { LayerStack } from '../../../client/hypernetwork/hypernetwork.ts';
import { relativeError } from '../../../client/tensor/tensor.ts';
import { pooled } from '../../../plugins/generator/gate.ts';
import { examples, KINDS } from '../../../plugins/generator/subjects.ts';
import { type Gate, shares, trainGate } from '../../../plugins/generator/train.ts';
import type { Plugin } from '../../../plugins/host/plugin.ts';
import { expand } from '../../../plugins/low-rank/compress.ts';
import { values } from '../../wasm/kernel-module.ts';
import { contextOf, layersOf, loadFile, networkAt, start, summed, tensorsAt } from './example.ts';

const BASES = KINDS.slice(0, -1);

/** Base → the layers of both sides of each width, as the plugin unpacks them. */
let bases: ReadonlyMap<number, { k: LayerStack; v: LayerStack }>[];
let gate: Gate;

async function loaded(): Promise<Plugin> {
  const plugin = await start('generator');
  for (const [set, name] of [...BASES, 'gate'].entries()) {
    await loadFile(plugin, set, await tensorsAt(`plugins/generator/weights/${name}.safetensors`));
  }
  await plugin.setParameters({});
  return plugin;
}

let plugin: Plugin;

beforeAll(async () => {
  plugin = await loaded();
  bases = [];
  for (const name of BASES) {
    const style = await networkAt(`client/default-model/styles/${name}.safetensors`);
    bases.push(await expand(await tensorsAt(`plugins/generator/weights/${name}.safetensors`), style));
  }
  const file = await tensorsAt('plugins/generator/weights/gate.safetensors');
  const [w0, b0, w1, b1] = await Promise.all(
    ['0.weight', '0.bias', '1.weight', '1.bias'].map((name) => file.read(`gate.${name}`)),
  );
  gate = {
    inputs: w0!.shape[1]!,
    hidden: w0!.shape[0]!,
    outputs: w1!.shape[0]!,
    weights: [Float64Array.from(w0!.data), Float64Array.from(w1!.data)],
    biases: [Float64Array.from(b0!.data), Float64Array.from(b1!.data)],
  };
});

test('without a context there is nothing to read', async () => {
  const fresh = await loaded();
  await expect(fresh.layers(64)).rejects.toMatchObject({
    code: 'plugin/refused',
    message: expect.stringContaining('no context was shown'),
  });
});

test.each([
  ['house', 'blueprint'],
  ['full moon on black', 'risograph'],
  ['cat face', 'silhouette'],
  ['pizza', 'none'],
])('%s: mostly %s, and exactly the gate’s shares of each base', async (prompt, kind) => {
  const context = await contextOf(prompt);
  const share = shares(gate, pooled(context.k, 96));
  expect(KINDS[share.indexOf(Math.max(...share))]).toBe(kind);
  await plugin.setParameters({});
  await plugin.showContext(96, context.rows, context.k);

  const bent = await plugin.apply(context, 0.9);
  for (const side of ['k', 'v'] as const) {
    const stacks = bases.map((base) => base.get(96)![side]);
    expect(relativeError(bent[side], summed(stacks, share, context[side], 96, 0.9))).toBeLessThan(1e-4);
  }
  const layers = await layersOf(plugin, 64);
  const x = values(5 * 64, 3);
  const stacks = bases.map((base) => base.get(64)!.v);
  expect(relativeError(summed([layers.v], [1], x, 64), summed(stacks, share, x, 64))).toBeLessThan(1e-4);
});

test('another prompt makes other weights, the same prompt the same bytes', async () => {
  const made = async (prompt: string) => {
    const { rows, k } = await contextOf(prompt);
    await plugin.showContext(96, rows, k);
    return plugin.layers(128);
  };
  const first = await made('house');
  expect(await made('owl')).not.toEqual(first);
  expect(await made('house')).toEqual(first);
});

test('sharpness sharpens', async () => {
  const { rows, k } = await contextOf('alien cat face');
  const share = shares(gate, pooled(k, 96));
  await plugin.showContext(96, rows, k);
  await plugin.setParameters({ sharpness: 4 });
  const powers = share.map((value) => value ** 4);
  const sum = powers.reduce((a, b) => a + b);
  const x = values(5 * 64, 4);
  const stacks = bases.map((base) => base.get(64)!.k);
  const expected = summed(
    stacks,
    powers.map((value) => value / sum),
    x,
    64,
  );
  expect(relativeError(summed([(await layersOf(plugin, 64)).k], [1], x, 64), expected)).toBeLessThan(1e-4);
});

test('training separates what can be separated, and the same seed gives the same gate', () => {
  const samples = Array.from({ length: 60 }, (_, i) => ({
    kind: i % 3,
    x: Float64Array.from(values(4, i), (value, axis) => 0.2 * value + (axis === i % 3 ? 3 : 1)),
  }));
  const options = { hidden: 8, outputs: 3, epochs: 60, seed: 5 };
  const trained = trainGate(samples, options);
  for (const { x, kind } of samples) expect(shares(trained, x)[kind]).toBeGreaterThan(0.8);
  expect(trainGate(samples, options)).toEqual(trained);
  expect(trainGate(samples, { ...options, seed: 6 })).not.toEqual(trained);
});

test('every kind has names that training does not see', () => {
  for (const kind of KINDS.keys()) {
    const own = examples().filter((example) => example.kind === kind);
    expect(own.filter(({ heldOut }) => heldOut).length).toBeGreaterThan(own.length / 8);
  }
});
