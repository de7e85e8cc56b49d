// What goes wrong while sampling.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

/** Codes: `sampling/steps`, `sampling/seed`, `sampling/sampler`, `sampling/schedule`, `sampling/shape`, `sampling/noise`, `sampling/non-finite`. */
export class SamplingError extends TinctureError {
  override readonly name = 'SamplingError';

  constructor(code: `sampling/${string}`, what: string, facts: ErrorFacts = {}) {
    super(code, what, facts);
  }
}
