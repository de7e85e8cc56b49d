// Errors of operating a registry: what an operator asked that cannot be, or what went wrong on the way.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type OperationErrorKind =
  /** The registry changed under a backup each time that it was tried. */
  | 'changing'
  /** A backup that is damaged, incomplete, or not one. */
  | 'backup'
  /** The registry to restore into is not empty. */
  | 'not-empty'
  /** A migration that the backup has had is not in this checkout. */
  | 'newer'
  /** The stores cannot be opened. */
  | 'connection';

export class OperationError extends TinctureError {
  override readonly name = 'OperationError';
  readonly kind: OperationErrorKind;

  constructor(kind: OperationErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`operation/${kind}`, what, facts);
    this.kind = kind;
  }
}
