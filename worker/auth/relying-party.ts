// Where passkeys are for: this registry's origin and its host, which a passkey is bound to for ever.
import type { Context } from 'hono';
import type { Environment } from '../environment.ts';
import { AuthError } from './error.ts';

export interface RelyingParty {
  /** Such as https://example.com. */
  readonly origin: string;
  /** The host without port: a passkey works for it and for nothing else. */
  readonly id: string;
}

/**
 * The request's own origin. With ORIGINS (origins separated by white space) only one of those: a deployment that answers under
 * several names says so which of them people sign in at. Throws AuthError `auth/origin` where browsers know no passkeys: plain
 * HTTP on another host than localhost, and bare addresses.
 */
export function relyingParty(c: Context<Environment>): RelyingParty {
  const { origin, hostname, protocol } = new URL(c.req.url);
  const allowed = c.env.ORIGINS?.split(/\s+/).filter((it) => it !== '');
  if (allowed !== undefined && !allowed.includes(origin)) {
    throw new AuthError('origin', 'people do not sign in at this address', {
      expected: allowed.join(' or '),
      found: origin,
    });
  }
  const isNamed = !/^[\d.]+$|^\[/.test(hostname);
  if (isNamed && (protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost'))) {
    return { origin, id: hostname };
  }
  throw new AuthError('origin', 'browsers have no passkeys for this address', {
    expected: 'https and a host name, or http://localhost',
    found: origin,
    ...(isLoopback(hostname) && { fix: `Open ${signInOrigin(c)}/ instead.` }),
  });
}

/** The origin where people sign in: on this machine localhost, which is the same server under a name that passkeys know. */
export function signInOrigin(c: Context<Environment>): string {
  const url = new URL(c.req.url);
  if (isLoopback(url.hostname)) url.hostname = 'localhost';
  return url.origin;
}

function isLoopback(hostname: string): boolean {
  return hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
