// Errors of hypernetworks: what a style's file says that cannot be, or that we do not compute.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type HypernetworkErrorKind =
  /** The file holds something else than a hypernetwork. */
  | 'not-a-hypernetwork'
  /** Description and tensors contradict each other. */
  | 'invalid'
  /** An activation that is not computed here. */
  | 'unsupported-activation'
  /** A weight is NaN or infinite: the style is broken and would draw black pictures. */
  | 'non-finite'
  /** Networks of different shapes, where one shape is needed. */
  | 'mismatch'
  /** A context of another width than the layers'. */
  | 'width';

/** A hypernetwork that cannot be used. `where` names the file and the tensor. */
export class HypernetworkError extends TinctureError {
  override readonly name = 'HypernetworkError';

  constructor(kind: HypernetworkErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`hypernetwork/${kind}`, what, facts);
  }
}
