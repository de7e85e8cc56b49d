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
  | 'cross-site'
  /** An address at which nobody can sign in. */
  | 'origin'
  /** A challenge that was never given out, was used, or has expired. */
  | 'challenge'
  /** An authenticator's answer that does not hold. */
  | 'passkey'
  /** A handle that is reserved, somebody's, or looks like somebody's. */
  | 'handle'
  /** No such publisher, token, key, passkey or request of a program. */
  | 'not-found'
  /** More than a publisher may have. */
  | 'limit'
  /** A signing key that belongs to another publisher, or was revoked. */
  | 'key-taken'
  /** The last passkey, or the last administrator. */
  | 'last'
  /** A wrong bootstrap secret, or a registry that has none. */
  | 'bootstrap'
  /** The registry has an administrator already. */
  | 'administrator-exists'
  /** What RFC 8628 §3.5 tells a program that polls. */
  | 'authorization-pending'
  | 'slow-down'
  | 'access-denied'
  | 'expired-token';

/** `where` is the route or the credential's place; secrets are never part of the message. */
export class AuthError extends TinctureError {
  override readonly name = 'AuthError';
  readonly kind: AuthErrorKind;

  constructor(kind: AuthErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`auth/${kind}`, what, facts);
    this.kind = kind;
  }
}
