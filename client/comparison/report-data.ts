// A comparison as data that can be kept: numbers, losses, and the pictures as PNG.
import type { StyleTraining } from '../../plugins/contract/style.ts';
import { encodePng, type Pixels } from '../formats/png.ts';
import type { Backend } from '../runtime/session.ts';
import type { Comparison, ComparisonJob, TrainedSide } from './compare.ts';
import type { ComparedKind } from './compare-kinds.ts';
import type { CaptionedPicture, Figures } from './figures.ts';

/** Points of a loss curve that are kept, each the mean of its part. */
const CURVE_POINTS = 60;
/** Share of the steps whose mean is the loss at the end. */
const END_SHARE = 0.1;

export interface ReportSide {
  readonly figures: Figures;
  /** Data URLs, in the order of the report's captions. */
  readonly pictures: readonly string[];
}

export interface ReportTrained
  extends Omit<TrainedSide, 'losses' | 'files' | 'validationBefore' | 'validationAfter'> {
  readonly validationBefore?: number | undefined;
  readonly validationAfter?: number | undefined;
  readonly secondsAStep: number;
  /** Mean over the last tenth of the steps. */
  readonly lossAtEnd: number;
  /** Means of up to 60 equal parts of the steps. */
  readonly curve: readonly number[];
}

export interface ComparisonReport {
  readonly format: 1;
  readonly model: { readonly name: string; readonly hash: string };
  readonly data: Pick<StyleTraining, 'pictures' | 'batch'> & { readonly heldBack: number };
  readonly budget: ComparisonJob['budget'];
  readonly backend: Backend;
  readonly captions: readonly string[];
  readonly seeds: readonly string[];
  /** Pictures behind the figures of each side. */
  readonly judged: number;
  readonly accuracy: number;
  readonly ceiling: Figures;
  /** The set's own pictures, data URLs. */
  readonly set: readonly string[];
  readonly trained: Readonly<Record<ComparedKind, ReportTrained>>;
  readonly sides: Readonly<Record<'none' | ComparedKind, ReportSide>>;
}

/** Keeps `shown` of the captions' pictures, those of the first seed. */
export function reportOf(job: ComparisonJob, comparison: Comparison, shown: number): ComparisonReport {
  const { model, pictures, requests, seeds } = job;
  const captions = pictures.slice(0, shown).map(({ caption }) => caption);
  const pick = (drawn: readonly CaptionedPicture[]) =>
    captions.map((_, i) => dataUrl(drawn[i * seeds.length]!.picture));
  const { none, hypernetwork, embedding } = comparison.sides;
  const sides = { none, hypernetwork, embedding };
  const { batch, accumulation } = requests.hypernetwork;
  return {
    format: 1,
    model: { name: model.facts.name, hash: model.facts.hash },
    data: {
      pictures: pictures.filter(({ heldBack }) => !heldBack).length,
      heldBack: pictures.filter(({ heldBack }) => heldBack).length,
      batch: batch * accumulation,
    },
    budget: job.budget,
    backend: job.backend,
    captions,
    seeds: seeds.map(String),
    judged: none.drawn.length,
    accuracy: comparison.accuracy,
    ceiling: comparison.ceiling,
    set: pictures.slice(0, shown).map(({ picture }) => dataUrl(picture)),
    trained: {
      hypernetwork: trainedOf(comparison.trained.hypernetwork),
      embedding: trainedOf(comparison.trained.embedding),
    },
    sides: {
      none: { figures: none.figures, pictures: pick(sides.none.drawn) },
      hypernetwork: { figures: hypernetwork.figures, pictures: pick(sides.hypernetwork.drawn) },
      embedding: { figures: embedding.figures, pictures: pick(sides.embedding.drawn) },
    },
  };
}

function trainedOf({ losses, files: _, ...rest }: TrainedSide): ReportTrained {
  const last = losses.slice(-Math.max(1, Math.round(losses.length * END_SHARE)));
  const points = Math.min(CURVE_POINTS, losses.length);
  const curve = Array.from({ length: points }, (_, i) =>
    mean(
      losses.slice(Math.floor((i * losses.length) / points), Math.floor(((i + 1) * losses.length) / points)),
    ),
  );
  return { ...rest, secondsAStep: rest.seconds / Math.max(1, losses.length), lossAtEnd: mean(last), curve };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function dataUrl(picture: Pixels): string {
  const bytes = encodePng(picture);
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(text)}`;
}
