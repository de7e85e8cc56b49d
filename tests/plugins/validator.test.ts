// The static validator: what it tells of a good module, and each thing that it refuses.
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { ACTIVATIONS } from '../../client/hypernetwork/hypernetwork.ts';
import { ABI_ACTIVATIONS, REQUIRED_FUNCTIONS } from '../../plugins/contract/abi.ts';
import { MAX_MEMORY_BYTES } from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { compileText, moduleText } from './module-text.ts';

/** The error of this module, or undefined. Anything but a PluginError fails the test. */
function errorOf(bytes: Uint8Array, memoryBytes?: number): PluginError | undefined {
  try {
    validatePlugin(bytes, { name: 'm.wasm', ...(memoryBytes === undefined ? {} : { memoryBytes }) });
    return undefined;
  } catch (error) {
    if (error instanceof PluginError) return error;
    throw error;
  }
}

async function refusal(text: string): Promise<string> {
  const error = errorOf(await compileText(text, false));
  expect(error?.code).toBe('plugin/invalid');
  expect(error?.facts.where).toMatch(/^m\.wasm at byte \d+$/);
  return error!.message;
}

const more = (field: string): string => moduleText({ more: field });
let good: Uint8Array;
beforeAll(async () => {
  good = await compileText(moduleText());
});

test('the standard plugin: facts of both builds', async () => {
  for (const [file, relaxedSimd] of [
    ['hypernetwork.wasm', false],
    ['hypernetwork.relaxed.wasm', true],
  ] as const) {
    const bytes = await readFile(new URL(`../../build/plugins/${file}`, import.meta.url));
    const facts = validatePlugin(bytes);
    expect(facts).toMatchObject({
      abiVersion: 1,
      size: bytes.length,
      memory: { minimumBytes: 65_536, maximumBytes: MAX_MEMORY_BYTES },
      relaxedSimd,
    });
    expect([...facts.exports].sort()).toEqual(
      ['memory', ...Object.keys(REQUIRED_FUNCTIONS), ...facts.offers].sort(),
    );
    expect([...facts.offers]).toEqual(expect.arrayContaining(['tincture_apply', 'tincture_load']));
    expect(bytes.length).toBeLessThan(12_000);
  }
});

test('the ABI lists the activations that hypernetworks name, in their order', () => {
  expect(ABI_ACTIVATIONS).toEqual(ACTIVATIONS);
});

test('a bare plugin is valid, with custom sections and further exports', async () => {
  expect(validatePlugin(good)).toMatchObject({
    functions: 5,
    offers: new Set(['tincture_apply']),
    memory: { minimumBytes: 65_536, maximumBytes: 262_144 },
  });
  const custom = Uint8Array.of(...good, 0, 7, 4, 110, 97, 109, 101, 255, 255);
  expect(errorOf(custom)).toBeUndefined();
  const extra = await compileText(
    more('(func (export "_initialize")) (global (export "__heap_base") i32 (i32.const 1))'),
  );
  expect(validatePlugin(extra).exports).toContain('_initialize');
});

test('bulk memory, sign extension, saturating conversion, SIMD, relaxed SIMD, tables and multi-value are allowed', async () => {
  const module = await compileText(
    more(`(table 2 funcref) (elem (i32.const 0) $two) (data "abc") (type $t (func (result i32 i32)))
      (func $two (type $t) (i32.const 1) (i32.const 2))
      (func (local v128)
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 4)) (memory.copy (i32.const 0) (i32.const 8) (i32.const 4))
        (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop 0)
        (drop (i32.extend8_s (i32.const 1))) (drop (i32.trunc_sat_f32_s (f32.const 1)))
        (local.set 0 (f32x4.relaxed_madd (local.get 0) (local.get 0) (f32x4.splat (f32.const 1))))
        (drop (drop (call_indirect (type $t) (i32.const 0)))))`),
    false,
  );
  expect(validatePlugin(module).relaxedSimd).toBe(true);
});

