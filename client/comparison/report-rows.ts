// A report's numbers as the rows of a table, for the page of its own and for the studio.
import type { Backend } from '../runtime/session.ts';
import { COMPARED, type ComparedKind } from './compare-kinds.ts';
import type { ComparisonReport } from './report-data.ts';

export const COLUMNS = ['none', ...COMPARED] as const;
export const TITLES = { none: 'neither', hypernetwork: 'hypernetwork', embedding: 'embedding' } as const;

/** What each backend is called. */
const BACKENDS: Readonly<Record<Backend, string>> = {
  webgpu: 'WebGPU',
  wasm: 'WebAssembly',
  cpu: 'onnxruntime-node',
};

export interface ReportRow {
  readonly name: string;
  /** One for each of `COLUMNS`. */
  readonly cells: readonly string[];
}

export function numberRows({ sides, trained }: ComparisonReport): ReportRow[] {
  const figure = (name: 'inStyle' | 'follows') =>
    COLUMNS.map((column) => percent(sides[column].figures[name]));
  const each = (show: (kind: ComparedKind) => string) => ['', ...COMPARED.map(show)];
  const loss = (value: number | undefined) => (value === undefined ? 'not measured' : value.toPrecision(4));
  return [
    { name: 'in the style', cells: figure('inStyle') },
    { name: 'words followed', cells: figure('follows') },
    { name: 'loss at the end', cells: each((kind) => loss(trained[kind].lossAtEnd)) },
    { name: 'loss held back, before', cells: each((kind) => loss(trained[kind].validationBefore)) },
    { name: 'loss held back, after', cells: each((kind) => loss(trained[kind].validationAfter)) },
    { name: 'numbers trained', cells: each((kind) => trained[kind].parameters.toLocaleString('en')) },
    { name: 'bytes of the file', cells: each((kind) => trained[kind].bytes.toLocaleString('en')) },
    { name: 'steps', cells: each((kind) => String(trained[kind].steps)) },
    { name: 'seconds', cells: each((kind) => trained[kind].seconds.toFixed(0)) },
    { name: 'seconds a step', cells: each((kind) => trained[kind].secondsAStep.toPrecision(3)) },
    { name: 'rates', cells: each((kind) => trained[kind].rate) },
  ];
}

/** What was compared, in one line. */
export function circumstances({ data, budget, model, backend }: ComparisonReport): string {
  const spent = 'steps' in budget ? `${budget.steps} steps` : `${budget.minutes} minutes`;
  return `${data.pictures} pictures, ${data.heldBack} held back, ${data.batch} a step, ${spent} each, over ${model.name} (${model.hash}), on ${BACKENDS[backend]}.`;
}

/** What the figures mean, and how far they can be trusted. */
export function explanation({ judged, accuracy, ceiling }: ComparisonReport): string {
  return `In the style: the share of ${judged} pictures that a linear classifier on eight pixel statistics calls the set’s style. It was fitted to the set’s pictures, drawn through the model’s autoencoder, against those of the model alone, and tells ${percent(accuracy)} of these right. Words followed: the share whose nearest picture of the set, by the means of 16 × 16 cells, has the same words; the set’s own pictures, through the autoencoder, reach ${percent(ceiling.inStyle)} and ${percent(ceiling.follows)}. The loss held back is the mean over five timesteps with fixed noise.`;
}

/** A polyline's points for a curve in a chart of this size, from 0 to `most`. */
export function curvePoints(
  curve: readonly number[],
  most: number,
  { width, height }: { readonly width: number; readonly height: number },
): string {
  return curve
    .map(
      (loss, i) =>
        `${((width * i) / Math.max(1, curve.length - 1)).toFixed(1)},${(height - (height * loss) / most).toFixed(1)}`,
    )
    .join(' ');
}

/** The highest point of both curves. */
export function highestLoss({ trained }: ComparisonReport): number {
  return Math.max(...COMPARED.flatMap((kind) => trained[kind].curve), 1e-9);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
