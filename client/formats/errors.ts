// Errors of everything that reads or writes files of tensors and pictures.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

/** What callers can tell apart. */
export type FormatErrorKind =
  /** The file ends before what it declares. */
  | 'truncated'
  /** The file contradicts its format. */
  | 'invalid'
  /** A declared or found size is above a cap of ours. */
  | 'too-large'
  /** Correct, but of a kind that we do not read. */
  | 'unsupported'
  /** A pickle that names something outside the allow-list. */
  | 'refused'
  /** The file has no tensor of that name. */
  | 'missing-tensor'
  /** An URL that does not answer, or answers without ranges. */
  | 'network';

/** A file that cannot be read. `where` names the file and the place in it. */
export class FormatError extends TinctureError {
  override readonly name = 'FormatError';

  constructor(kind: FormatErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`format/${kind}`, what, facts);
  }
}
