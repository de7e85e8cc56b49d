// Errors of the model store.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type StoreErrorKind =
  /** A name that no folder may have. */
  | 'name'
  /** A model of that name is there already. */
  | 'exists'
  /** No model of that name. */
  | 'not-found'
  /** What was given is no model. */
  | 'source'
  /** The model came without a tokenizer, and none is remembered. */
  | 'tokenizer'
  /** Bytes are not those that a digest names. */
  | 'digest'
  /** A download that did not start or broke. */
  | 'download'
  /** The disk has no room. */
  | 'quota';

export class StoreError extends TinctureError {
  override readonly name = 'StoreError';

  constructor(kind: StoreErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`store/${kind}`, what, facts);
  }
}

/** Running out of room is told as such; anything else is passed on as it is. */
export function storeFailure(error: unknown, where: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new StoreError('quota', 'the disk is full', {
    where,
    fix: 'Free space, or remove a model with `tincture models remove`. What was there before is unharmed.',
    cause: error,
  });
}
