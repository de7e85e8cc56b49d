// `tincture grid`: pictures along one or two axes, with labels, as one PNG.
import type { Engine, GenerateRequest, GenerateResult } from '../engine/engine.ts';
import { drawnSize } from '../engine/request.ts';
import { encodePng } from '../formats/png.ts';
import { contactSheet, planSheet, type SheetLayout, type SheetPlan } from '../kit/contact-sheet.ts';
import { parseParameters, randomSeed, writeParameters } from '../node.ts';
import { type Command, parseCommandLine, required, UsageError } from './command.ts';
import { engineOptionsOf, idleEmbeddings, modelOf } from './generate-engine.ts';
import { OPTIONS as GENERATE_OPTIONS, requestOf } from './generate-request.ts';
import { type Axis, type Cell, cellsOf, checkAxes, drawingOrder, MAX_CELLS, parseAxis } from './grid-axes.ts';
import { checkOutput, json, printable, writeWhole } from './output.ts';
import { type ProgressView, progressView } from './progress.ts';
import { cancelOnSignals } from './signals.ts';

const HELP = `Usage: tincture grid PROMPT --x AXIS=V1,V2,… [--y AXIS=V1,V2,…] --output GRID.png [options]

Draws a picture for each value, or each pair of values, and sets them on one sheet: a column for each value of x, a row for each
of y, with labels. At most ${MAX_CELLS} pictures, all of one seed unless an axis says otherwise.

  --x AXIS=V1,V2,…         strength    of the first style; strength:NAME for another one of --style
                           style       names or files, with :S for a strength, before those of --style; none for no such style
                           seed, steps, guidance, sampler
  --y AXIS=V1,V2,…         another axis
  --output FILE            the PNG to write; its parameters are those of the first picture, and the axes
  --json                   print axes, the place, seed and parameters of each picture, and the model as JSON, and no progress

The options of tincture generate set what all pictures have in common, without --batch-size, --batch-count and --save-latents.
Ctrl-C stops and leaves no file behind.`;

const { 'batch-size': _size, 'batch-count': _count, 'save-latents': _latents, ...SHARED } = GENERATE_OPTIONS;
const OPTIONS = { ...SHARED, x: { type: 'string' }, y: { type: 'string' } } as const;

export const grid: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [prompt, ...rest] = positionals;
    if (prompt === undefined || rest.length > 0) {
      throw new UsageError('grid takes one prompt; put it in quotation marks');
    }
    const output = required('--output', values.output);
    const options = engineOptionsOf(values);
    const { request, inputs } = await requestOf(prompt, values);
    const base = withSeeds(request);
    const x = parseAxis('--x', required('--x', values.x), base);
    const y = values.y === undefined ? undefined : parseAxis('--y', values.y, base);
    checkAxes(x, y, base);
    const cells = cellsOf(base, x, y);
    await checkOutput(output, [...inputs, ...cells.flatMap(stylePaths)]);

    const view = values.json === true ? undefined : progressView(terminal);
    const { signal, release } = cancelOnSignals();
    try {
      const { createEngine } = await import('../index.ts');
      const onProgress = (progress: Parameters<ProgressView['show']>[0]) => view?.show(progress);
      const engine = await createEngine({
        ...options,
        model: await modelOf(values.model),
        signal,
        onProgress,
      });
      const layout = layoutOf(x, y);
      let plan: SheetPlan;
      let results: Drawn[];
      try {
        plan = planSheet(layout, drawnSize(base, engine.model));
        results = await draw(engine, cells, signal, view);
      } finally {
        await engine.close();
      }
      const sheet = contactSheet(
        layout,
        results.map(({ picture }) => picture),
      );
      const parameters = sheetParameters(results[0]!.parameters, x, y);
      const png = encodePng(sheet, { parameters });
      signal.throwIfAborted();
      await writeWhole(output, png);
      view?.clear();
      const used = results.flatMap(({ embeddings }) => embeddings);
      const notices = [
        ...new Set(results.flatMap((result) => result.notices)),
        ...idleEmbeddings(values.embedding, used),
      ];
      for (const notice of notices) terminal.note(`note: ${printable(notice)}`);
      const { width, height } = sheet;
      terminal.out(
        values.json === true
          ? json({
              output,
              width,
              height,
              parameters,
              x: axisFacts(x),
              y: y === undefined ? null : axisFacts(y),
              cells: cells.map(({ row, column }, i) => ({
                row,
                column,
                left: plan.left[column],
                top: plan.top[row],
                seed: results[i]!.seed,
                parameters: results[i]!.parameters,
              })),
              model: { name: engine.model.name, hash: engine.model.hash },
              backend: engine.backend,
              backendReason: engine.backendReason,
              notices,
            })
          : `${output}: ${width} × ${height}, ${cells.length} pictures; ${describe(x, y)}`,
      );
    } finally {
      view?.clear();
      release();
    }
  },
};

/** The same seeds for all: what differs between two pictures is what the axes say. */
function withSeeds(request: GenerateRequest): GenerateRequest {
  const varied = (request.variationStrength ?? 0) > 0;
  return {
    ...request,
    seed: request.seed ?? randomSeed(),
    ...(varied && { variationSeed: request.variationSeed ?? randomSeed() }),
  };
}

/** What is kept of a picture: neither its own PNG nor its latents. */
type Drawn = Pick<GenerateResult, 'picture' | 'seed' | 'parameters' | 'embeddings' | 'notices'>;

/** All pictures, in the cells' order whatever the order of drawing. */
async function draw(
  engine: Engine,
  cells: readonly Cell[],
  signal: AbortSignal,
  view: ProgressView | undefined,
): Promise<Drawn[]> {
  const drawn = new Map<Cell, Drawn>();
  for (const cell of drawingOrder(cells)) {
    const message = `picture ${drawn.size + 1} of ${cells.length}; drawn`;
    view?.show({ stage: 'unet', message, done: drawn.size, total: cells.length });
    const result = await engine.generate(cell.request, { signal });
    const { picture, seed, parameters, embeddings, notices } = result;
    drawn.set(cell, { picture, seed, parameters, embeddings, notices });
  }
  return cells.map((cell) => drawn.get(cell)!);
}

function layoutOf(x: Axis, y: Axis | undefined): SheetLayout {
  const title = y === undefined ? x.name : `${x.name} / ${y.name}`;
  const labels = (axis: Axis): string[] => axis.values.map(({ label }) => label);
  return { title, columns: labels(x), rows: y === undefined ? [''] : labels(y) };
}

/** The first picture's text block with the axes among its fields. */
function sheetParameters(first: string, x: Axis, y: Axis | undefined): string {
  const { others, ...parameters } = parseParameters(first);
  const fields: Record<string, string> = { ...others, 'X axis': x.name, 'X values': valuesOf(x) };
  if (y !== undefined) Object.assign(fields, { 'Y axis': y.name, 'Y values': valuesOf(y) });
  return writeParameters({ ...parameters, others: fields });
}

function valuesOf({ values }: Axis): string {
  return values.map(({ text }) => text).join(', ');
}

function axisFacts(axis: Axis) {
  return { axis: axis.name, values: axis.values.map(({ text }) => text) };
}

function describe(x: Axis, y: Axis | undefined): string {
  const columns = `columns are ${x.name} ${valuesOf(x)}`;
  return y === undefined ? columns : `${columns}; rows are ${y.name} ${valuesOf(y)}`;
}

function stylePaths({ request }: Cell): string[] {
  return (request.styles ?? []).flatMap(({ style }) => (typeof style === 'string' ? [style] : []));
}
