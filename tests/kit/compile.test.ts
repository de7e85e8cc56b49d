// Compiling in memory: the same bytes each time, findings at their places, nothing from outside of the files in hand.
import { describe, expect, test } from 'vitest';
import { checkPlugin } from '../../client/kit/check.ts';
import { compilePlugin, MAX_SOURCE_FILES } from '../../client/kit/compile.ts';
import { formatDiagnostic, placeOf } from '../../client/kit/diagnostics.ts';
import { explainRefusal } from '../../client/kit/explain.ts';
import { readLibrary } from '../../client/kit/library.ts';
import { BASICS, compile, ENTRY, SCALE } from './sources.ts';

describe('a source that is right', () => {
  test('gives the same bytes each time, without names; a debug build has names', async () => {
    const [first, second, debug] = [await compile(SCALE), await compile(SCALE), await compile(SCALE, false)];
    expect(first.diagnostics).toEqual([]);
    expect(Buffer.from(first.wasm!).equals(Buffer.from(second.wasm!))).toBe(true);
    expect(checkPlugin(first.wasm!)).toMatchObject({
      problem: null,
      facts: { abi: 1, does: [{ export: 'tincture_apply' }], otherExports: [], card: null },
    });
    expect(checkPlugin(first.wasm!).warnings).toEqual([expect.stringMatching(/does not describe itself/)]);
    expect(checkPlugin(debug.wasm!).warnings[0]).toMatch(/a debug build/);
    expect(debug.wasm!.length).toBeGreaterThan(first.wasm!.length);
  });

  test('may have several files', async () => {
    const { wasm } = await compilePlugin({
      files: {
        [ENTRY]: `${BASICS}import { twice } from './more/maths';\nexport function tincture_apply(w: i32, r: i32, k: usize, v: usize, s: f32): i32 { store<f32>(k, twice(s)); return 0; }`,
        'assembly/more/maths.ts': 'export function twice(x: f32): f32 { return x * 2; }',
      },
      entry: ENTRY,
      library: await readLibrary(),
      release: true,
    });
    expect(checkPlugin(wasm!).problem).toBeNull();
  });
});

describe('a source that is wrong', () => {
  test.each<[string, string, object]>([
    ['a type', 'let a: i32 = "x";', { line: 1, column: 14, code: 2322, message: expect.stringMatching(/^Type 'String' is not assignable to type 'i32'/) }],
    ['a name', '\n\n\tfoo(1);', { line: 3, column: 2, code: 2304, excerpt: '\tfoo(1);', length: 3 }],
    ['syntax', 'export let a: i32 = ;', { line: 1, column: 21, code: 1109 }],
    ['a package', 'import { x } from "lodash"; x();', { line: 1, message: expect.stringMatching(/no package 'lodash'; a plugin imports 'tincture'/) }],
    ['a part of the SDK', 'import { x } from "tincture/gemm"; x();', { message: expect.stringMatching(/'tincture' has no 'gemm'/) }],
    ['a file', 'import { x } from "../../../etc/passwd"; x();', { code: 6054 }],
  ])('%s', async (_what, source, expected) => {
    const { wasm, diagnostics } = await compile(source);
    expect(wasm).toBeUndefined();
    expect(diagnostics[0]).toMatchObject({ file: ENTRY, severity: 'error', ...expected });
  }); // biome-ignore format: a table

  test('a missing entry, and too many files', async () => {
    const library = await readLibrary();
    const request = { files: { 'a.ts': '' }, library, release: true };
    await expect(compilePlugin({ ...request, entry: 'b.ts' })).rejects.toThrow(/^b\.ts: .*found a\.ts/);
    await expect(compilePlugin({ ...request, entry: 'toString' })).rejects.toThrow(/no such source/);
    const files = Object.fromEntries(Array.from({ length: MAX_SOURCE_FILES + 1 }, (_, i) => [`${i}.ts`, '']));
    await expect(compilePlugin({ files, entry: '0.ts', library, release: true })).rejects.toThrow(
      /at most 200 files .*found 201 files/,
    );
  });
});

describe('what the validator refuses, told in the sources', () => {
  const APPLY =
    'export function tincture_apply(w: i32, r: i32, k: usize, v: usize, s: f32): i32 { return 0; }\n';
  test.each<[string, string, number, RegExp]>([
    ['a missing export', BASICS.replace(', tincture_free', '') + APPLY, 1, /export \{ tincture_free \} from 'tincture'/],
    ['a signature', `${BASICS}\nexport function tincture_apply(width: i32): i32 { return 0; }`, 3, /tincture_apply has the wrong signature; expected \(i32, i32, i32, i32, f32\) → \(i32\), found \(i32\) → \(i32\)/],
    ['a name of no ABI', `${BASICS}${APPLY}export function tincture_aply(): void {}`, 3, /tincture_aply is not of this ABI; the ABI has tincture_apply/],
    ['nothing to do', BASICS, 1, /does nothing: export tincture_apply or tincture_layers/],
    ['an import', `${BASICS}${APPLY}\nexport function noise(): f64 { return Math.random(); }`, 4, /may not import anything.*no console, clock or random number/],
    ['code at the start', `${BASICS}${APPLY}\nlet table = new Float32Array(4);\nexport function size(): i32 { return table.length; }`, 4, /runs when the module starts/],
  ])('%s', async (_what, source, line, message) => {
    const { wasm } = await compile(source);
    const found = explainRefusal(wasm!, { [ENTRY]: source }, ENTRY);
    expect(found).toMatchObject({ file: ENTRY, line, severity: 'error', message: expect.stringMatching(message) });
  }); // biome-ignore format: a table
});

test('a finding as people read it: place, line, caret; long lines around the place only', () => {
  const text = `first\r\n\tlet a = ${'x'.repeat(200)} + wrong;\r\n`;
  const start = text.indexOf('wrong');
  const place = placeOf('a.ts', text, start, start + 5);
  expect(place).toMatchObject({ line: 2, column: start - 6, length: 5 });
  const [head, line, caret] = formatDiagnostic({ ...place, severity: 'error', message: 'no', code: 7 }).split(
    '\n',
  );
  expect(head).toBe(`a.ts:2:${place.column}: error: no (7)`);
  expect(line!.length).toBeLessThanOrEqual(102);
  expect(line!.slice(caret!.indexOf('^'), caret!.lastIndexOf('^') + 1)).toBe('wrong');
});
