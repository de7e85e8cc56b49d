// Messages between a page and the Worker that compares for it: one comparison a Worker, cancelled by ending it.
import type { WireError } from '../engine/wire-error.ts';
import type { Assessment } from '../training/fit.ts';
import type { WorkerTrainerOptions } from '../training/protocol.ts';
import type { TrainingRequest } from '../training/request.ts';
import type { ComparisonProgress } from './compare.ts';
import type { ComparedKind } from './compare-kinds.ts';
import type { ComparisonReport } from './report-data.ts';

/** A picture of the page, with its words. */
export interface PagePicture {
  readonly name: string;
  readonly caption: string;
  readonly file: Blob;
}

export interface ComparisonStart {
  /** How model and backend are opened. */
  readonly options: WorkerTrainerOptions;
  readonly pictures: readonly PagePicture[];
  /** Of the same number of steps, which is the budget. */
  readonly requests: Readonly<Record<ComparedKind, TrainingRequest>>;
  /** Undefined: a fifth of the pictures. */
  readonly holdBack: number | undefined;
  readonly seeds: readonly bigint[];
  /** Undefined: the model's. */
  readonly pictureSteps: number | undefined;
  /** Pictures in the report. */
  readonly shown: number;
}

export interface ToComparer {
  readonly start: ComparisonStart;
  /** The page's plugin host: a Worker has no sandboxed frames of its own. */
  readonly plugins: MessagePort;
}

/** What happens meanwhile. */
export type ComparisonNews =
  | { readonly kind: 'preparing'; readonly message: string }
  | { readonly kind: 'notice'; readonly words: string }
  /** Of the hypernetwork's training. */
  | { readonly kind: 'assessed'; readonly assessment: Assessment }
  | { readonly kind: 'progress'; readonly progress: ComparisonProgress };

/** What came of it. */
export interface ComparisonResult {
  readonly report: ComparisonReport;
  readonly files: Readonly<Record<ComparedKind, ResultingFile>>;
}

/** What was trained, as AUTOMATIC1111's web UI loads it. */
export interface ResultingFile {
  readonly name: string;
  readonly pt: Uint8Array<ArrayBuffer>;
}

export type FromComparer =
  | { readonly kind: 'news'; readonly news: ComparisonNews }
  | { readonly kind: 'ended'; readonly result: ComparisonResult }
  | { readonly kind: 'error'; readonly error: WireError };
