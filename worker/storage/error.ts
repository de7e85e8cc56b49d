// Errors of blob storage.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type StorageErrorKind =
  /** The bytes are not those that the digest names. */
  | 'digest'
  /** A range outside the blob. */
  | 'range'
  /** A stream of fewer or more bytes than were told. */
  | 'length'
  /** An upload in parts that storage has forgotten, or parts that do not make a whole. */
  | 'parts';

/** A blob that cannot be stored or read as asked. `where` is the digest. */
export class StorageError extends TinctureError {
  override readonly name = 'StorageError';

  constructor(kind: StorageErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`storage/${kind}`, what, facts);
  }
}
