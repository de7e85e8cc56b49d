// The losses on the page. A list that grows in place: a training has many steps, and each of them is shown.
import { type LossHistory, NO_LOSSES, smoothedLosses } from '../../training/losses.ts';

interface Report {
  readonly step: number;
  readonly loss: number;
  readonly rate: number;
}

/** Columns of equal length, as a plot wants them. */
export interface LossColumns {
  readonly step: readonly number[];
  /** Null at steps without one, as step 0 has none. */
  readonly loss: readonly (number | null)[];
  readonly smoothed: readonly (number | null)[];
  readonly rate: readonly (number | null)[];
  readonly validation: readonly (number | null)[];
}

export class LossCurve {
  readonly #steps: Report[] = [];
  readonly #validation: { readonly step: number; readonly loss: number }[] = [];

  constructor({ steps, validation }: LossHistory = NO_LOSSES) {
    for (const report of steps) this.#steps.push(report);
    for (const entry of validation) this.#validation.push(entry);
  }

  add(report: Report): void {
    this.#steps.push(report);
  }

  addValidation(step: number, loss: number): void {
    this.#validation.push({ step, loss });
  }

  /** Forgets what came after a step. */
  cut(step: number): void {
    while ((this.#steps.at(-1)?.step ?? 0) > step) this.#steps.pop();
    while ((this.#validation.at(-1)?.step ?? 0) > step) this.#validation.pop();
  }

  /** Steps. */
  get length(): number {
    return this.#steps.length;
  }

  get last(): Report | undefined {
    return this.#steps.at(-1);
  }

  /** The first and the last loss of the held-back pictures. */
  get validation(): readonly [first: number, last: number] | undefined {
    const [first, last] = [this.#validation[0], this.#validation.at(-1)];
    return first === undefined || last === undefined || first === last ? undefined : [first.loss, last.loss];
  }

  columns(): LossColumns {
    // Only the look before the first step has no step of its own.
    const before = this.#validation.filter(({ step }) => step < (this.#steps[0]?.step ?? 1));
    const none = before.map(() => null);
    const step = [...before, ...this.#steps].map((entry) => entry.step);
    const losses = this.#steps.map(({ loss }) => loss);
    const held = new Map(this.#validation.map((entry) => [entry.step, entry.loss]));
    return {
      step,
      loss: [...none, ...losses],
      smoothed: [...none, ...smoothedLosses(losses)],
      rate: [...none, ...this.#steps.map(({ rate }) => rate)],
      validation: step.map((at) => held.get(at) ?? null),
    };
  }
}
