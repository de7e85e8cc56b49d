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
  | 'missing-blob'
  /** A word that nobody may have as a name, or another publisher's prefix. */
  | 'reserved-name'
  /** A new name that looks like another publisher's. */
  | 'look-alike'
  /** The style belongs to other publishers. */
  | 'not-owner'
  /** A version that is not above the highest. */
  | 'version-order'
  /** No signature, or none of a key that the publisher has in force. */
  | 'signature'
  /** No licence that says what others may do. */
  | 'licence'
  /** The bytes are not those that the digest names. */
  | 'digest'
  /** Weights that are no safetensors file. */
  | 'weights'
  /** A preview that is no PNG picture. */
  | 'preview'
  /** A plugin that the validator refuses. */
  | 'plugin'
  /** A plugin that was packed with another card. */
  | 'card-section'
  /** A plugin that did not finish its trial, or gave numbers that are not finite. */
  | 'trial'
  /** More than a publisher may have. */
  | 'quota'
  /** More bytes than one request may carry. */
  | 'too-large'
  /** A body whose length is not told before. */
  | 'length-required'
  /** Taken down by an administrator. */
  | 'taken-down'
  /** Just now not possible; the same request a little later is. */
  | 'busy';

/** `where` is the name and version, or the field. */
export class RegistryError extends TinctureError {
  override readonly name = 'RegistryError';
  readonly kind: RegistryErrorKind;

  constructor(kind: RegistryErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`registry/${kind}`, what, facts);
    this.kind = kind;
  }
}
