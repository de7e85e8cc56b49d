// The metering pass: exact fuel, every kind of control flow, everything ends, and nothing of a plugin reaches the fuel.
import { beforeAll, describe, expect, test } from 'vitest';
import { PluginError } from '../../../plugins/contract/plugin-error.ts';
import { BULK_COST, FUEL_EXPORT, GROW_COST, GROWN_PAGE_COST } from '../../../plugins/metering/fuel.ts';
import { meterPlugin } from '../../../plugins/metering/meter.ts';
import { compileText } from '../module-text.ts';
import { type Call, type Pair, pairOf } from './metered-run.ts';

const PLENTY = 10n ** 12n;
const PAGE = 65_536;

/** A module of these fields, with a memory of 1 to 4 pages. */
function moduleOf(fields: string): Promise<Uint8Array<ArrayBuffer>> {
  return compileText(`(module (memory (export "memory") 1 4) ${fields})`);
}

const CONTROL = `
  (type $binary (func (param i32 i32) (result i32)))
  (table 2 funcref) (elem (i32.const 0) $add $subtract)
  (global $seen (export "seen") (mut i32) (i32.const 0))
  (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func $subtract (type $binary) (i32.sub (local.get 0) (local.get 1)))
  (func (export "straight") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $count (export "count") (param $n i32) (result i32) (local $i i32)
    (loop $again
      (br_if $again (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $i))
  (func (export "nested") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
    (loop $outer
      (local.set $j (i32.const 0))
      (loop $inner
        (local.set $sum (i32.add (local.get $sum) (local.get $j)))
        (br_if $inner (i32.lt_s (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
      (br_if $outer (i32.lt_s (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum))
  (func (export "table") (param $i i32) (result i32)
    (block $c (block $b (block $a (br_table $a $b $c (local.get $i)))
      (return (i32.const 10)))
      (return (i32.const 20)))
    (i32.const 30))
  (func (export "early") (param $n i32) (result i32) (local $i i32)
    (loop $again
      (if (i32.eq (local.get $i) (local.get $n)) (then (return (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $again))
    (unreachable))
  (func (export "multi") (param $n i32) (result i32)
    (local.get $n) (i32.const 3)
    (block (param i32 i32) (result i32 i32) (i32.add) (i32.const 5))
    (loop $again (param i32 i32) (result i32)
      (i32.sub) (local.tee $n) (i32.const 1)
      (br_if $again (i32.gt_s (local.get $n) (i32.const 0)))
      (i32.add)))
  (func $fibonacci (export "fibonacci") (param $n i32) (result i32)
    (if (result i32) (i32.lt_s (local.get $n) (i32.const 2)) (then (local.get $n))
      (else (i32.add (call $fibonacci (i32.sub (local.get $n) (i32.const 1)))
        (call $fibonacci (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "indirect") (param $i i32) (result i32)
    (global.set $seen (i32.const 1))
    (call_indirect (type $binary) (i32.const 9) (i32.const 4) (local.get $i)))
  (func (export "for-ever") (loop $again (br $again)))
  (func (export "for-ever-in-turns") (loop $outer (loop $inner (br_if $outer (i32.const 1)) (br $inner))))
  (func $deep (export "deeper") (call $deep))
  (func $ping (export "ping") (call $pong) (call $pong))
  (func $pong (call $ping))
  (func (export "divide") (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))`;

let control: Pair;
beforeAll(async () => {
  control = pairOf(await moduleOf(CONTROL));
});

const call =
  (name: string, ...args: readonly number[]): Call =>
  (it) =>
    it[name]!(...args);

