// The kit's own checks of a style: what is right passes all of them, and each fault fails its own.
import { afterAll, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { openStyleFile, type StyleFile } from '../../client/formats/style-file.ts';
import { checkConformance } from '../../client/kit/conformance.ts';
import { tryStyle } from '../../client/kit/measure.ts';
import { packStyle } from '../../client/kit/pack.ts';
import { createNodeHost } from '../../client/plugin-host/node.ts';
import { BASICS, CARD, moduleOfSource, SCALE } from './sources.ts';

const host = createNodeHost();
afterAll(() => host.close());

const values = Float32Array.from({ length: 77 * 8 }, (_, i) => Math.sin(i));
const context = { width: 8, rows: 77, k: values, v: values.slice() };

async function styleOf(source: string): Promise<StyleFile> {
  const { bytes } = await packStyle({ card: CARD, plugin: await moduleOfSource(source) });
  return openStyleFile(bytesSource('test.style', bytes));
}

/** Never ends, and spends its fuel quickly. */
const LOOP = 'while (true) memory.grow(0);';

async function problemsOf(source: string): Promise<string[]> {
  const results = await checkConformance(host, await styleOf(source), { context, selfAttentionWidths: [4] });
  expect(results).toHaveLength(9);
  return results.flatMap(({ name, problem }) => (problem === null ? [] : [`${name}: ${problem}`]));
}

const APPLY = 'export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32';

test('a right one passes everything', async () => {
  expect(await problemsOf(SCALE)).toEqual([]);
});

test.each<[string, string, RegExp[]]>([
  ['a leak', `import { tincture_alloc as take } from 'tincture';\n${APPLY} { return take(10000) == 0 ? 2 : 0; }`, [
    /^takes no more memory over 50 applies: the memory grew from \d+ to \d+ bytes; free/]],
  ['memory of earlier calls', `let calls = 0;\n${APPLY} { calls += 1; store<f32>(k, f32(calls)); return 0; }`, [
    /^does the same again.*: a second apply of the same context gave other values/]],
  ['numbers that are none', `${APPLY} { if (strength < 0) store<f32>(v, NaN); return 0; }`, [
    /^bends.*: 1 rows, strength -1: .*NaN/i]],
  ['a parameter out of hand', `import { declare, describe, described, parameter } from 'tincture';
    export { tincture_parameter } from 'tincture';
    export function tincture_describe(): usize { describe('a', 'b'); declare('x', 1, 0, 1); return described(); }
    ${APPLY} { store<f32>(k, 1 / parameter(0)); return 0; }`, [
    /^takes each parameter.*: x = 0: /]],
  ['a trap in another width', `${APPLY} { if (width != 8) unreachable(); return 0; }`, [
    /^refuses a width that it does not know, and works on: an apply after it: /]],
  ['layers that do not fit', `import { Network } from 'tincture';
    export function tincture_layers(width: i32, side: i32, out: usize): i32 { const s = Network.begin(0, width, side)!; s.linear(width + 1); return s.produce(out); }
    ${APPLY} { return 0; }`, [
    /^makes valid layers.*: width 4: /]],
])('%s is found', async (_what, source, expected) => {
  const problems = await problemsOf(BASICS + source);
  expect(problems).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
}); // biome-ignore format: a table

test('operators of an apply are counted, and grow with the rows', async () => {
  const style = await styleOf(SCALE);
  const whole = await tryStyle(style, context, []);
  const half = { width: 8, rows: 38, k: values.slice(0, 304), v: values.slice(0, 304) };
  const part = await tryStyle(style, half, []);
  expect([whole.ended, part.ended]).toEqual([null, null]);
  const ratio = whole.operators.tincture_apply! / part.operators.tincture_apply!;
  expect(ratio).toBeGreaterThan(1.7);
  expect(ratio).toBeLessThan(2.1);
});

test.each([
  ['tincture_apply', `${APPLY} { ${LOOP} return 0; }`],
  ['tincture_layers', `export function tincture_layers(width: i32, side: i32, out: usize): i32 { ${LOOP} return 0; }`],
  ['tincture_schedule', `${APPLY} { return 0; }
    export function tincture_schedule(steps: i32, out: usize): i32 { ${LOOP} return 0; }`],
])('a trial ends a loop in %s and names it', async (call, source) => {
  const { ended } = await tryStyle(await styleOf(BASICS + source), context, [4]);
  expect(ended).toMatchObject({ call, kind: 'deadline', reason: expect.stringContaining(`${call} did not end`) });
}); // biome-ignore format: a table

test('a style that loops is ended once, and not waited for again', async () => {
  const style = await styleOf(`${BASICS}${APPLY} { ${LOOP} return 0; }`);
  const contexts = { context, selfAttentionWidths: [4] };
  const problems = (await checkConformance(host, style, contexts, { deadlineMs: 1500 })).map(
    ({ problem }) => problem,
  );
  const first = problems.findIndex((problem) => problem !== null);
  expect(problems[first]).toMatch(/too slow and was ended; expected an answer within 1500 ms/);
  expect(new Set(problems.slice(first + 1))).toEqual(
    new Set(['not run, because the plugin did not end in time above']),
  );
  expect(await problemsOf(SCALE)).toEqual([]);
});
