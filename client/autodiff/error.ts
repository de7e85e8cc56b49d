// Why a graph cannot be differentiated.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

/** Code `autodiff/no-rule`, `autodiff/unreached`, `autodiff/loss` or `autodiff/shape`. */
export class AutodiffError extends TinctureError {
  override readonly name = 'AutodiffError';

  constructor(kind: 'no-rule' | 'unreached' | 'loss' | 'shape', what: string, facts: ErrorFacts = {}) {
    super(`autodiff/${kind}`, what, facts);
  }
}
