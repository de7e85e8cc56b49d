// What plugins weigh, and the SDK's words, parameters, tensors and operations.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { relativeError } from '../../../client/tensor/tensor.ts';
import { STATUS } from '../../../plugins/contract/abi.ts';
import { pluginDescriptionSchema } from '../../../plugins/contract/description.ts';
import { validatePlugin } from '../../../plugins/contract/validator.ts';
// biome-ignore lint/correctness/useImportExtensions: the rule takes the types beside it for the module
import { compileModule } from '../../../wasm/build.mjs';
import { RawPlugin } from '../raw-plugin.ts';
import { compiled, type Everything, ROOT, sendTensor } from './modules.ts';

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

test('the README’s ten lines are a whole plugin', async () => {
  const readme = await readFile(`${ROOT}/plugins/sdk/README.md`, 'utf8');
  const source = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
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

  const send = (set: number, name: string, dtype: number, shape: number[], bytes: Uint8Array, cut = 0) =>
    sendTensor(plugin, set, name, dtype, shape, bytes, cut);

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
    expect(send(0, 'x', 4, [1], new Uint8Array(4))).toBe(STATUS.ok);
    expect(plugin.exports.widened(0, out)).toBe(1);
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

  test('handing a file over again takes no more memory', () => {
    const bytes = new Uint8Array(40_000);
    send(0, 'x', 0, [10_000], bytes);
    send(0, 'x', 0, [10_000], bytes);
    const size = plugin.exports.memory.buffer.byteLength;
    for (let i = 0; i < 20; i++) send(0, 'x', 0, [10_000], bytes);
    expect(plugin.exports.memory.buffer.byteLength).toBe(size);
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
});
