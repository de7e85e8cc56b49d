// The preset of each kind of training: what the reference's users start from.

import type { TrainingOptions } from './options.ts';
import { parseRateSchedule } from './rate.ts';
import type { TrainingKind } from './state-file.ts';

/** Rate texts that suit fresh nets and vectors, and a model that is trained already. */
export const DEFAULT_RATES = { hypernetwork: '5e-5', embedding: '5e-3', model: '1e-5' } as const;

/** Options for training `kind` from `currentStep` to `steps`; change what you need. Throws `training/rate`. */
export function defaultOptions(
  kind: TrainingKind,
  steps: number,
  rate: string = DEFAULT_RATES[kind],
  currentStep = 0,
): TrainingOptions {
  return {
    batch: 1,
    accumulation: 1,
    rates: parseRateSchedule(rate, steps, currentStep),
    warmup: 0,
    weightDecay: kind === 'embedding' ? 0 : 0.01,
    clipping: { kind: 'none', limit: 1 },
    ema: undefined,
    minSnr: undefined,
    snrFloor: undefined,
    spreadTimesteps: false,
    rollouts: 0,
    sampledLatents: false,
    seed: 0n,
    memory: undefined,
    captions: {
      templates: kind === 'embedding' ? ['[name]', '[filewords], [name]'] : ['[filewords]'],
      shuffleTags: false,
      tagDropout: 0,
      emptyShare: 0,
    },
  };
}
