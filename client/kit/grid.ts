// A grid of pictures along one or two axes: drawn cell by cell, and set on one labelled sheet. Node and browsers.
import type { Picture, Progress } from '../engine/engine.ts';
import { encodePng, type Pixels } from '../formats/png.ts';
import { parseParameters, writeParameters } from '../prompt/parameters.ts';
import { contactSheet, planSheet, type SheetLayout, type SheetPlan } from './contact-sheet.ts';
import { type Axis, type Cell, cellsOf, checkAxes, drawingOrder, type GridRequest } from './grid-axes.ts';

/** What is kept of a cell: neither its own PNG nor its latents, which a caller may take as they come. */
export interface DrawnCell {
  readonly picture: Picture;
  readonly parameters: string;
}

/** As much of an engine's result as a grid needs. */
export interface CellResult extends DrawnCell {
  readonly notices: readonly string[];
}

export interface GridOptions<R extends GridRequest, Result extends CellResult> {
  /** Pixels of each picture, known before the first is drawn, so that too large a sheet is refused at once. */
  readonly size: { readonly width: number; readonly height: number };
  /** Draws one picture; an engine's `generate`. */
  readonly generate: (
    request: R,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void },
  ) => Promise<Result>;
  readonly signal: AbortSignal;
  /** Cells that are done, and what the one under way says. */
  readonly onProgress?: (done: number, cells: number, progress: Progress | undefined) => void;
  readonly onCell?: (cell: Cell<R>, result: Result) => void;
}

export interface Grid<R extends GridRequest> {
  readonly sheet: Pixels;
  /** Where the cells lie. */
  readonly plan: SheetPlan;
  /** The sheet with the first picture's parameters and the axes. */
  readonly png: Uint8Array<ArrayBuffer>;
  readonly parameters: string;
  /** Row by row. */
  readonly cells: readonly Cell<R>[];
  /** Of all cells, each once. */
  readonly notices: readonly string[];
}

/**
 * Draws all cells and sets them on a sheet. Throws `kit/grid` for axes that do not go together and `kit/sheet` for too large a sheet,
 * both before anything is drawn; what `generate` throws ends the grid.
 */
export async function drawGrid<R extends GridRequest, Result extends CellResult>(
  base: R,
  x: Axis,
  y: Axis | undefined,
  { size, generate, signal, onProgress, onCell }: GridOptions<R, Result>,
): Promise<Grid<R>> {
  checkAxes(x, y, base);
  const cells = cellsOf(base, x, y);
  const layout = layoutOf(x, y);
  // Too large a sheet is refused before the first picture, by the size that is expected.
  planSheet(layout, size);
  const drawn = new Map<Cell<R>, DrawnCell>();
  const notices = new Set<string>();
  for (const cell of drawingOrder(cells)) {
    signal.throwIfAborted();
    onProgress?.(drawn.size, cells.length, undefined);
    const result = await generate(cell.request, {
      signal,
      onProgress: (progress) => onProgress?.(drawn.size, cells.length, progress),
    });
    drawn.set(cell, { picture: result.picture, parameters: result.parameters });
    for (const notice of result.notices) notices.add(notice);
    onCell?.(cell, result);
  }
  onProgress?.(cells.length, cells.length, undefined);
  const sheet = contactSheet(
    layout,
    cells.map((cell) => drawn.get(cell)!.picture),
  );
  const first = drawn.get(cells[0]!)!;
  const plan = planSheet(layout, first.picture);
  const parameters = sheetParameters(first.parameters, x, y);
  return { sheet, plan, png: encodePng(sheet, { parameters }), parameters, cells, notices: [...notices] };
}

/** The axis's values as they were written. */
export function valuesText({ values }: Axis): string {
  return values.map(({ text }) => text).join(', ');
}

function layoutOf(x: Axis, y: Axis | undefined): SheetLayout {
  const title = y === undefined ? x.name : `${x.name} / ${y.name}`;
  const labels = (axis: Axis): string[] => axis.values.map(({ label }) => label);
  return { title, columns: labels(x), rows: y === undefined ? [''] : labels(y) };
}

/** The first picture's text block with the axes among its fields. */
function sheetParameters(first: string, x: Axis, y: Axis | undefined): string {
  const { others, ...parameters } = parseParameters(first);
  const fields: Record<string, string> = { ...others, 'X axis': x.name, 'X values': valuesText(x) };
  if (y !== undefined) Object.assign(fields, { 'Y axis': y.name, 'Y values': valuesText(y) });
  return writeParameters({ ...parameters, others: fields });
}
