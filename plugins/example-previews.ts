// Draws the examples' contact sheets with the default model: `node plugins/example-previews.ts [EXAMPLE …]`. Build first.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createEngine, type Engine, encodePng, type Picture, type StyleUse } from '../client/index.ts';
import { packProject } from '../client/kit/build.ts';
import { contactSheet } from '../client/kit/contact-sheet.ts';
import { openProject } from '../client/kit/project.ts';
import { DEFAULT_MODEL } from '../client/kit/prompt-context.ts';

/** One picture: what is asked for, and with which styles. */
interface Cell {
  readonly prompt: string;
  readonly seed: number;
  readonly styles: readonly StyleUse[];
}

interface Sheet {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  cell(row: number, column: number, own: StyleUse['style']): Cell;
}

const MIXES = [0, 0.25, 0.5, 0.75, 1];
const FADES = [
  { label: '1 to 0', parameters: { from: 1, to: 0 } },
  { label: '1', parameters: { from: 1, to: 1 } },
  { label: '0 to 1', parameters: { from: 0, to: 1 } },
];
const STRENGTHS = [0, 0.5, 1];
const SUBJECTS = ['owl', 'house', 'full moon', 'pizza'];
const PROMPTS = ['red apple', 'owl', 'house'];
const SEED = 1;

const SHEETS: Readonly<Record<string, Sheet>> = {
  hypernetwork: {
    rows: PROMPTS,
    columns: STRENGTHS.map(String),
    cell: (row, column, style) => ({
      prompt: PROMPTS[row]!,
      seed: SEED,
      styles: [{ style, strength: STRENGTHS[column]! }],
    }),
  },
  blend: {
    rows: PROMPTS,
    columns: MIXES.map(String),
    cell: (row, column, style) => ({
      prompt: PROMPTS[row]!,
      seed: SEED,
      styles: [{ style, strength: 1, parameters: { mix: MIXES[column]! } }],
    }),
  },
  fade: {
    rows: PROMPTS,
    columns: ['none', ...FADES.map(({ label }) => label)],
    cell: (row, column, style) => ({
      prompt: PROMPTS[row]!,
      seed: SEED,
      styles: column === 0 ? [] : [{ style, strength: 1, parameters: FADES[column - 1]!.parameters }],
    }),
  },
  'low-rank': {
    rows: PROMPTS,
    columns: ['none', 'whole', 'low rank'],
    cell: (row, column, style) => ({
      prompt: PROMPTS[row]!,
      seed: SEED,
      styles: [[], [{ style: 'blueprint', strength: 1 }], [{ style, strength: 1 }]][column]!,
    }),
  },
  generator: {
    rows: ['none', 'made'],
    columns: SUBJECTS,
    cell: (row, column, style) => ({
      prompt: SUBJECTS[column]!,
      seed: SEED,
      styles: row === 0 ? [] : [{ style, strength: 1 }],
    }),
  },
};

/** The example as a style file in memory, without the preview that is yet to be drawn. */
async function packed(example: string): Promise<StyleUse['style']> {
  const project = await openProject(fileURLToPath(new URL(`./${example}`, import.meta.url)));
  const { card } = project;
  const wasm = await readFile(new URL(`../build/plugins/${example}.wasm`, import.meta.url));
  const { bytes } = await packProject(
    { ...project, card: { ...card, files: { ...card.files, previews: [] } } },
    wasm,
  );
  return { name: `${example}.style`, file: new Blob([bytes]) };
}

/** Mean difference of two pictures' colours, 0 … 255. */
function difference(a: Picture, b: Picture): number {
  let sum = 0;
  for (let i = 0; i < a.pixels.length; i++) sum += Math.abs(a.pixels[i]! - b.pixels[i]!);
  // Alpha is the same everywhere.
  return (sum / a.pixels.length) * (4 / 3);
}

async function draw(engine: Engine, example: string, sheet: Sheet): Promise<void> {
  const own = await packed(example);
  const pictures: Picture[] = [];
  for (const row of sheet.rows.keys()) {
    for (const column of sheet.columns.keys()) {
      pictures.push((await engine.generate(sheet.cell(row, column, own))).picture);
    }
  }
  const { rows, columns } = sheet;
  const png = encodePng(contactSheet({ rows, columns }, pictures), {
    Title: `${example}: ${rows.join(', ')} by ${columns.join(', ')}`,
  });
  await writeFile(new URL(`./${example}/preview.png`, import.meta.url), png);
  console.log(`${example}: ${rows.length} × ${columns.length} pictures, ${png.length} bytes`);
  if (example !== 'low-rank') return;
  for (const [row, prompt] of rows.entries()) {
    const [none, whole, thin] = pictures.slice(3 * row) as [Picture, Picture, Picture];
    const [loss, effect] = [difference(whole, thin), difference(whole, none)];
    console.log(`  ${prompt}: ${loss.toFixed(2)} from the style, which is ${effect.toFixed(2)} from none`);
  }
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SHEETS);
const engine = await createEngine({ model: DEFAULT_MODEL });
try {
  for (const name of wanted) {
    const sheet = SHEETS[name];
    if (sheet === undefined)
      throw new Error(`no example is named ${name}: there are ${Object.keys(SHEETS).join(', ')}`);
    await draw(engine, name, sheet);
  }
} finally {
  await engine.close();
}
