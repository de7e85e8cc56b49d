// An author's way, as a child process: new, build, test, preview, pack, check, apply; and what goes wrong on it.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check } from '../../client/cli/check.ts';
import { type Command, UsageError } from '../../client/cli/command.ts';
import { generate } from '../../client/cli/generate.ts';
import { create } from '../../client/cli/new.ts';
import { preview } from '../../client/cli/preview.ts';
import { watch } from '../../client/cli/watch.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { readPngText } from '../../client/formats/png-text.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { tincture, tinctureJson } from './run.ts';

/** A module without a card. */
const BARE = 'build/plugins/fade.wasm';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const style = () => at('first', 'my-style');
const packed = () => at('first', 'my-style', 'build', 'my-style.style');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tincture-kit-'));
  mkdirSync(at('first'));
  mkdirSync(at('second'));
  expect(await tinctureJson('new', style(), '--template', 'hypernetwork')).toMatchObject({
    template: 'hypernetwork',
    files: expect.arrayContaining(['card.json', 'weights/style.safetensors']),
  });
  await tinctureJson('pack', style());
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a new style', () => {
  test('is the same file from another folder', async () => {
    const other = at('second', 'my-style');
    await tinctureJson('new', other);
    const { sha256 } = await tinctureJson('pack', other, '--output', at('other.style'));
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(at('other.style')).equals(readFileSync(packed()))).toBe(true);
  });

  test('builds for looking into', async () => {
    const { code, stdout } = await tincture('build', style(), '--debug');
    expect(code).toBe(0);
    expect(stdout).toMatch(/my-style\.debug\.wasm: \d+\.\d kB\n$/);
  });

  test('passes its own tests and the kit’s, on the default model', async () => {
    const { tests, conformance, passed } = await tinctureJson('test', style());
    expect(tests).toMatchObject([
      { name: expect.stringMatching(/^strength 0/), file: 'test/style.test.ts', problem: null },
      { name: 'the slider leaves one side alone at its ends', problem: null },
    ]);
    expect(conformance).toHaveLength(9);
    expect(passed).toBe(true);
  }); // biome-ignore format: long

  test('shows itself: a sheet that says what it is', async () => {
    const output = at('sheet.png');
    const args = ['--seeds', '3', '--strengths', '0,1', '--steps', '2', '--parameter', 'balance=1'];
    const sheet = await tinctureJson('preview', style(), ...args, '--output', output);
    expect(sheet).toMatchObject({ seeds: [3], strengths: [0, 1], parameters: { balance: 1 } });
    expect(readPngText(readFileSync(output)).Description).toBe(
      'Rows: seeds 3. Columns: strengths 0, 1. Prompt: red apple',
    );
    const refused = await tincture('preview', style(), '--parameter', 'balance=2', '--output', at('no.png'));
    expect([refused.code, existsSync(at('no.png'))]).toEqual([2, false]);
    expect(refused.stderr).toMatch(/^error: parameter balance of my-style cannot be used; expected -1 … 1, found 2$/m);
    expect(refused.stderr).not.toContain('picture 1');
  }); // biome-ignore format: long

  test('is checked and inspected as a file', async () => {
    const checked = await tinctureJson('check', packed());
    expect(checked).toMatchObject({ problem: null, warnings: [], style: { name: 'my-style' } });
    const { tried, operators } = checked as { tried: boolean; operators: Record<string, number> };
    expect([tried, operators['tincture_apply']! > 1e6]).toEqual([true, true]);
    const { code, stdout } = await tincture('inspect', packed());
    expect(code).toBe(0);
    expect(stdout).toMatch(/^parameters +strength -1 … 1 … 2; balance -1 … 0 … 1$/m);
    expect(stdout).toMatch(/^may run +yes$/m);
  });

  test('bends a context, with its parameter', async () => {
    const data = Float32Array.from({ length: 2 * 96 }, (_, i) => Math.cos(i));
    const context = storeFloat32(tensor([2, 96], data));
    writeFileSync(at('in.safetensors'), writeSafetensors(new Map([['context', context]])));
    const files = ['--input', at('in.safetensors'), '--output', at('out.safetensors')];
    const facts = await tinctureJson('apply', `${packed()}:0.5`, ...files, '--parameter', 'balance=-1');
    expect(facts['styles']).toEqual([
      { style: packed(), name: 'my-style', strength: 0.5, parameters: { balance: -1 }, applied: true },
    ]);
    const file = await openSafetensors(await fileSource(at('out.safetensors')));
    expect((await file.read('v')).data).toEqual(data);
    expect((await file.read('k')).data).not.toEqual(data);
    const unknown = await tincture('apply', packed(), ...files, '--parameter', 'curve=1');
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/my-style has no such parameter; expected balance \(-1 … 1\)/)]);
  }); // biome-ignore format: long
});

