// compare on the golden model: both trainings, all files, and a budget in minutes; wrong arguments.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compare } from '../../client/cli/compare.ts';
import { readReport } from '../../client/comparison/read-report.ts';
import { answerOf } from '../../client/comparison/report-answer.ts';
import { readEmbedding } from '../../client/formats/embedding.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { decodePng, encodePng } from '../../client/formats/png.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { GOLDEN, tincture } from './run.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const CAPTIONS = ['<b>car', 'red apple', 'tree'];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tincture-compare-'));
  mkdirSync(at('pictures'));
  for (const [i, caption] of CAPTIONS.entries()) {
    const pixels = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, place) =>
      place % 4 === 3 ? 255 : (place * (i + 3)) % 251,
    );
    writeFileSync(at(`pictures/${i}.png`), encodePng({ width: 64, height: 64, pixels }));
    writeFileSync(at(`pictures/${i}.txt`), caption);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test('both are trained alike, drawn, judged and written', async () => {
  const { code, stdout, stderr } = await tincture(
    'compare', '--data', at('pictures'), '--model', `${GOLDEN}/sd-tiny`, '--output', at('out'), '--minutes', '0.01',
    '--hold-back', '1', '--widths', '24', '--vectors', '2', '--picture-steps', '1', '--shown', '2',
    '--embedding-rate', '1e-2', '--json',
  ); // biome-ignore format: pairs
  expect(code, stderr).toBe(0);
  const report = readReport(readFileSync(at('out/report.json'), 'utf8'), 'report.json');
  expect(JSON.parse(stdout)).toMatchObject({ figures: { none: report.sides.none.figures }, judged: 3 });
  expect(report).toMatchObject({
    model: { name: 'sd-tiny' },
    data: { pictures: 2, heldBack: 1, batch: 1 },
    captions: CAPTIONS.slice(0, 2),
    ceiling: { inStyle: 1 },
    trained: {
      hypernetwork: { parameters: 2 * (24 * 48 + 48 + 48 * 24 + 24), rate: '5e-5' },
      embedding: { parameters: 2 * 24, rate: '1e-2' },
    },
  });
  for (const { steps, curve, seconds, validationBefore, validationAfter } of Object.values(report.trained)) {
    expect(steps).toBeGreaterThan(0);
    expect(curve.length).toBe(Math.min(steps, 60));
    expect(seconds).toBeGreaterThan(0.5);
    expect(validationAfter).not.toBe(validationBefore);
  }
  expect(readdirSync(at('out')).sort()).toEqual(
    ['embedding.safetensors', 'hypernetwork.safetensors', 'pictures.png', 'report.html', 'report.json'],
  ); // biome-ignore format: one list
  const page = readFileSync(at('out/report.html'), 'utf8');
  expect(page).toContain('&#60;b&#62;car');
  expect(page).not.toContain('<b>car');
  expect(page.match(/<img /g)).toHaveLength(2 * 4);
  expect(page).toContain(answerOf(report)[1]!);
  expect(decodePng(readFileSync(at('out/pictures.png'))).width).toBeGreaterThan(4 * 64);
  const network = await readHypernetwork(await fileSource(at('out/hypernetwork.safetensors')));
  expect([...network.widths.keys()]).toEqual([24]);
  const embedding = await readEmbedding(await fileSource(at('out/embedding.safetensors')));
  expect(embedding!.vectors.shape).toEqual([2, 24]);
});

test.each([
  [[], /--output is missing/],
  [['--output', 'x', '--steps', '5', '--minutes', '1'], /--steps and --minutes are both budgets/],
  [['--output', 'x', '--resume', 'y'], /--resume/],
  [['here'], /options only/],
])('compare %j is refused in words', async (args, message) => {
  await expect(compare.run(args, { out: () => {}, note: () => {} })).rejects.toThrow(message);
});
