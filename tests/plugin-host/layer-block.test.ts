// Layer stacks as blocks and back: exact words, every kind, halves, and what is refused.
import { expect, test } from 'vitest';
import type { LayerStack } from '../../client/hypernetwork/hypernetwork.ts';
import { decodePair, decodeStack, encodePair, encodeStack } from '../../client/plugin-host/layer-block.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { MAX_LAYERS, MAX_WIDTH } from '../../plugins/contract/limits.ts';
import { block, linear } from './wat.ts';

function floats(count: number, start = 0): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (start + i) / 8);
}

/** 3 → 2 → 3 with every kind of layer. */
const STACK: LayerStack = [
  { kind: 'linear', weight: tensor([2, 3], floats(6)), bias: tensor([2], floats(2, 6)) },
  { kind: 'activation', activation: 'gelu' },
  { kind: 'activation', activation: 'prelu', slope: tensor([2], floats(2, 1)) },
  { kind: 'layer-norm', weight: tensor([2], floats(2, 3)), bias: tensor([2], floats(2, 5)) },
  { kind: 'linear', weight: tensor([3, 2], floats(6, 7)), bias: tensor([3], floats(3, 9)) },
];

test('a stack comes back as it went', () => {
  const v: LayerStack = [{ kind: 'activation', activation: 'rrelu' }];
  const back = decodePair('test', 3, encodePair('test', 3, { k: STACK, v }));
  expect(back.k).toEqual(STACK);
  expect(back.v).toEqual(v);
});

test('the words of the worked example', () => {
  const [first] = encodeStack('test', 1, [
    { kind: 'linear', weight: tensor([1, 1], Float32Array.of(2)), bias: tensor([1], Float32Array.of(-1)) },
  ]);
  expect([...new Uint32Array(first!.buffer, 0, 8)]).toEqual([1, 0, 1, 1, 0, 0, 0, 0]);
  expect([...new Float32Array(first!.buffer, 32)]).toEqual([2, -1]);
});

test('halves are widened exactly', () => {
  const half = new Uint8Array(block([1, 1, 2, 2, 0], [0x3c00, 0xc000, 0x0001, 0x7bff, 0x3555, 0x8000], true));
  const [layer] = decodeStack('test', 2, [half]);
  expect(layer).toEqual({
    kind: 'linear',
    weight: tensor([2, 2], Float32Array.of(1, -2, 2 ** -24, 65_504)),
    bias: tensor([2], Float32Array.of(0.333251953125, -0)),
  });
});

test('a block at any place of its buffer', () => {
  const bytes = new Uint8Array(3 + 32 + 8);
  bytes.set(linear(1, 1, 0.5), 3);
  expect(decodeStack('test', 1, [bytes.subarray(3)])[0]).toMatchObject({
    weight: { data: Float32Array.of(0.5) },
  });
});

test('what the ABI cannot carry is refused', () => {
  const refused = (stack: LayerStack, words: string): void => {
    expect(() => encodeStack('style, keys', 3, stack)).toThrow(
      expect.objectContaining({ code: 'plugin/input', message: expect.stringContaining(words) }),
    );
  };
  refused([], `1 to ${MAX_LAYERS}`);
  refused(
    new Array(MAX_LAYERS + 1).fill({ kind: 'activation', activation: 'relu' }),
    `found ${MAX_LAYERS + 1}`,
  );
  refused([STACK[4]!], 'style, keys, layer 0: weight does not fit');
  refused(
    [{ kind: 'linear', weight: { shape: [MAX_WIDTH + 1, 3], data: floats(0) }, bias: tensor([0]) }],
    `1 to ${MAX_WIDTH}`,
  );
  refused([{ kind: 'activation', activation: 'prelu' }], 'prelu has 0 slopes');
});

test('blocks that lie are refused', () => {
  const refused = (blocks: Uint8Array<ArrayBuffer>[], words: string): void => {
    expect(() => decodeStack('made', 3, blocks)).toThrow(
      expect.objectContaining({ code: 'plugin/invalid', message: expect.stringContaining(words) }),
    );
  };
  const good = new Uint8Array(linear(3, 3));
  refused([], '1 to 256');
  refused(
    [good.slice(0, -4)],
    'made, layer 0: a block is not as long as its header implies; expected 80 bytes, found 76',
  );
  refused([good, new Uint8Array(linear(3, 2))], 'does not give back the width; expected 3, found 2');
  refused([new Uint8Array(linear(2, 3))], 'expected 3 inputs, found 2');
});
