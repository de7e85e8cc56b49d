// The standard plugin called directly through the ABI: layers of every kind, refusals, memory.
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Layer, LayerStack } from '../../client/hypernetwork/hypernetwork.ts';
import { encodeStack } from '../../client/plugin-host/layer-block.ts';
import { relativeError } from '../../client/tensor/tensor.ts';
import { ABI_ACTIVATIONS, SIDE, STATUS } from '../../plugins/contract/abi.ts';
import { REFERENCE } from '../wasm/activation-reference.ts';
import { values } from '../wasm/kernel-module.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  tincture_abi_1(): void;
  tincture_alloc(size: number): number;
  tincture_free(pointer: number): void;
  tincture_load(
    set: number,
    width: number,
    side: number,
    index: number,
    block: number,
    length: number,
  ): number;
  tincture_apply(width: number, rows: number, k: number, v: number, strength: number): number;
  tincture_error(): number;
}

let plugin: Exports;

async function open(file: string): Promise<void> {
  const bytes = await readFile(new URL(`../../build/plugins/${file}`, import.meta.url));
  const { instance } = await WebAssembly.instantiate(bytes, {});
  plugin = instance.exports as unknown as Exports;
  plugin.tincture_abi_1();
}

function place(bytes: Uint8Array): number {
  const at = plugin.tincture_alloc(bytes.length) >>> 0;
  expect(at).toBeGreaterThan(0);
  expect(at % 16).toBe(0);
  new Uint8Array(plugin.memory.buffer, at, bytes.length).set(bytes);
  return at;
}

function words(): string {
  const at = plugin.tincture_error();
  const length = new DataView(plugin.memory.buffer).getUint32(at, true);
  return new TextDecoder().decode(new Uint8Array(plugin.memory.buffer, at + 4, length));
}

function loadBlock(width: number, side: number, index: number, block: Uint8Array): number {
  const at = place(block);
  const status = plugin.tincture_load(0, width, side, index, at, block.length);
  plugin.tincture_free(at);
  return status;
}

function loadBoth(width: number, stack: LayerStack): void {
  for (const side of [SIDE.k, SIDE.v]) {
    encodeStack('test', width, stack).forEach((block, index) => {
      expect(loadBlock(width, side, index, block), words()).toBe(STATUS.ok);
    });
  }
}

function apply(
  width: number,
  x: Float32Array,
  strength: number,
): { status: number; k: Float32Array; v: Float32Array } {
  const [k, v] = [place(new Uint8Array(x.buffer)), place(new Uint8Array(x.buffer))];
  const status = plugin.tincture_apply(width, x.length / width, k, v, strength);
  const read = (at: number): Float32Array =>
    new Float32Array(plugin.memory.buffer.slice(at, at + x.byteLength));
  const result = { status, k: read(k), v: read(v) };
  plugin.tincture_free(k);
  plugin.tincture_free(v);
  return result;
}

const tensorOf = (shape: number[], seed: number) => ({
  shape,
  data: values(
    shape.reduce((a, b) => a * b, 1),
    seed,
  ),
});
const linear = (outputs: number, inputs: number, seed: number): Layer => ({
  kind: 'linear',
  weight: tensorOf([outputs, inputs], seed),
  bias: tensorOf([outputs], seed + 1),
});

/** x + f(x) · strength in float64. */
function expected(x: Float32Array, width: number, stack: LayerStack, strength: number): Float32Array {
  let rows = Array.from({ length: x.length / width }, (_, row) => [
    ...x.subarray(row * width, (row + 1) * width),
  ]);
  for (const layer of stack) {
    rows = rows.map((row) => {
      if (layer.kind === 'linear') {
        const inputs = layer.weight.shape[1]!;
        return [...layer.bias.data].map((bias, output) =>
          row.reduce((sum, value, i) => sum + value * layer.weight.data[output * inputs + i]!, bias),
        );
      }
      if (layer.kind === 'layer-norm') {
        const mean = row.reduce((a, b) => a + b, 0) / row.length;
        const deviation = Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length + 1e-5);
        return row.map(
          (value, i) => ((value - mean) / deviation) * layer.weight.data[i]! + layer.bias.data[i]!,
        );
      }
      if (layer.activation === 'prelu') {
        const slopes = layer.slope!.data;
        return row.map((value, i) => (value < 0 ? value * slopes[slopes.length === 1 ? 0 : i]! : value));
      }
      return row.map(REFERENCE[layer.activation]);
    });
  }
  return x.map((value, i) => value + rows[Math.floor(i / width)]![i % width]! * strength);
}

