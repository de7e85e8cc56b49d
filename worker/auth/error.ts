// Errors of accounts: who asks is not known, or may not do what they ask.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type AuthErrorKind =
  /** No credentials where some are needed. */
  | 'required'
  /** A token that was never given out, or is spelt wrong. */
  | 'token-unknown'
  | 'token-expired'
  | 'token-revoked'
  /** A session cookie that is unknown or expired. */
  | 'session-ended'
  /** The credentials do not reach to this. */
  | 'scope'
  /** The publisher is suspended by an administrator. */
  | 'suspended'
  /** A request with a cookie that another site's page sent. */
  | 'cross-site';

/** `where` is the route or the credential's place; secrets are never part of the message. */
export class AuthError extends TinctureError {
  override readonly name = 'AuthError';
  readonly kind: AuthErrorKind;

  constructor(kind: AuthErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`auth/${kind}`, what, facts);
    this.kind = kind;
  }
}
