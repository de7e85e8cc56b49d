// The cookie of a session: readable by no script, sent by no other site, and on plain HTTP only on this machine.
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { Environment } from '../environment.ts';

/** `newSecret` in base64url. */
const SHAPE = /^[A-Za-z0-9_-]{43}$/;

/**
 * `__Host-` makes browsers insist on HTTPS and on this very host. They refuse it on plain HTTP, which is used on loopback only;
 * there the name has the port, because cookies of one host are shared by its ports.
 */
function cookieName(url: URL): string {
  return url.protocol === 'https:' ? '__Host-tincture' : `tincture-${url.port || '80'}`;
}

/** The secret of the request's session cookie, if it has one that could be one. */
export function readSessionCookie(c: Context<Environment>): string | undefined {
  const value = getCookie(c, cookieName(new URL(c.req.url)));
  return value !== undefined && SHAPE.test(value) ? value : undefined;
}

/** Sets the cookie for `seconds`; an empty secret and 0 remove it. */
export function writeSessionCookie(c: Context<Environment>, secret: string, seconds: number): void {
  const url = new URL(c.req.url);
  setCookie(c, cookieName(url), secret, {
    path: '/',
    httpOnly: true,
    secure: url.protocol === 'https:',
    sameSite: 'Strict',
    maxAge: seconds,
  });
}
