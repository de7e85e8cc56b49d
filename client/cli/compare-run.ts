// Runs a comparison of the command line: model, engine and pictures opened, the report written into a folder.
import { join } from 'node:path';
import { type Budget, type Comparison, type ComparisonJob, compare } from '../comparison/compare.ts';
import type { ComparedKind } from '../comparison/compare-kinds.ts';
import { prepareSet } from '../comparison/prepare-set.ts';
import { type ComparisonReport, reportOf } from '../comparison/report-data.ts';
import { reportPage } from '../comparison/report-page.ts';
import { decodeAnyPicture } from '../formats/node-picture.ts';
import { encodePng } from '../formats/png.ts';
import { createEngine } from '../index.ts';
import { contactSheet } from '../kit/contact-sheet.ts';
import { writeTogether } from './output.ts';
import { openTrainingModel } from './train-model.ts';
import { readPictureFolder } from './train-pictures.ts';
import type { TrainRequest } from './train-request.ts';

export interface CompareRequest {
  readonly folder: string;
  readonly requests: Readonly<Record<ComparedKind, TrainRequest>>;
  readonly budget: Budget;
  /** Undefined: a fifth of the pictures. */
  readonly holdBack: number | undefined;
  readonly seeds: readonly bigint[];
  readonly pictureSteps: number | undefined;
  /** Pictures in the report. */
  readonly shown: number;
}

/** Compares and writes. Rejects with the signal's reason. */
export async function compareToFolder(
  { folder, requests, budget, shown, seeds, pictureSteps, ...wanted }: CompareRequest,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<ComparisonReport> {
  const request = requests.hypernetwork;
  const { pictures: files, notices } = await readPictureFolder(request.data);
  const { model, backend } = await openTrainingModel(request, signal, say);
  const prepared = await prepareSet(files, model, backend, request, wanted.holdBack, {
    signal,
    decodeOther: decodeAnyPicture,
  });
  for (const notice of [...notices, ...prepared.notices]) say(`note: ${notice}`);
  const engine = await createEngine({ model: request.model, backend, signal });
  try {
    const job = { ...prepared, model, backend, engine, requests, budget, seeds, pictureSteps };
    const comparison = await compare(job, { signal, say });
    const report = reportOf(job, comparison, shown);
    signal.throwIfAborted();
    await writeTogether([
      ...(['hypernetwork', 'embedding'] as const).map((kind) => ({
        path: requests[kind].output,
        bytes: comparison.trained[kind].files.safetensors,
      })),
      { path: join(folder, 'report.html'), bytes: utf8(reportPage(report)) },
      { path: join(folder, 'report.json'), bytes: utf8(JSON.stringify(report)) },
      { path: join(folder, 'pictures.png'), bytes: sheetOf(job, comparison, shown) },
    ]);
    return report;
  } finally {
    await engine.close();
  }
}

/** A row for each shown picture: the set's, the model's alone, the hypernetwork's, the embedding's. */
function sheetOf(
  { pictures, seeds }: ComparisonJob,
  { sides }: Comparison,
  shown: number,
): Uint8Array<ArrayBuffer> {
  const rows = pictures.slice(0, shown);
  const cells = rows.flatMap(({ picture }, i) => [
    picture,
    ...[sides.none, sides.hypernetwork, sides.embedding].map(({ drawn }) => drawn[i * seeds.length]!.picture),
  ]);
  const layout = { rows: rows.map(({ caption }) => caption.slice(0, LABEL)), columns: COLUMNS };
  return encodePng(contactSheet(layout, cells), {
    Title: 'A hypernetwork and an embedding on the same pictures',
    Description: `Rows: ${rows.map(({ caption }) => caption).join(' | ')}. Columns: ${COLUMNS.join(', ')}.`,
  });
}

const COLUMNS = ['the set', 'neither', 'hypernetwork', 'embedding'];
/** Characters of a row's label. */
const LABEL = 24;

function utf8(content: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(content);
}
