// `tincture preview`: pictures of a style at several strengths and seeds, on one sheet.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Picture, StyleSource } from '../engine/engine.ts';
import { parametersOf } from '../engine/request.ts';
import { encodePng } from '../formats/png.ts';
import { contactSheet } from '../kit/contact-sheet.ts';
import { buildFolder, openProject } from '../kit/project.ts';
import { DEFAULT_MODEL } from '../kit/prompt-context.ts';
import { folderOf, packFolder } from './build-style.ts';
import {
  type Command,
  decimalNumber,
  parseCommandLine,
  type Terminal,
  UsageError,
  wholeNumber,
} from './command.ts';
import { checkOutput, json, printable, writeWhole } from './output.ts';
import { assignParameters, parseParameters } from './parameters.ts';
import { type ProgressView, progressView } from './progress.ts';
import { cancelOnSignals } from './signals.ts';

const HELP = `Usage: tincture preview [DIR] [options]

Builds the style in DIR (default: this folder) and draws a contact sheet with the default model: a row for each seed, a
column for each strength. The sheet says so in its PNG texts too.

  --prompt TEXT            default: red apple
  --seeds 1,2              whole numbers, at most 16
  --strengths 0,0.5,1      at most 16; 0 shows the picture without the style
  --parameter NAME=VALUE   a parameter of the style; again for more
  --steps N                default: the model's
  --output FILE.png        default: build/preview.png
  --json                   print { output, prompt, seeds, strengths, width, height }`;

const OPTIONS = {
  prompt: { type: 'string' },
  seeds: { type: 'string' },
  strengths: { type: 'string' },
  parameter: { type: 'string', multiple: true },
  steps: { type: 'string' },
  output: { type: 'string' },
  json: { type: 'boolean' },
} as const;

const MAX_VALUES = 16;

export const preview: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const prompt = values.prompt ?? 'red apple';
    const seeds = numbers('--seeds', values.seeds ?? '1,2', 0, 2 ** 32 - 1, true);
    const strengths = numbers('--strengths', values.strengths ?? '0,0.5,1', -100, 100, false);
    const steps = wholeNumber('--steps', values.steps, 1, 1000);
    const options = parseParameters(values.parameter ?? []);
    const project = await openProject(folderOf('preview', positionals));
    const [parameters = {}] = assignParameters([project.card.name], options);
    if (values.output !== undefined) await checkOutput(values.output, []);
    const output = values.output ?? join(buildFolder(project), 'preview.png');
    const view = values.json === true ? undefined : progressView(terminal);
    const { signal, release } = cancelOnSignals();
    try {
      const { bytes, manifest } = await packFolder(project, terminal, signal);
      // Before a model is opened for them.
      const own = manifest.parameters.filter(({ name }) => name !== 'strength');
      parametersOf(manifest.name, own, parameters);
      const style = { name: `${project.card.name}.style`, file: new Blob([bytes]) };
      const request = { prompt, ...(steps === undefined ? {} : { steps }) };
      const pictures = await draw({ style, parameters, request, seeds, strengths, signal, view, terminal });
      const sheet = contactSheet(
        { rows: seeds.map((seed) => `seed ${seed}`), columns: strengths.map(String) },
        pictures,
      );
      const png = encodePng(sheet, {
        Title: `${project.card.title}: seeds by strengths`,
        Description: `Rows: seeds ${seeds.join(', ')}. Columns: strengths ${strengths.join(', ')}. Prompt: ${prompt}`,
      });
      signal.throwIfAborted();
      if (values.output === undefined) await mkdir(buildFolder(project), { recursive: true });
      await writeWhole(output, png);
      view?.clear();
      const { width, height } = sheet;
      terminal.out(
        values.json === true
          ? json({ output, prompt, seeds, strengths, parameters, width, height })
          : `${output}: rows are seeds ${seeds.join(', ')}; columns are strengths ${strengths.join(', ')}`,
      );
    } finally {
      view?.clear();
      release();
    }
  },
};

interface Series {
  readonly style: StyleSource;
  readonly parameters: Readonly<Record<string, number>>;
  readonly request: { readonly prompt: string; readonly steps?: number };
  readonly seeds: readonly number[];
  readonly strengths: readonly number[];
  readonly signal: AbortSignal;
  readonly view: ProgressView | undefined;
  readonly terminal: Terminal;
}

/** All pictures, seed by seed. The engine is loaded only here: wrong usage and builds must not wait for it. */
async function draw(series: Series): Promise<Picture[]> {
  const { style, parameters, request, seeds, strengths, signal, view, terminal } = series;
  const { createEngine } = await import('../index.ts');
  const engine = await createEngine({ model: DEFAULT_MODEL, signal });
  const total = seeds.length * strengths.length;
  const pictures: Picture[] = [];
  const notices = new Set<string>();
  try {
    for (const seed of seeds) {
      for (const strength of strengths) {
        const message = `picture ${pictures.length + 1} of ${total}:`;
        view?.show({ stage: 'unet', message, done: pictures.length, total });
        const styles = [{ style, strength, parameters }];
        const result = await engine.generate({ ...request, seed, styles }, { signal });
        for (const notice of result.notices) notices.add(notice);
        pictures.push(result.picture);
      }
    }
  } finally {
    await engine.close();
  }
  for (const notice of notices) terminal.note(`note: ${printable(notice)}`);
  return pictures;
}

/** `1,2,3`: distinct numbers within bounds. */
function numbers(option: string, text: string, minimum: number, maximum: number, whole: boolean): number[] {
  const values = text.split(',').map((part) => decimalNumber(option, part.trim(), minimum, maximum)!);
  if (values.length > MAX_VALUES) throw new UsageError(`${option} takes at most ${MAX_VALUES} numbers`);
  if (new Set(values).size !== values.length) throw new UsageError(`${option} names a number twice`);
  const broken = whole ? values.find((value) => !Number.isInteger(value)) : undefined;
  if (broken !== undefined) throw new UsageError(`${option} must be whole numbers, not ${broken}`);
  return values;
}
