// Errors of the registry client.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type RegistryErrorKind =
  /** The registry cannot be reached, or the connection broke and could not be resumed. */
  | 'network'
  /** The registry answered with a problem; `facts.found` has the status. */
  | 'refused'
  /** No such style, model, version or blob. */
  | 'not-found'
  /** The answer is not what the interface says. */
  | 'answer'
  /** The bytes are not those that the digest names; nothing was kept. */
  | 'digest';

/** A request to the registry that failed. `where` is the URL. */
export class RegistryError extends TinctureError {
  override readonly name = 'RegistryError';
  /** The code of the registry's problem document, such as `auth/token-expired`. */
  readonly problemCode: string | undefined;
  /** What is wrong in the registry's own words, without the address and the status. */
  readonly detail: string;

  constructor(kind: RegistryErrorKind, what: string, facts: ErrorFacts = {}, problemCode?: string) {
    super(`registry/${kind}`, what, facts);
    this.problemCode = problemCode;
    this.detail = what;
  }
}
