// The SDK's networks: layers handed out again, mixed, unpacked from thin factors.
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { applyReference } from '../../../client/hypernetwork/apply.ts';
import type { Layer, LayerStack } from '../../../client/hypernetwork/hypernetwork.ts';
import { decodeStack, encodeStack } from '../../../client/plugin-host/layer-block.ts';
import { relativeError, tensor } from '../../../client/tensor/tensor.ts';
import { STATUS } from '../../../plugins/contract/abi.ts';
import { values } from '../../wasm/kernel-module.ts';
import { RawPlugin } from '../raw-plugin.ts';
import { compiled, type Everything, sendTensor } from './modules.ts';

let wasm: Uint8Array<ArrayBuffer>;
let plugin: RawPlugin<Everything>;

beforeAll(async () => {
  wasm = await compiled('everything', 'networks');
}, 120_000);
beforeEach(async () => {
  plugin = await RawPlugin.open<Everything>(wasm);
});

const load = (set: number, width: number, side: number, stack: LayerStack): void => {
  encodeStack('test', width, stack).forEach((block, index) => {
    const at = plugin.place(block);
    const status = plugin.exports.tincture_load(set, width, side, index, at, block.length);
    expect(status, plugin.words()).toBe(STATUS.ok);
    plugin.exports.tincture_free(at);
  });
};

/** The stack that `tincture_layers` hands out. */
const handedOut = (width: number, side: number): LayerStack => {
  const out = plugin.place(new Uint8Array(8));
  expect(plugin.exports.tincture_layers(width, side, out), plugin.words()).toBe(STATUS.ok);
  const view = new DataView(plugin.exports.memory.buffer);
  const [table, count] = [view.getUint32(out, true), view.getUint32(out + 4, true)];
  const blocks = Array.from({ length: count }, (_, i) => {
    const [at, length] = [view.getUint32(table + 8 * i, true), view.getUint32(table + 8 * i + 4, true)];
    expect(at % 16).toBe(0);
    return new Uint8Array(plugin.exports.memory.buffer.slice(at, at + length));
  });
  return decodeStack('test', width % 1000, blocks);
};

const applied = (width: number, x: Float32Array, strength: number): Float32Array => {
  const [k, v] = [plugin.placeFloats(...x), plugin.placeFloats(...x)];
  const status = plugin.exports.tincture_apply(width, x.length / width, k, v, strength);
  expect(status, plugin.words()).toBe(STATUS.ok);
  return plugin.floats(k, x.length);
};

const linear = (outputs: number, inputs: number, seed: number): Layer => ({
  kind: 'linear',
  weight: tensor([outputs, inputs], values(outputs * inputs, seed)),
  bias: tensor([outputs], values(outputs, seed + 1)),
});
const gelu: Layer = { kind: 'activation', activation: 'gelu' };

test('layers come back as they were loaded, before and after they were applied', () => {
  const stack: LayerStack = [
    linear(9, 6, 1),
    { kind: 'layer-norm', weight: tensor([9], values(9, 2)), bias: tensor([9], values(9, 3)) },
    { kind: 'activation', activation: 'prelu', slope: tensor([9], values(9, 4)) },
    linear(6, 9, 5),
  ];
  load(0, 6, 0, stack);
  load(0, 6, 1, [linear(6, 6, 7)]);
  expect(handedOut(6, 0)).toEqual(stack);
  applied(6, values(12, 8), 1);
  expect(handedOut(6, 0)).toEqual(stack);
  expect(handedOut(6, 1)).toEqual([linear(6, 6, 7)]);
  expect(plugin.exports.tincture_layers(5, 0, plugin.place(new Uint8Array(8)))).toBe(STATUS.unknownWidth);
  expect(plugin.words()).toBe('no layers for width 5');
});

test('mixing is the sum of what each set adds', () => {
  const stacks = [10, 20, 30].map((seed) => [
    linear(7, 5, seed),
    gelu,
    linear(4, 7, seed + 2),
    gelu,
    linear(5, 4, seed + 4),
  ]);
  stacks.forEach((stack, set) => {
    load(set, 5, 0, stack);
  });
  const shares = [0.25, -1, 0.5];
  expect(plugin.exports.mixed(5, 0, 3, plugin.placeFloats(...shares)), plugin.words()).toBe(STATUS.ok);
  const x = tensor([6, 5], values(30, 40));
  const expected = x.data.map((value, i) =>
    stacks.reduce(
      (sum, stack, set) => sum + shares[set]! * (applyReference(stack, x, 1).data[i]! - value),
      value,
    ),
  );
  expect(relativeError(applyReference(handedOut(1005, 0), x, 1).data, expected)).toBeLessThan(1e-6);
});

