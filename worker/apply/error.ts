// Errors of applying a style at the edge.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type ApplyErrorKind =
  /** This edge does not do it. */
  | 'off'
  /** The style is too large for the edge. */
  | 'too-large'
  /** What was named is no style. */
  | 'embedding'
  /** The posted file has no context that can be bent. */
  | 'context'
  /** The plugin refused, or failed. */
  | 'plugin';

export class ApplyError extends TinctureError {
  override readonly name = 'ApplyError';
  readonly kind: ApplyErrorKind;

  constructor(kind: ApplyErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`apply/${kind}`, what, facts);
    this.kind = kind;
  }
}