describe('refused, by byte and reason:', () => {
  test('imports', async () => {
    const text = moduleText().replace('(module', '(module (import "env" "now" (func (result f64)))');
    expect(await refusal(text)).toContain(
      'plugins may not import anything; expected no imports, found function env.now',
    );
    for (const [field, kind] of [
      ['(table 1 funcref)', 'table'],
      ['(memory 1 2)', 'memory'],
      ['(global i32)', 'global'],
      ['(tag)', 'tag'],
    ] as const) {
      const importing = moduleText().replace('(module', `(module (import "e" "x" ${field})`);
      expect(await refusal(importing)).toContain(`found ${kind} e.x`);
    }
  });

  test('a start function', async () => {
    expect(await refusal(more('(func $f) (start $f)'))).toContain('a start function is not allowed');
  });

  for (const name of Object.keys(REQUIRED_FUNCTIONS)) {
    test(`${name} missing`, async () => {
      const text = moduleText().replace(`(export "${name}")`, '(export "other")');
      expect(await refusal(text)).toContain(`export ${name} is missing`);
    });
  }

  test('wrong signatures and kinds', async () => {
    const wrong = moduleText().replace('(param i32 i32 i32 i32 f32)', '(param i32 i32 i32 i32 f64)');
    expect(await refusal(wrong)).toContain(
      'export tincture_apply has the wrong signature; expected (i32, i32, i32, i32, f32) → (i32), found (i32, i32, i32, i32, f64) → (i32)',
    );
    const noFunction = moduleText().replace('(export "tincture_error")', '');
    expect(
      await refusal(noFunction.replace(/\)$/, '(global (export "tincture_error") i32 (i32.const 0)))')),
    ).toContain('something else');
    expect(await refusal(moduleText().replace('(export "memory")', ''))).toContain('not exported as memory');
  });

  test('functions that no ABI has, and modules that do nothing', async () => {
    expect(await refusal(more('(func (export "tincture_draw"))'))).toContain(
      'export tincture_draw is not of this ABI',
    );
    // A later version's marker beside this one is fine: a host takes the newest that it knows.
    expect(errorOf(await compileText(more('(func (export "tincture_abi_2"))')))).toBeUndefined();
    const idle = moduleText().replace('(export "tincture_apply")', '');
    expect(await refusal(idle)).toContain('the module does nothing; expected an export tincture_apply or');
    const makes = idle.replace(
      /\)$/,
      '(func (export "tincture_layers") (param i32 i32 i32) (result i32) (i32.const 3)))',
    );
    expect(validatePlugin(await compileText(makes)).offers).toEqual(new Set(['tincture_layers']));
    const late = moduleText({ tincture_phase: '(i32.const 0)' }).replace(
      '(param i32) (result i32) (i32.const 0)',
      '(param i64) (result i32) (i32.const 0)',
    );
    expect(await refusal(late)).toContain('expected (i32) → (i32), found (i64) → (i32)');
  });

  test('memories', async () => {
    expect(await refusal(moduleText({ memory: '1' }))).toContain('declares no maximum');
    expect(await refusal(moduleText({ memory: '1 4 shared' }))).toContain('shared, 64-bit');
    expect(await refusal(moduleText({ memory: 'i64 1 4' }))).toContain('shared, 64-bit');
    expect(await refusal(more('(memory 1 2)'))).toContain('too many memory entries');
    expect(await refusal(moduleText().replace('(memory (export "memory") 1 4)', ''))).toContain('no memory');
    for (const [memory, granted] of [
      ['1 8193', undefined],
      ['1 4', 65_536],
      ['5 4', undefined],
    ] as const) {
      const error = errorOf(await compileText(moduleText({ memory }), false), granted);
      expect(error?.code).toBe('plugin/memory');
      expect(error?.facts.where).toMatch(/^m\.wasm at byte \d+$/);
    }
    expect(errorOf(await compileText(moduleText({ memory: '1 8192' })))).toBeUndefined();
  });

  test('operators outside the list', async () => {
    const operator = async (body: string): Promise<string> => refusal(more(`(table 1 funcref) ${body}`));
    expect(await operator('(func (drop (i32.atomic.load (i32.const 0))))')).toContain('found 0xfe');
    expect(await operator('(func (atomic.fence))')).toContain('0xfe');
    expect(await operator('(func $f (return_call $f))')).toContain('0x12');
    expect(await operator('(func (drop (ref.null func)))')).toContain('0xd0');
    expect(await operator('(func (drop (table.get 0 (i32.const 0))))')).toContain('0x25');
    expect(await operator('(func (drop (table.size 0)))')).toContain('0xfc10');
    expect(await operator('(func (try (do) (catch_all)))')).toContain('0x6');
  });

  test('exceptions, references and wrong types', async () => {
    expect(await refusal(more('(tag)'))).toContain('a section that plugins may not have');
    expect(await refusal(more('(func (param externref))'))).toContain('found 0x6f');
    expect(await refusal(more('(func (local funcref))'))).toContain('found 0x70');
  });

  test('counts that promise more than the file holds', async () => {
    const header = good.subarray(0, 8);
    const promises = [
      [1, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x60],
      [1, 7, 1, 0x60, 0xff, 0xff, 0xff, 0xff, 0x0f],
      [10, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
      [10, 8, 1, 6, 1, 0xff, 0xff, 0xff, 0x7f, 0x7f],
      [1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
      [0, 2, 9, 97],
      [5, 0xff, 0xff, 0x03],
    ];
    for (const section of promises)
      expect(errorOf(Uint8Array.of(...header, ...section))?.code).toBe('plugin/invalid');
  });

  test('every truncation, trailing bytes, doubled and misplaced sections', async () => {
    for (let length = 0; length < good.length; length++) {
      expect(errorOf(good.slice(0, length)), `${length} bytes`).toBeInstanceOf(PluginError);
    }
    expect(errorOf(Uint8Array.of(...good, 1))?.message).toContain('middle of an entry');
    expect(errorOf(Uint8Array.of(...good, ...good))?.message).toContain('an entry runs past its end');
    expect(errorOf(Uint8Array.of(...good, 1, 1, 0))?.message).toContain('doubled or out of order');
    expect(errorOf(Uint8Array.of(...good, 99, 0))?.message).toContain('may not have');
  });

  test('any changed byte is refused or leaves a plugin, and never takes long or fails otherwise', () => {
    for (let at = 0; at < good.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const changed = good.slice();
        changed[at] = value;
        errorOf(changed);
      }
    }
  });
});