test('sets that cannot stand side by side are refused in words', () => {
  const shares = plugin.placeFloats(0.5, 0.5);
  const refusal = (first: LayerStack, second: LayerStack): string => {
    load(0, 5, 0, first);
    load(1, 5, 0, second);
    expect(plugin.exports.mixed(5, 0, 2, shares)).toBe(STATUS.refused);
    return plugin.words();
  };
  const plain = [linear(7, 5, 1), gelu, linear(5, 7, 2)];
  const differently = /^the sets are built differently in layer \d of width 5$/;
  expect(refusal(plain, [linear(5, 5, 1)])).toMatch(differently);
  expect(
    refusal(plain, [linear(7, 5, 1), { kind: 'activation', activation: 'relu' }, linear(5, 7, 2)]),
  ).toMatch(differently);
  const norm: Layer = {
    kind: 'layer-norm',
    weight: tensor([7], values(7, 2)),
    bias: tensor([7], values(7, 3)),
  };
  const normed = [linear(7, 5, 1), norm, linear(5, 7, 2)];
  const never = 'sets with layer norm, slopes or an activated output cannot be mixed in layer 1 of width 5';
  expect(refusal(normed, normed)).toBe(never);
  expect(refusal([linear(5, 5, 1), gelu], [linear(5, 5, 1), gelu])).toBe(never);
  expect(plugin.exports.mixed(6, 0, 2, shares)).toBe(STATUS.unknownWidth);
  load(0, 6, 0, [linear(6, 6, 1)]);
  expect(plugin.exports.mixed(6, 0, 2, shares)).toBe(STATUS.refused);
  expect(plugin.words()).toBe('not all sets have the same widths');
  expect(plugin.exports.mixed(5, 0, 9, shares)).toBe(STATUS.refused);
});

test('low-rank layers thin and whole, and factors that do not fit', () => {
  const bytes = (...floats: number[]) => new Uint8Array(Float32Array.from(floats).buffer);
  const factors = (set: number, side: string, columns = 2): void => {
    sendTensor(
      plugin,
      set,
      `2.${side}.0.a`,
      2,
      [1, columns],
      new Uint8Array(Int8Array.from({ length: columns }, () => 3).buffer),
    );
    sendTensor(plugin, set, `2.${side}.0.a.scale`, 0, [1], bytes(0.5));
    sendTensor(plugin, set, `2.${side}.0.b`, 2, [2, 1], new Uint8Array(Int8Array.of(2, -4).buffer));
    sendTensor(plugin, set, `2.${side}.0.b.scale`, 0, [2], bytes(1, 0.25));
    sendTensor(plugin, set, `2.${side}.0.bias`, 0, [2], bytes(7, 8));
  };
  factors(0, 'k');
  factors(0, 'v');
  expect(plugin.exports.unpack(0, 2, 0), plugin.words()).toBe(STATUS.ok);
  expect(handedOut(2, 0)).toEqual([
    {
      kind: 'linear',
      weight: tensor([1, 2], Float32Array.of(1.5, 1.5)),
      bias: tensor([1], Float32Array.of(0)),
    },
    {
      kind: 'linear',
      weight: tensor([2, 1], Float32Array.of(2, -1)),
      bias: tensor([2], Float32Array.of(7, 8)),
    },
  ]);
  expect(plugin.exports.unpack(0, 3, 0)).toBe(STATUS.unknownWidth);

  factors(1, 'k');
  expect(plugin.exports.unpack(1, 2, 1)).toBe(STATUS.ok);
  const shares = plugin.placeFloats(0, 1);
  expect(plugin.exports.mixed(2, 0, 2, shares)).toBe(STATUS.refused);

  factors(2, 'k', 3);
  expect(plugin.exports.unpack(2, 2, 1)).toBe(STATUS.refused);
  expect(plugin.words()).toBe('tensor 2.k.0.a has the wrong shape');
  sendTensor(plugin, 3, '2.k.0.a', 0, [1, 2], bytes(1, 2));
  expect(plugin.exports.unpack(3, 2, 1)).toBe(STATUS.refused);
  expect(plugin.words()).toBe('there is no tensor 2.k.0.b');
});
