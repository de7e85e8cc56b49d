// What training can be asked for, checked once.
import type { Clipping } from '../autodiff/adamw.ts';
import type { CaptionOptions } from './captions.ts';
import { TrainingError } from './error.ts';
import type { RateSegment } from './rate.ts';
import { MAX_ROLLOUTS } from './rollouts.ts';
import type { MemoryPlan } from './step-graph.ts';

export interface TrainingOptions {
  /** Pictures a step's graph sees at once: 1 … 64. */
  readonly batch: number;
  /** Batches whose gradients are averaged for one step: 1 … 1024. */
  readonly accumulation: number;
  readonly rates: readonly RateSegment[];
  /** Steps over which the rate rises from 0 to the schedule's: 0 … 1e6. */
  readonly warmup: number;
  readonly weightDecay: number;
  readonly clipping: { readonly kind: Clipping; readonly limit: number };
  /** Decay of a running average of the weights (EMA), which is then the result: 0 … 1, such as 0.99; undefined: none. */
  readonly ema: number | undefined;
  readonly minSnr: number | undefined;
  /** Least weight of the clean latent's error, such as 1; see `NoiseOptions`. */
  readonly snrFloor: number | undefined;
  /** Each picture of a batch has its timestep from a part of the schedule of its own, so that a batch covers all of it. */
  readonly spreadTimesteps: boolean;
  /** Pictures under way that the net in training draws itself, beside each step's batch: 0 … 16; see `Rollouts`. */
  readonly rollouts: number;
  readonly sampledLatents: boolean;
  readonly seed: bigint;
  /** What the backward pass computes again; undefined: by the step's size. */
  readonly memory: MemoryPlan | undefined;
  readonly captions: CaptionOptions;
}

const RANGES = {
  batch: [1, 64], accumulation: [1, 1024], warmup: [0, 1e6], weightDecay: [0, 1],
  rollouts: [0, MAX_ROLLOUTS],
} as const; // biome-ignore format: a table
const WHOLE = ['batch', 'accumulation', 'warmup', 'rollouts'];

/** Throws `training/option` naming the option. */
export function checkTrainingOptions(options: TrainingOptions): void {
  const fail = (name: string, expected: string, found: unknown): TrainingError =>
    new TrainingError('training/option', `the option ${name} is out of range`, {
      expected,
      found: String(found),
    });
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES];
    const fits = value >= low && value <= high && (!WHOLE.includes(name) || Number.isInteger(value));
    if (!fits) throw fail(name, `${low} to ${high}`, value);
  }
  const { clipping, ema, minSnr, snrFloor, captions } = options;
  if (clipping.kind !== 'none' && !(clipping.limit > 0))
    throw fail('clipping', 'a positive limit', clipping.limit);
  if (ema !== undefined && !(ema > 0 && ema < 1)) throw fail('ema', 'above 0 and below 1, such as 0.99', ema);
  if (minSnr !== undefined && !(minSnr > 0)) throw fail('minSnr', 'a positive γ, such as 5', minSnr);
  if (snrFloor !== undefined && !(snrFloor > 0 && snrFloor <= (minSnr ?? Number.POSITIVE_INFINITY))) {
    throw fail(
      'snrFloor',
      `above 0, ${minSnr === undefined ? 'such as 1' : `at most the min-SNR γ of ${minSnr}`}`,
      snrFloor,
    );
  }
  if (options.rollouts > 0 && minSnr === undefined)
    throw fail('minSnr', 'a γ, such as 5, for rollouts', minSnr);
  for (const name of ['tagDropout', 'emptyShare'] as const) {
    if (!(captions[name] >= 0 && captions[name] <= 1)) throw fail(name, '0 to 1', captions[name]);
  }
  if (captions.templates.length === 0) throw fail('templates', 'at least one', 0);
}