for (const file of ['hypernetwork.wasm', 'hypernetwork.relaxed.wasm']) {
  describe(file, () => {
    beforeEach(() => open(file));

    for (const activation of ABI_ACTIVATIONS) {
      test(`${activation} between layers, normed, on odd sizes`, () => {
        const slope = { shape: [13], data: values(13, 40) };
        const stack: LayerStack = [
          linear(13, 7, 30),
          activation === 'prelu'
            ? { kind: 'activation', activation, slope }
            : { kind: 'activation', activation },
          { kind: 'layer-norm', weight: tensorOf([13], 32), bias: tensorOf([13], 33) },
          linear(7, 13, 34),
        ];
        loadBoth(7, stack);
        const x = values(5 * 7, 35);
        const { status, k, v } = apply(7, x, -0.8);
        expect(status).toBe(STATUS.ok);
        expect(relativeError(k, expected(x, 7, stack, -0.8))).toBeLessThan(1e-6);
        expect(v).toEqual(k);
      });
    }

    test('a stack that begins with an activation leaves its input readable', () => {
      const stack: LayerStack = [{ kind: 'activation', activation: 'tanh' }, linear(6, 6, 50)];
      loadBoth(6, stack);
      const x = values(18, 51);
      expect(relativeError(apply(6, x, 0.5).k, expected(x, 6, stack, 0.5))).toBeLessThan(1e-6);
    });

    test('keys and values have stacks of their own', () => {
      const [one, two] = [[linear(5, 5, 60)], [linear(5, 5, 70)]];
      loadBoth(5, one);
      expect(loadBlock(5, SIDE.v, 0, encodeStack('test', 5, two)[0]!)).toBe(STATUS.ok);
      const x = values(15, 61);
      const { k, v } = apply(5, x, 1);
      expect(relativeError(k, expected(x, 5, one, 1))).toBeLessThan(1e-6);
      expect(relativeError(v, expected(x, 5, two, 1))).toBeLessThan(1e-6);
    });

    test('float16 layers compute as their widened values', () => {
      const half = new Float16Array(values(5 * 5 + 5, 80));
      const block = new Uint8Array(32 + half.byteLength);
      new Uint32Array(block.buffer, 0, 5).set([1, 1, 5, 5, 0]);
      block.set(new Uint8Array(half.buffer), 32);
      for (const side of [SIDE.k, SIDE.v]) expect(loadBlock(5, side, 0, block)).toBe(STATUS.ok);
      const wide = new Float32Array(half);
      const stack: LayerStack = [
        {
          kind: 'linear',
          weight: { shape: [5, 5], data: wide.slice(0, 25) },
          bias: { shape: [5], data: wide.slice(25) },
        },
      ];
      const x = values(10, 81);
      expect(relativeError(apply(5, x, 1).k, expected(x, 5, stack, 1))).toBeLessThan(1e-6);
    });

    test('refuses what it cannot compute, in words, and goes on', () => {
      const [block] = encodeStack('test', 4, [linear(4, 4, 90)]);
      const changed = (word: number, value: number): Uint8Array => {
        const copy = block!.slice();
        new DataView(copy.buffer).setUint32(4 * word, value, true);
        return copy;
      };
      const said = (status: number): string => {
        expect(status).toBe(STATUS.refused);
        return words();
      };
      expect(said(loadBlock(4, SIDE.k, 1, block!))).toBe('no layer before in layer 1 of width 4');
      expect(said(loadBlock(5, SIDE.k, 0, block!))).toBe('linear does not fit in layer 0 of width 5');
      expect(said(loadBlock(4, 2, 0, block!))).toBe('bad width or side in layer 0 of width 4');
      expect(said(loadBlock(0, SIDE.k, 0, block!))).toBe('bad width or side in layer 0 of width 0');
      for (const odd of [
        block!.slice(0, 40),
        block!.slice(0, 8),
        changed(0, 9),
        changed(1, 2),
        changed(2, 0x7fffffff),
      ]) {
        expect(said(loadBlock(4, SIDE.k, 0, odd))).toBe('header and length disagree in layer 0 of width 4');
      }
      const activation = new Uint8Array(32);
      new Uint32Array(activation.buffer).set([2, 0, 0, 0, ABI_ACTIVATIONS.length]);
      expect(said(loadBlock(4, SIDE.k, 0, activation))).toBe('unknown activation in layer 0 of width 4');
      loadBoth(4, [linear(4, 4, 91)]);
      expect(said(loadBlock(4, SIDE.k, 2, block!))).toBe('layers out of order in layer 2 of width 4');
      expect(loadBlock(4, SIDE.k, 1, encodeStack('test', 4, [linear(3, 4, 92)])[0]!)).toBe(STATUS.ok);
      expect(said(apply(4, values(8, 93), 1).status)).toBe('the layers end in width 3 instead of 4');
      expect(apply(12, values(12, 94), 1).status).toBe(STATUS.unknownWidth);
      expect(words()).toBe('no layers for width 12');
      loadBoth(4, [linear(4, 4, 91)]);
      expect(apply(4, values(8, 93), 1).status).toBe(STATUS.ok);
    });

    test('loading and applying again and again takes no more memory', () => {
      const stack = [linear(200, 100, 95), linear(100, 200, 96)];
      const x = values(77 * 100, 97);
      for (let i = 0; i < 3; i++) {
        loadBoth(100, stack);
        apply(100, x, 1);
      }
      const size = plugin.memory.buffer.byteLength;
      for (let i = 0; i < 50; i++) {
        loadBoth(100, stack);
        apply(100, x, 1);
      }
      expect(plugin.memory.buffer.byteLength).toBe(size);
    });

    test('a full memory is an answer, and what was freed can be had again', () => {
      expect(plugin.tincture_alloc(-1)).toBe(0);
      expect(plugin.tincture_alloc(600 * 2 ** 20)).toBe(0);
      const blocks: number[] = [];
      for (let at = plugin.tincture_alloc(1 << 26); at !== 0; at = plugin.tincture_alloc(1 << 26))
        blocks.push(at >>> 0);
      expect(blocks.length).toBe(7);
      plugin.tincture_free(blocks[2]!);
      plugin.tincture_free(blocks[3]!);
      expect(plugin.tincture_alloc(1 << 27) >>> 0).toBe(blocks[2]);
      expect(plugin.tincture_alloc(1 << 26)).toBe(0);
    });
  });
}