describe('what goes wrong', () => {
  test('a slip in the source: its place, exit code 1, nothing written', async () => {
    const broken = at('broken');
    await tinctureJson('new', broken, '--template', 'procedural');
    writeFileSync(join(broken, 'assembly', 'index.ts'), 'export function tincture_apply(): i32 {\n  return wrong;\n}\n');
    const { code, stdout, stderr } = await tincture('build', broken);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain("assembly/index.ts:2:10: error: Cannot find name 'wrong'. (2304)\n    return wrong;\n           ^^^^^\n");
    expect(stderr).toMatch(/error: assembly\/index\.ts: the plugin does not build; nothing was written; found 1 error\n$/);
    expect(existsSync(join(broken, 'build'))).toBe(false);
    const forMachines = await tincture('pack', broken, '--json');
    expect([forMachines.code, existsSync(join(broken, 'build'))]).toEqual([1, false]);
  }); // biome-ignore format: long

  test('a loop is found by trying, and not by reading the bytes', async () => {
    const looping = at('looping');
    await tinctureJson('new', looping, '--template', 'procedural');
    const path = join(looping, 'assembly', 'index.ts');
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, source.replace('const factor =', 'while (true) memory.grow(0);\n  const factor ='));
    const { code, stdout, stderr } = await tincture('check', looping);
    const found = 'tincture_apply did not end; expected at most 5,000,000,000 operators';
    expect([code, stdout]).toEqual([1, expect.stringMatching(new RegExp(`^may run +looping: ${found}`, 'm'))]);
    expect(stderr).toContain(`not fit to run: looping: ${found}`);
    const bare = await tincture('check', BARE);
    expect([bare.code, bare.stdout]).toEqual([0, expect.stringMatching(/^tried +nothing: whether its calls end/m)]);
  }); // biome-ignore format: long

  test('a failing test of the author: named, exit code 1', async () => {
    const failing = at('failing');
    await tinctureJson('new', failing, '--template', 'procedural');
    writeFileSync(
      join(failing, 'test', 'style.test.ts'),
      "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\ntest('never', () => {\n  assert.equal(1, 2);\n});\ntest('always', () => {});\n",
    );
    const { code, stdout, stderr } = await tincture('test', failing);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✖ never \(test\/style\.test\.ts:3\)\n {4}Expected values to be strictly equal/);
    expect(stdout).toMatch(/^✔ always$/m);
    expect(stderr).toMatch(/1 of 11 failed/);
  });

  test.each<[string[], number, RegExp]>([
    [['new'], 2, /new takes one name/],
    [['build', '/nowhere'], 1, /\/nowhere: this is no style’s folder; expected a file card\.json/],
  ])('%j', async (args, expected, message) => {
    const { code, stdout, stderr } = await tincture(...args);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(message);
  });

  // Without a process for each: what the exit code of a UsageError is, is told above.
  test.each<[Command, string[], RegExp]>([
    [create, ['a', '--template', 'b'], /no template "b"; there are hypernetwork, procedural/],
    [check, [], /one file or folder/],
    [preview, ['--seeds', '1,1.5'], /--seeds must be whole numbers, not 1\.5/],
    [preview, ['--strengths', '1,1'], /names a number twice/],
    [preview, ['--parameter', 'x'], /"x" sets no parameter/],
    [preview, ['--steps', '1.5'], /--steps must be a whole number, not 1\.5/],
    [watch, ['--port', '70000'], /--port must be a number from 0 to 65535/],
    [
      generate,
      ['a <hypernet:b:1>', '--output', '/tmp/a.png', '--parameter', 'x=1'],
      /--parameter x: .*given with --style/,
    ],
  ])('wrong usage %#', async (command, args, message) => {
    const said: string[] = [];
    const terminal = { out: (text: string) => said.push(text), note: (text: string) => said.push(text) };
    const run = command.run(args, terminal);
    await expect(run).rejects.toBeInstanceOf(UsageError);
    await expect(run).rejects.toThrow(message);
    expect(said).toEqual([]);
  });
});
