// The losses of a training, step by step, as they are kept and drawn.
import type { StepReport } from './trainer.ts';

export interface LossHistory {
  readonly steps: readonly StepReport[];
  /** Losses of the held-back pictures; step 0 is before the first one. */
  readonly validation: readonly { readonly step: number; readonly loss: number }[];
}

export const NO_LOSSES: LossHistory = { steps: [], validation: [] };

/** More steps than a training can have. */
const MAX_ENTRIES = 1_000_000;

/** Compact JSON: one list for each column. */
export function writeLosses({ steps, validation }: LossHistory): string {
  return JSON.stringify({
    step: steps.map(({ step }) => step),
    loss: steps.map(({ loss }) => loss),
    rate: steps.map(({ rate }) => rate),
    validationStep: validation.map(({ step }) => step),
    validationLoss: validation.map(({ loss }) => loss),
  });
}

/** The history up to a step; nothing for a text that is none: it is shown, not needed. */
export function readLosses(json: string, upTo: number): LossHistory {
  let columns: Record<string, unknown>;
  try {
    columns = Object(JSON.parse(json));
  } catch {
    return NO_LOSSES;
  }
  const column = (name: string) => numbers(columns[name]);
  const [losses, rates] = [column('loss'), column('rate')];
  const validationLosses = column('validationLoss');
  return lossesUpTo(
    {
      steps: column('step').flatMap((step, i) => {
        const [loss, rate] = [losses[i], rates[i]];
        return loss === undefined || rate === undefined ? [] : [{ step, loss, rate }];
      }),
      validation: column('validationStep').flatMap((step, i) => {
        const loss = validationLosses[i];
        return loss === undefined ? [] : [{ step, loss }];
      }),
    },
    upTo,
  );
}

/** The history as it was at a step. */
export function lossesUpTo({ steps, validation }: LossHistory, step: number): LossHistory {
  return {
    steps: steps.filter((entry) => entry.step <= step),
    validation: validation.filter((entry) => entry.step <= step),
  };
}

function numbers(value: unknown): number[] {
  return Array.isArray(value)
    ? value.slice(0, MAX_ENTRIES).filter((item): item is number => typeof item === 'number')
    : [];
}

/**
 * Running means of the losses, each new loss with the share `1 − keep`, corrected for the start from 0 as Adam's moments
 * are (Kingma & Ba, 2015), so that the first value is the first loss.
 */
export function smoothedLosses(losses: readonly number[], keep = 0.95): number[] {
  let mean = 0;
  let weight = 1;
  return losses.map((loss) => {
    mean = keep * mean + (1 - keep) * loss;
    weight *= keep;
    return mean / (1 - weight);
  });
}
