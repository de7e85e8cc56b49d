// The SDK through a plugin that exports every part of it, and what plugins weigh.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { applyReference } from '../../../client/hypernetwork/apply.ts';
import type { Layer, LayerStack } from '../../../client/hypernetwork/hypernetwork.ts';
import { decodeStack, encodeStack } from '../../../client/plugin-host/layer-block.ts';
import { relativeError, tensor } from '../../../client/tensor/tensor.ts';
import { STATUS } from '../../../plugins/contract/abi.ts';
import { pluginDescriptionSchema } from '../../../plugins/contract/description.ts';
import { validatePlugin } from '../../../plugins/contract/validator.ts';
// biome-ignore lint/correctness/useImportExtensions: the rule takes the types beside it for the module
import { compileModule } from '../../../wasm/build.mjs';
import { values } from '../../wasm/kernel-module.ts';
import { type RawExports, RawPlugin } from '../raw-plugin.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Everything extends RawExports {
  tincture_describe(): number;
  tincture_parameter(index: number, value: number): number;
  tincture_schedule(steps: number, out: number): number;
  tincture_load(
    set: number,
    width: number,
    side: number,
    index: number,
    block: number,
    length: number,
  ): number;
  tincture_tensor(set: number, block: number, length: number): number;
  tincture_context(width: number, rows: number, context: number): number;
  tincture_apply(width: number, rows: number, k: number, v: number, strength: number): number;
  tincture_layers(width: number, side: number, out: number): number;
  parameter(index: number): number;
  element(set: number, i: number): number;
  widened(set: number, out: number): number;
  hasShape(set: number, rows: number, columns: number): number;
  forget(set: number): void;
  unpack(set: number, width: number, whole: number): number;
  mixed(width: number, side: number, count: number, weights: number): number;
  narrow(rows: number, x: number, y: number): number;
  withoutSlopes(): number;
  contextSum(): number;
  softmax(x: number, rows: number, width: number): void;
  meanOfRows(x: number, rows: number, width: number, out: number): void;
  multiply(b: number, a: number, rows: number, rank: number, columns: number, out: number): void;
  dequantise(whole: number, scales: number, rows: number, columns: number, out: number): void;
  tellNumber(value: bigint): number;
  tellDecimal(value: number): number;
  tellWidth(): number;
  tellAll(): number;
}

async function compiled(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const output = `build/tests/sdk-${name}.wasm`;
  await compileModule(ROOT, `tests/plugins/sdk/assembly/${name}.ts`, output, []);
  return new Uint8Array(await readFile(`${ROOT}/${output}`));
}

const standard = async (file: string) =>
  new Uint8Array(await readFile(new URL(`../../../build/plugins/${file}`, import.meta.url)));

describe('what plugins weigh', () => {
  test('an empty one is below 2 KB', async () => {
    const wasm = await compiled('empty');
    expect(wasm.length).toBeLessThan(2048);
    const facts = validatePlugin(wasm, { name: 'empty' });
    expect([...facts.offers]).toEqual(['tincture_apply']);
  });

  test.each(['hypernetwork.wasm', 'hypernetwork.relaxed.wasm'])('%s is below 12 KB', async (file) => {
    const wasm = await standard(file);
    expect(wasm.length).toBeLessThan(12 * 1024);
    expect([...validatePlugin(wasm, { name: file }).offers].sort()).toEqual([
      'tincture_apply',
      'tincture_layers',
      'tincture_load',
    ]);
  });
});

test('managed memory, which would lie over the SDK’s, makes a module that is refused', async () => {
  const wasm = await compiled('managed');
  expect(() => validatePlugin(wasm, { name: 'managed' })).toThrow('a start function is not allowed');
});

test('the README’s ten lines are a whole plugin', async () => {
  const readme = await readFile(`${ROOT}/plugins/sdk/README.md`, 'utf8');
  const source = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? '';
  expect(source.trim().split('\n').length).toBeLessThanOrEqual(10);
  await mkdir(`${ROOT}/build/tests`, { recursive: true });
  await writeFile(`${ROOT}/build/tests/readme.ts`, source);
  await compileModule(ROOT, 'build/tests/readme.ts', 'build/tests/readme.wasm', []);
  const wasm = await readFile(`${ROOT}/build/tests/readme.wasm`);
  expect(validatePlugin(wasm, { name: 'readme' }).offers).toContain('tincture_schedule');
});