/** Worked out by hand: each entry and each trip of a loop is 4; locals, operators and each block's `end` are 1, divisions and indirect calls 8. */
const FUEL: readonly (readonly [name: string, argument: number, fuel: number])[] = [
  ['straight', 1, 8],
  ['count', 1, 8 + 12],
  ['count', 1000, 8 + 12 * 1000],
  ['nested', 1, 7 + 3 + 15 + 16],
  ['nested', 10, 7 + 3 + 10 * (15 + 10 * 16)],
  ['table', 0, 18],
  ['table', 2, 18],
  ['early', 0, 8 + 17],
  ['early', 5, 8 + 6 * 17],
  ['multi', 4, 12 + 3 * 13],
  ['fibonacci', 1, 21],
  ['fibonacci', 10, 177 * 21],
  ['indirect', 0, 18 + 8],
  ['divide', 1, 15],
  ['divide', 0, 15],
];

describe('control flow', () => {
  test.each(FUEL)('%s(%i) does what it did, for %i', (name, argument, fuel) => {
    const original = control.original(call(name, argument));
    const { used, ...metered } = control.metered(PLENTY, call(name, argument));
    expect(metered).toEqual(original);
    expect(used).toBe(BigInt(fuel));
    expect(control.metered(BigInt(fuel), call(name, argument))).toEqual({ ...original, used });
    expect(control.metered(BigInt(fuel - 1), call(name, argument)).trap).toBe('unreachable');
  });

  test.each([
    ['for-ever', 10_000_000n],
    ['for-ever-in-turns', 10_000_000n],
    ['ping', 1_000n],
    ['deeper', 1_000n],
  ])('%s ends when its fuel does', (name, fuel) => {
    const { trap, used } = control.metered(fuel, call(name));
    expect(trap).toBe('unreachable');
    expect(used).toBeGreaterThan(fuel);
    expect(used).toBeLessThan(fuel + 20n);
  });

  test('recursion with fuel left ends with the stack', () => {
    const { trap, used } = control.metered(PLENTY, call('deeper'));
    expect(trap).toMatch(/call stack/);
    expect(used).toBeLessThan(PLENTY);
  });

  test('without fuel nothing runs', () => {
    expect(control.metered(0n, call('straight', 1))).toMatchObject({ trap: 'unreachable', used: 8n });
  });
});

describe('bulk memory and growth', () => {
  const BULK = `
    (data $bytes "0123456789abcdef")
    (func (export "fill") (param i32) (memory.fill (i32.const 8) (i32.const 7) (local.get 0)))
    (func (export "copy") (param i32) (memory.copy (i32.const 32) (i32.const 0) (local.get 0)))
    (func (export "init") (param i32) (memory.init $bytes (i32.const 1) (i32.const 0) (local.get 0)) (data.drop $bytes))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))`;
  let bulk: Pair;
  beforeAll(async () => {
    bulk = pairOf(await moduleOf(BULK));
  });

  test.each([
    ['fill', 0, 5, BULK_COST],
    ['fill', 40_000, 5, BULK_COST + 5000],
    ['copy', 65_000, 5, BULK_COST + 8125],
    ['init', 16, 6, BULK_COST + 2],
    // Traps; what is charged is the whole memory, not the length.
    ['fill', -1, 5, BULK_COST + PAGE / 8],
    ['init', 17, 6, BULK_COST + 2],
    ['grow', 0, 3, GROW_COST],
    ['grow', 3, 3, GROW_COST + 3 * GROWN_PAGE_COST],
    // Refused by the engine, as a page too much.
    ['grow', 4, 3, GROW_COST],
    ['grow', -1, 3, GROW_COST],
  ])('%s(%i)', (name, argument, operators, charge) => {
    const original = bulk.original(call(name, argument));
    const { used, ...metered } = bulk.metered(PLENTY, call(name, argument));
    expect(metered).toEqual(original);
    expect(used).toBe(BigInt(4 + operators + charge));
    expect(bulk.metered(used - 1n, call(name, argument)).trap).toBe('unreachable');
  });

  test('the declared maximum is lowered, and growth stops there', async () => {
    const capped = pairOf(await moduleOf(BULK), { memoryBytes: 2 * PAGE + 100 });
    expect(capped.metered(PLENTY, call('grow', 2)).result).toBe(-1);
    expect(capped.metered(PLENTY, call('grow', 1)).result).toBe(1);
  });

  test('a maximum below the cap stays', async () => {
    const capped = pairOf(await moduleOf(BULK), { memoryBytes: 100 * PAGE });
    expect(capped.metered(PLENTY, call('grow', 3)).result).toBe(1);
    expect(capped.metered(PLENTY, call('grow', 4)).result).toBe(-1);
  });

  test('a memory that starts above the cap is refused', async () => {
    const wasm = await compileText('(module (memory (export "memory") 3 4) (func (export "f")))');
    expect(() => meterPlugin(wasm, { name: 'large', memoryBytes: 2 * PAGE })).toThrow(
      expect.objectContaining({
        code: 'plugin/memory',
        message: "large: the module's memory starts too large; expected at most 131072 bytes, found 196608",
      }),
    );
  });
});

