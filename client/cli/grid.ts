// `tincture grid`: pictures along one or two axes, with labels, as one PNG.
import type { GenerateRequest, GenerateResult } from '../engine/engine.ts';
import { drawnSize } from '../engine/request.ts';
import { drawGrid, type Grid, valuesText } from '../kit/grid.ts';
import { type Axis, type Cell, cellsOf, checkAxes, MAX_CELLS } from '../kit/grid-axes.ts';
import { randomSeed } from '../node.ts';
import { type Command, parseCommandLine, required, UsageError } from './command.ts';
import { engineOptionsOf, idleEmbeddings, modelOf } from './generate-engine.ts';
import { OPTIONS as GENERATE_OPTIONS, requestOf } from './generate-request.ts';
import { parseAxis } from './grid-axes.ts';
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
      const results = new Map<Cell<GenerateRequest>, GenerateResult>();
      let drawn: Grid<GenerateRequest>;
      try {
        drawn = await drawGrid(base, x, y, {
          size: drawnSize(base, engine.model),
          generate: (asked, watch) => engine.generate(asked, watch),
          signal,
          onProgress: (done, total) => {
            const message = `picture ${Math.min(done + 1, total)} of ${total}; drawn`;
            view?.show({ stage: 'unet', message, done, total });
          },
          onCell: (cell, result) => results.set(cell, result),
        });
      } finally {
        await engine.close();
      }
      const { sheet, plan, png, parameters } = drawn;
      signal.throwIfAborted();
      await writeWhole(output, png);
      view?.clear();
      const used = [...results.values()].flatMap(({ embeddings }) => embeddings);
      const notices = [...drawn.notices, ...idleEmbeddings(values.embedding, used)];
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
              cells: drawn.cells.map((cell) => ({
                row: cell.row,
                column: cell.column,
                left: plan.left[cell.column],
                top: plan.top[cell.row],
                seed: results.get(cell)!.seed,
                parameters: results.get(cell)!.parameters,
              })),
              model: { name: engine.model.name, hash: engine.model.hash },
              backend: engine.backend,
              backendReason: engine.backendReason,
              notices,
            })
          : `${output}: ${width} × ${height}, ${drawn.cells.length} pictures; ${describe(x, y)}`,
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

function axisFacts(axis: Axis) {
  return { axis: axis.name, values: axis.values.map(({ text }) => text) };
}

function describe(x: Axis, y: Axis | undefined): string {
  const columns = `columns are ${x.name} ${valuesText(x)}`;
  return y === undefined ? columns : `${columns}; rows are ${y.name} ${valuesText(y)}`;
}

function stylePaths({ request }: Cell<GenerateRequest>): string[] {
  return (request.styles ?? []).flatMap(({ style }) => (typeof style === 'string' ? [style] : []));
}