describe('the SDK', () => {
  let wasm: Uint8Array<ArrayBuffer>;
  let plugin: RawPlugin<Everything>;

  beforeAll(async () => {
    wasm = await compiled('everything');
    validatePlugin(wasm, { name: 'everything' });
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

  /** A tensor block. `bytes` are the values. */
  const send = (
    set: number,
    name: string,
    dtype: number,
    shape: number[],
    bytes: Uint8Array,
    cut = 0,
  ): number => {
    const named = Math.ceil(name.length / 16) * 16;
    const block = new Uint8Array(48 + named + bytes.length - cut);
    const head = new Uint32Array(block.buffer, 0, 12);
    head.set([dtype, shape.length, ...shape]);
    head[8] = name.length;
    block.set(new TextEncoder().encode(name), 48);
    block.set(bytes.subarray(0, bytes.length - cut), 48 + named);
    const at = plugin.place(block);
    const status = plugin.exports.tincture_tensor(set, at, block.length);
    plugin.exports.tincture_free(at);
    return status;
  };

  test('describes itself in JSON that the schema takes, with any text', () => {
    const text = plugin.wordsAt(plugin.exports.tincture_describe());
    expect(pluginDescriptionSchema.parse(JSON.parse(text))).toEqual({
      title: 'Tést "x" \\ 漢😀',
      description: 'ab',
      half: true,
      parameters: [
        { name: 'mix', default: 0.5, minimum: -1, maximum: 2.25 },
        { name: 'fine', default: 0.000001, minimum: 0, maximum: 1_000_000 },
      ],
    });
    expect(plugin.wordsAt(plugin.exports.tincture_describe())).toBe(text);
  });

  test('parameters have their defaults, then what was set, and no others are taken', () => {
    plugin.exports.tincture_describe();
    expect(plugin.exports.parameter(0)).toBe(0.5);
    expect(plugin.exports.tincture_parameter(0, -0.25)).toBe(STATUS.ok);
    expect(plugin.exports.parameter(0)).toBe(-0.25);
    expect(plugin.exports.parameter(1)).toBe(Math.fround(0.000001));
    for (const index of [-1, 2]) {
      expect(plugin.exports.tincture_parameter(index, 0)).toBe(STATUS.refused);
      expect(plugin.words()).toBe('there is no such parameter');
    }
  });

  test('a schedule has a factor and a phase for each step', () => {
    const out = plugin.place(new Uint8Array(40));
    expect(plugin.exports.tincture_schedule(5, out)).toBe(STATUS.ok);
    const view = new DataView(plugin.exports.memory.buffer);
    for (let step = 0; step < 5; step++) {
      expect(view.getFloat32(out + 8 * step, true)).toBe(step / 4);
      expect(view.getInt32(out + 8 * step + 4, true)).toBe(step);
    }
    plugin.exports.tincture_schedule(1, out);
    expect(plugin.floats(out, 1)).toEqual(Float32Array.of(0));
  });

  test('messages carry numbers and stay UTF-8 when cut', () => {
    expect(plugin.words()).toBe('');
    const said = (status: number): string => {
      expect(status).toBe(STATUS.refused);
      return plugin.words();
    };
    expect(said(plugin.exports.tellNumber(0n))).toBe('number 0');
    expect(said(plugin.exports.tellNumber(-9007199254740993n))).toBe('number -9007199254740993');
    expect(said(plugin.exports.tellDecimal(-12.5))).toBe('decimal -12.5');
    expect(said(plugin.exports.tellDecimal(0.07))).toBe('decimal 0.07');
    expect(said(plugin.exports.tellDecimal(3))).toBe('decimal 3');
    expect(said(plugin.exports.tellWidth())).toBe('width 7 instead of 9 — 漢');
    expect(said(plugin.exports.tellAll())).toMatch(/^é{120,126}$/);
  });

  test('tensors of every dtype are found by set and name, and widened exactly', () => {
    const sent: [number, number, Uint8Array, number[]][] = [
      [0, 0, new Uint8Array(Float32Array.of(1.5, -2).buffer), [1.5, -2]],
      [1, 1, new Uint8Array(new Float16Array([0.1, -4]).buffer), [...new Float16Array([0.1, -4])]],
      [2, 2, new Uint8Array(Int8Array.of(-128, 127).buffer), [-128, 127]],
      [3, 3, Uint8Array.of(0, 255), [0, 255]],
      [4, 4, new Uint8Array(Int32Array.of(-70000, 70000).buffer), [-70000, 70000]],
    ];
    for (const [set, dtype, bytes] of sent) {
      expect(send(set, 'x', dtype, [2], bytes), plugin.words()).toBe(STATUS.ok);
      expect(send(set, 'xx', dtype, [2], bytes)).toBe(STATUS.ok);
    }
    const out = plugin.place(new Uint8Array(8));
    for (const [set, dtype, , expected] of sent) {
      expect(plugin.exports.widened(set, out)).toBe(2);
      expect([...plugin.floats(out, 2)]).toEqual(expected);
      if (dtype !== 1) expect(plugin.exports.element(set, 1)).toBe(expected[1]);
    }
    expect(plugin.exports.hasShape(0, 2, 1)).toBe(1);
    expect(plugin.exports.hasShape(0, 1, 2)).toBe(0);
    expect(plugin.words()).toBe('tensor x has the wrong shape');
    plugin.exports.forget(2);
    expect(plugin.exports.widened(2, out)).toBe(-1);
    expect(plugin.words()).toBe('there is no tensor x');
    expect(plugin.exports.element(3, 1)).toBe(255);
  });

  test('tensor blocks that contradict themselves are refused', () => {
    const two = new Uint8Array(8);
    const wrong: (() => number)[] = [
      () => send(0, 'x', 0, [3], two),
      () => send(0, 'x', 5, [2], two),
      () => send(0, 'x', 0, [65536, 65536], two),
      () => send(0, 'x', 0, [0xffffffff], two),
      () => send(0, '', 0, [2], two),
      () => send(0, 'x', 0, [2], two, 4),
      () => send(0, 'x'.repeat(257), 0, [2], two),
    ];
    for (const attempt of wrong) {
      expect(attempt()).toBe(STATUS.refused);
      expect(plugin.words()).toBe('header and length of a tensor disagree');
    }
    const short = plugin.place(new Uint8Array(40));
    expect(plugin.exports.tincture_tensor(0, short, 40)).toBe(STATUS.refused);
    expect(send(0, 'x', 0, [], new Uint8Array(4))).toBe(STATUS.ok);
  });

  test('softmax, means, products and dequantisation', () => {
    const x = plugin.placeFloats(1000, 1000, 1000, 1000, 0, Math.log(3), 0, 0);
    plugin.exports.softmax(x, 2, 4);
    expect([...plugin.floats(x, 4)]).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(relativeError(plugin.floats(x + 16, 4), Float32Array.of(1 / 6, 1 / 2, 1 / 6, 1 / 6))).toBeLessThan(
      1e-6,
    );
    const out = plugin.place(new Uint8Array(24));
    plugin.exports.meanOfRows(plugin.placeFloats(1, 2, 3, 3, 6, 9), 2, 3, out);
    expect([...plugin.floats(out, 3)]).toEqual([2, 4, 6]);
    plugin.exports.multiply(
      plugin.placeFloats(1, 2, 3, 4),
      plugin.placeFloats(5, 6, 7, 8, 9, 10),
      2,
      2,
      3,
      out,
    );
    expect([...plugin.floats(out, 6)]).toEqual([21, 24, 27, 47, 54, 61]);
    const whole = plugin.place(new Uint8Array(Int8Array.of(-127, 1, 2, 127).buffer));
    plugin.exports.dequantise(whole, plugin.placeFloats(0.5, 2), 2, 2, out);
    expect([...plugin.floats(out, 4)]).toEqual([-63.5, 0.5, 4, 254]);
  });

  test('a network of its own may end in another width; slopes must be there', () => {
    const out = plugin.place(new Uint8Array(16));
    expect(plugin.exports.narrow(2, plugin.placeFloats(1, 1, 0, 0, 0, -1), out)).toBe(STATUS.ok);
    const silu = (value: number) => value / (1 + Math.exp(-value));
    expect(
      relativeError(plugin.floats(out, 4), Float32Array.of(silu(3), silu(3), silu(0), silu(0))),
    ).toBeLessThan(1e-6);
    expect(plugin.exports.withoutSlopes()).toBe(STATUS.refused);
    expect(plugin.words()).toBe('slopes do not fit in layer 0 of width 3');
  });

  test('the context is kept as a copy, the last one alone', () => {
    expect(plugin.exports.contextSum()).toBe(-1);
    for (const scale of [1, 2]) {
      const at = plugin.placeFloats(scale, 2 * scale, 3 * scale, 4 * scale);
      expect(plugin.exports.tincture_context(2, 2, at)).toBe(STATUS.ok);
      plugin.exports.memory.buffer.slice(0, 0);
      new Float32Array(plugin.exports.memory.buffer, at, 4).fill(0);
      plugin.exports.tincture_free(at);
      expect(plugin.exports.contextSum()).toBe(10 * scale);
    }
  });

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
      send(
        set,
        `2.${side}.0.a`,
        2,
        [1, columns],
        new Uint8Array(Int8Array.from({ length: columns }, () => 3).buffer),
      );
      send(set, `2.${side}.0.a.scale`, 0, [1], bytes(0.5));
      send(set, `2.${side}.0.b`, 2, [2, 1], new Uint8Array(Int8Array.of(2, -4).buffer));
      send(set, `2.${side}.0.b.scale`, 0, [2], bytes(1, 0.25));
      send(set, `2.${side}.0.bias`, 0, [2], bytes(7, 8));
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
    send(3, '2.k.0.a', 0, [1, 2], bytes(1, 2));
    expect(plugin.exports.unpack(3, 2, 1)).toBe(STATUS.refused);
    expect(plugin.words()).toBe('there is no tensor 2.k.0.b');
  });
});
