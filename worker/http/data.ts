// Headers of the interface's answers: open to every site, safe to show, cheap to ask for again.
import type { MiddlewareHandler } from 'hono';
import { digestOf } from '../storage/blob-store.ts';
import { DATA_HEADERS, REVALIDATE } from './headers.ts';
import { matchesEtag } from './range.ts';

/** For every answer of the interface. */
export const asData: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(DATA_HEADERS)) c.res.headers.set(name, value);
};

/**
 * For answers out of the index: an etag over the body, and 304 where the reader has that body already. Weak,
 * because the answer may be compressed on its way.
 */
export const asIndex: MiddlewareHandler = async (c, next) => {
  await next();
  if (c.res.status !== 200 || (c.req.method !== 'GET' && c.req.method !== 'HEAD')) return;
  const body = await c.res.arrayBuffer();
  const etag = `W/"${await digestOf(new Uint8Array(body))}"`;
  const isKnown = matchesEtag(c.req.header('if-none-match'), etag);
  const headers = new Headers(c.res.headers);
  headers.set('etag', etag);
  headers.set('cache-control', REVALIDATE);
  if (isKnown) headers.delete('content-type');
  c.res = new Response(isKnown ? null : body, { status: isKnown ? 304 : 200, headers });
};
