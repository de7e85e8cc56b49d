// Objects that an author makes inside functions, and buffers that the host holds: neither touches the other.
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { compilePlugin } from '../../../client/kit/compile.ts';
import { readLibrary } from '../../../client/kit/library.ts';
import { validatePlugin } from '../../../plugins/contract/validator.ts';
import { type RawExports, RawPlugin } from '../raw-plugin.ts';
import { compiled, ROOT } from './modules.ts';

interface Objects extends RawExports {
  tincture_apply(width: number, rows: number, k: number, v: number, strength: number): number;
  floats(count: number, value: number): number;
  keptSum(): number;
  grown(count: number): number;
  joined(count: number): number;
  mapped(count: number): number;
  reallocated(size: number): number;
}

const SOURCE = 'tests/plugins/sdk/assembly/objects.ts';

async function byKit(release: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const files = { 'assembly/index.ts': await readFile(`${ROOT}/${SOURCE}`, 'utf8') };
  const request = { files, entry: 'assembly/index.ts', library: await readLibrary(), release };
  const { wasm, diagnostics } = await compilePlugin(request);
  expect(diagnostics).toEqual([]);
  return wasm!;
}

let own: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  own = await compiled('objects');
});

const BUILDS: readonly [string, () => Promise<Uint8Array<ArrayBuffer>>][] = [
  ['a release build', async () => own],
  ['a debug build', () => byKit(false)],
];

test('both builds give the same module, which hosts take', async () => {
  const kit = await byKit(true);
  expect(Buffer.from(own).equals(Buffer.from(kit))).toBe(true);
  expect(validatePlugin(kit, { name: 'objects' }).offers.has('tincture_apply')).toBe(true);
});

test.each(BUILDS)('%s: objects and the host’s buffers do not overlap', async (_name, build) => {
  const plugin = await RawPlugin.open<Objects>(await build());
  const { exports } = plugin;
  const taken: { at: number; bytes: number; value: number }[] = [];
  for (let round = 0; round < 40; round++) {
    const count = [8, 300, 5_000][round % 3]!;
    const value = round + 1;
    taken.push({ at: plugin.placeFloats(...new Array(count).fill(-value)), bytes: 4 * count, value: -value });
    taken.push({ at: exports.floats(count, value) >>> 0, bytes: 4 * count, value });
    // A freed block is found again, by objects and buffers alike.
    if (round % 4 === 3) {
      const freed = taken.findIndex((block) => block.value < 0);
      exports.tincture_free(taken.splice(freed, 1)[0]!.at);
    }
    expect(exports.keptSum()).toBe(count * value);
    expect(exports.joined(60)).toBe(170);
    expect(exports.grown(2_000)).toBe(1_999_000);
    expect(exports.mapped(200)).toBe(39_601);
    expect(exports.reallocated(3_000)).toBeGreaterThan(0);
  }
  const ordered = taken.toSorted((a, b) => a.at - b.at);
  for (const [i, { at, bytes }] of ordered.slice(0, -1).entries()) {
    expect(at + bytes).toBeLessThanOrEqual(ordered[i + 1]!.at);
  }
  for (const { at, bytes, value } of taken) {
    expect(new Set(plugin.floats(at, bytes / 4))).toEqual(new Set([value]));
  }
});

test('an apply that makes an array reads the host’s keys as they are', async () => {
  const plugin = await RawPlugin.open<Objects>(own);
  const k = plugin.placeFloats(1, 2, 3, 4, 5, 6);
  const v = plugin.placeFloats(7, 7, 7, 7, 7, 7);
  expect(plugin.exports.tincture_apply(3, 2, k, v, 0.5)).toBe(0);
  expect([...plugin.floats(k, 6)]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...plugin.floats(v, 6)]).toEqual([3, 7, 7, 7.5, 7, 7]);
});

test('the array of a full memory traps instead of lying elsewhere', async () => {
  const plugin = await RawPlugin.open<Objects>(own);
  expect(() => plugin.exports.floats(200 * 2 ** 20, 1)).toThrow(WebAssembly.RuntimeError);
});
