// Errors of the registry: what a publisher or a reader asked that cannot be.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type RegistryErrorKind =
  /** No such style, model, version or blob. */
  | 'not-found'
  /** The manifest or the request breaks a rule. */
  | 'invalid'
  /** The version exists with other content. */
  | 'conflict'
  /** A file that the version names is not in storage. */
  | 'missing-blob';

/** `where` is the name and version, or the field. */
export class RegistryError extends TinctureError {
  override readonly name = 'RegistryError';
  readonly kind: RegistryErrorKind;

  constructor(kind: RegistryErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`registry/${kind}`, what, facts);
    this.kind = kind;
  }
}
