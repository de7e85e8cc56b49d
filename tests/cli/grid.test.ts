// grid as a child process: a sheet whose pictures are those that are drawn alone.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Picture } from '../../client/engine/engine.ts';
import { decodePng, type Pixels } from '../../client/formats/png.ts';
import { readPngText } from '../../client/formats/png-text.ts';
import { createEngine } from '../../client/index.ts';
import { finish, GOLDEN, start, tincture, tinctureJson } from './run.ts';

const model = `${GOLDEN}/sd-tiny`;
const style = `${model}/style-a.pt`;
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tincture-grid-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Loads of the engine, on a machine that may be busy. */
const TIMEOUT = 300_000;

function cut(
  { width, pixels }: Pixels,
  left: number,
  top: number,
  { width: w, height: h }: Picture,
): Uint8ClampedArray {
  const part = new Uint8ClampedArray(w * h * 4);
  for (let y = 0; y < h; y++) {
    const from = ((top + y) * width + left) * 4;
    part.set(pixels.subarray(from, from + w * 4), y * w * 4);
  }
  return part;
}

test(
  'strengths by steps: each cell is the picture that is drawn alone',
  async () => {
    const facts = await tinctureJson(
      'grid', 'a cat', '--model', model, '--style', style, '--seed', '5', '--backend', 'wasm', '--x', 'strength=0,4',
      '--y', 'steps=1,2', '--output', at('grid.png'),
    ); // biome-ignore format: pairs
    const bytes = readFileSync(at('grid.png'));
    const sheet = decodePng(bytes);
    expect(facts).toMatchObject({
      output: at('grid.png'),
      width: sheet.width,
      height: sheet.height,
      x: { axis: 'strength', values: ['0', '4'] },
      y: { axis: 'steps', values: ['1', '2'] },
      model: { name: 'sd-tiny' },
    });
    const text = readPngText(bytes)['parameters'];
    expect(text).toBe(facts['parameters']);
    expect(text).toMatch(
      /^a cat <hypernet:style-a:0>\nSteps: 1, .*Seed: 5.*X axis: strength, X values: "0, 4", Y axis: steps, Y values: "1, 2"/,
    );

    const cells = facts['cells'] as { row: number; column: number; left: number; top: number }[];
    const engine = await createEngine({ model, backend: 'wasm' });
    const seen = new Set<string>();
    try {
      for (const { row, column, left, top } of cells) {
        const styles = [{ style, strength: [0, 4][column]! }];
        const { picture } = await engine.generate({ prompt: 'a cat', seed: 5, steps: [1, 2][row]!, styles });
        const part = cut(sheet, left, top, picture);
        expect(Buffer.from(part).equals(Buffer.from(picture.pixels))).toBe(true);
        seen.add(Buffer.from(part).toString('base64'));
      }
    } finally {
      await engine.close();
    }
    expect([cells.length, seen.size]).toEqual([4, 4]);
  },
  TIMEOUT,
);

test(
  'Ctrl-C stops between the steps, exits with 130 and leaves no file',
  async () => {
    const child = start(
      'grid', 'a cat', '--model', model, '--steps', '1000', '--x', 'seed=1,2', '--output', at('stopped.png'),
    ); // biome-ignore format: pairs
    child.stderr!.on('data', (text: string) => {
      if (/picture 1 of 2/.test(String(text))) child.kill('SIGINT');
    });
    const { code, stdout, stderr } = await finish(child);
    expect([code, stdout]).toEqual([130, '']);
    expect(stderr).not.toContain('picture 2');
    expect(stderr).toMatch(/error: cancelled; nothing was written\n$/);
    expect(existsSync(at('stopped.png'))).toBe(false);
  },
  TIMEOUT,
);

test(
  'wrong usage names the option and the value; a sheet above the limit is refused before it is drawn',
  async () => {
    const run = (...args: string[]) => tincture('grid', 'a cat', '--output', at('none.png'), ...args);
    expect(await run()).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: --x is missing/) });
    expect(await run('--x', 'steps=1,0')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^error: --x steps, value 2: no such number; expected a number from 1 to 1000, found "0"/,
      ),
    });
    expect(await run('--x', 'seed=1', '--batch-size', '2')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--batch-size/),
    });
    const large = await run('--model', model, '--x', 'seed=1,2,3,4,5', '--width', '4096', '--height', '4096');
    expect(large).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the sheet is too large.*67108864/s),
    });
    expect(existsSync(at('none.png'))).toBe(false);
  },
  TIMEOUT,
);
