// GET everything else: the studio's files, with the headers that its pages need.
import type { Handler } from 'hono';
import type { Environment } from '../environment.ts';
import { IMMUTABLE, STUDIO_HEADERS } from '../http/headers.ts';
import { problem } from '../http/problem.ts';

/** The bundler names files in here by their content. */
const HASHED_FILES = '/assets/';

export const answerStudio: Handler<Environment> = async (c) => {
  const { path } = c.req;
  const asset = path.startsWith('/v1/')
    ? undefined
    : await c.env.ASSETS?.fetch(c.req.url, assetRequest(c.req.raw));
  if (asset === undefined || asset.status === 404) {
    await asset?.body?.cancel();
    return problem(404, { code: 'edge/not-found', detail: 'There is nothing at this path.' });
  }
  // A copy, because the headers of a fetched response cannot be changed.
  const response = new Response(asset.body as unknown as ReadableStream | null, {
    status: asset.status,
    headers: Object.fromEntries(asset.headers),
  });
  for (const [name, value] of Object.entries(STUDIO_HEADERS)) response.headers.set(name, value);
  if (asset.ok && path.startsWith(HASHED_FILES)) response.headers.set('cache-control', IMMUTABLE);
  return response;
};

/** Only what decides the answer: no cookies or other headers travel to the asset store. */
function assetRequest(request: Request) {
  const headers: Record<string, string> = {};
  for (const name of ['accept-encoding', 'if-none-match', 'range']) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return { method: request.method, headers };
}