describe('what a plugin cannot do', () => {
  const refusal = async (fields: string): Promise<unknown> => {
    const wasm = await compileText(`(module (memory (export "memory") 1 4) ${fields})`, false);
    try {
      return meterPlugin(wasm);
    } catch (error) {
      return error instanceof PluginError ? error.code : error;
    }
  };

  // Each of these indices is one past the end in the module, and names an addition in its metered copy.
  test.each([
    ['read the fuel', '(func (export "f") (result i64) (global.get 0))'],
    ['set the fuel', '(func (export "f") (global.set 0 (i64.const 1000000000)))'],
    ['export the fuel under another name', '(export "g" (global 0)) (func (export "f"))'],
    ['call what grows the memory', '(func (export "f") (drop (call 1 (i32.const 1))))'],
    ['call what charges for bytes', '(func (export "f") (drop (call 2 (i32.const 1))))'],
    ['export what grows the memory', '(func (export "f")) (export "g" (func 1))'],
    ['put what charges into its table', '(table 1 funcref) (elem (i32.const 0) 2) (func (export "f"))'],
    ['use a type of the additions', '(type (func)) (func (export "f") (block (type 1) (drop)) )'],
  ])('%s', async (_, fields) => {
    expect(await refusal(fields)).toBe('plugin/invalid');
  });

  test('see the additions under its own names: all indices stay', async () => {
    const wasm = await moduleOf(`
      (global $a (export "a") (mut i32) (i32.const 5)) (global (export "b") f64 (f64.const 2))
      (func (export "f") (result i32) (global.set $a (i32.const 6)) (global.get $a))`);
    const metered = new WebAssembly.Module(meterPlugin(wasm));
    const names = WebAssembly.Module.exports(metered).map(({ name }) => name);
    expect(names).toEqual(['memory', 'a', 'b', 'f', FUEL_EXPORT]);
    expect(WebAssembly.Module.imports(metered)).toEqual([]);
    expect(pairOf(wasm).metered(PLENTY, call('f'))).toMatchObject({ result: 6, globals: [6, 2] });
  });

  test('make the copy explode: the longest functions stay within what engines take', async () => {
    const loops = await moduleOf(`(func (export "f") ${'(loop)'.repeat(87_000)})`);
    const metered = meterPlugin(loops);
    expect(WebAssembly.validate(metered)).toBe(true);
    expect(metered.length / loops.length).toBeLessThan(9);
    expect(pairOf(loops).metered(PLENTY, call('f')).used).toBe(4n + 87_001n + 5n * 87_000n);
  });
});

test('modules without globals, with a count of their data, with custom sections', async () => {
  const plain = await moduleOf('(data $d "abc") (func (export "f") (data.drop $d))');
  const custom = Uint8Array.of(0, 4, 1, 0x78, 9, 9);
  const withCustom = new Uint8Array([...plain, ...custom]);
  expect(WebAssembly.Module.customSections(new WebAssembly.Module(withCustom), 'x')).toHaveLength(1);
  expect(meterPlugin(withCustom)).toEqual(meterPlugin(plain));
  expect(pairOf(plain).metered(9n, call('f')).used).toBe(6n);
});
