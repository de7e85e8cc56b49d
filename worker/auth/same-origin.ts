// Requests that a browser sends with a cookie must come from this origin's own pages.
import type { Context } from 'hono';
import type { Environment } from '../environment.ts';
import { AuthError } from './error.ts';

/**
 * Throws AuthError `auth/cross-site` (403) unless the request is GET or HEAD, or the browser says that a page of this origin sent
 * it: by Sec-Fetch-Site, or where that is missing by Origin. Neither is no proof, so it is refused too.
 */
export function checkSameOrigin(c: Context<Environment>): void {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return;
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const isOwn =
    site === undefined
      ? origin === new URL(c.req.url).origin
      : site === 'same-origin' && (origin === undefined || origin === new URL(c.req.url).origin);
  if (isOwn) return;
  throw new AuthError('cross-site', 'only pages of this registry may ask this with a session', {
    expected: 'Sec-Fetch-Site: same-origin, or an equal Origin',
    found: site ?? (origin === undefined ? 'neither' : 'another origin'),
    fix: 'Programs and other sites use a token.',
  });
}
