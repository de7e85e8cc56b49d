// Learning-rate schedules as text: `5e-5:100, 1e-6` is 5e-5 up to step 100, then 1e-6 to the end.
import { TrainingError } from './error.ts';

export interface RateSegment {
  readonly rate: number;
  /** The first step, counted from 0, that the rate is not for any more. */
  readonly until: number;
}

/** A schedule's text that is wrong at a place. */
export class RateTextError extends TrainingError {
  /** Where the wrong part begins, in characters from 0. */
  readonly at: number;
  /** Characters of the wrong part; 0 where something is missing. */
  readonly length: number;

  constructor(text: string, start: number, part: string, expected: string) {
    const wrong = part.trim();
    const at = wrong === '' ? start : start + part.indexOf(wrong);
    super('training/rate', 'the learning-rate schedule cannot be read', {
      where: `${JSON.stringify(text.slice(0, 200))}, character ${at + 1}`,
      expected,
      found: JSON.stringify(wrong.slice(0, 60)),
    });
    this.at = at;
    this.length = wrong.length;
  }
}

/** More would be a mistake of copying. */
const MAX_SEGMENTS = 1000;
const NUMBER = /^[+]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const STEP = /^-?\d+$/;

/**
 * Reads a schedule as the reference does, for training from `currentStep` to `maxSteps`: segments that are over are
 * left out, a segment without a step or with step −1 goes to the end, and what stands behind such a one is never
 * reached. Throws `training/rate` that points at the place.
 */
export function parseRateSchedule(text: string, maxSteps: number, currentStep = 0): RateSegment[] {
  const segments: RateSegment[] = [];
  let at = 0;
  const parts = text.split(',');
  if (parts.length > MAX_SEGMENTS) {
    throw new TrainingError('training/rate', 'the learning-rate schedule has too many parts', {
      expected: `at most ${MAX_SEGMENTS}`,
      found: String(parts.length),
    });
  }
  for (const part of parts) {
    const start = at;
    at += part.length + 1;
    if (part.trim() === '') continue;
    const [rateText, stepText, ...rest] = part.split(':') as [string, string?, ...string[]];
    if (rest.length > 0) throw new RateTextError(text, start, part, 'a rate and one step, such as 1e-5:100');
    const rate = positive(text, start, rateText);
    if (stepText === undefined) {
      segments.push({ rate, until: maxSteps });
      return segments;
    }
    const step = wholeStep(text, start + rateText.length + 1, stepText);
    if (step === -1) {
      segments.push({ rate, until: maxSteps });
      return segments;
    }
    if (step > currentStep) {
      segments.push({ rate, until: Math.min(step, maxSteps) });
      if (step > maxSteps) return segments;
    }
  }
  if (segments.length > 0) return segments;
  throw new TrainingError('training/rate', 'the learning-rate schedule has no rate for the steps to come', {
    where: JSON.stringify(text.slice(0, 200)),
    expected: `a rate for step ${currentStep + 1}, such as 5e-5:${maxSteps}`,
  });
}

/** The rate at a step, counted from 0; undefined behind the last segment, where training ends. */
export function rateAt(segments: readonly RateSegment[], step: number): number | undefined {
  return segments.find(({ until }) => step < until)?.rate;
}

function positive(whole: string, at: number, text: string): number {
  const value = NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isFinite(value) && value > 0) return value;
  throw new RateTextError(whole, at, text, 'a positive rate, such as 5e-5');
}

function wholeStep(whole: string, at: number, text: string): number {
  const value = STEP.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= -1) return value;
  throw new RateTextError(whole, at, text, 'a whole step, such as 100, or -1 for the end');
}
