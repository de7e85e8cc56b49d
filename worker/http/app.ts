// The empty app: the frame of every answer, bounds on requests, CORS, the stores, and how errors and unknown routes are answered.
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { firstIssue } from '../../plugins/contract/style.ts';
import { authenticate } from '../auth/caller.ts';
import type { Bindings, Environment } from '../environment.ts';
import type { PublishingStores } from '../registry/release.ts';
import { r2BlobStore, r2Staging } from '../storage/r2.ts';
import { frame } from './frame.ts';
import { ALLOWED_HEADERS, EXPOSED_HEADERS } from './headers.ts';
import { problem, problemOf } from './problem.ts';
import { rateLimit } from './rate-limit.ts';

/** Characters of path and query: the longest search that passes the other bounds fits twice. */
export const MAX_URL_CHARACTERS = 2048;

/** What a validator calls the parts of a request, where people say something else. */
const PLACES: Readonly<Record<string, string>> = { param: 'path', json: 'body' };

/** Makes the app that `index.ts` fills with routes. */
export function createApp(): OpenAPIHono<Environment> {
  const app = new OpenAPIHono<Environment>({
    defaultHook(result) {
      if (result.success) return;
      const { field, message } = firstIssue(result.error);
      const place = PLACES[result.target] ?? result.target;
      return problem(400, {
        code: 'edge/invalid-request',
        detail: `${place}.${field}: ${message}`,
        field: `${place}.${field}`,
      });
    },
  });
  app.onError((error) => problemOf(error));
  app.notFound(unrouted(app));
  app.use(
    '*',
    frame,
    cors({
      origin: '*',
      // Other sites' pages may write with a token. Cookies never come with their requests: credentials are not allowed.
      allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
      allowHeaders: ALLOWED_HEADERS,
      exposeHeaders: EXPOSED_HEADERS,
      maxAge: 86_400,
    }),
    boundUrl,
    rateLimit,
    provideStores,
  );
  app.use('/v1/*', authenticate);
  return app;
}

const boundUrl: MiddlewareHandler = async (c, next) => {
  const { pathname, search } = new URL(c.req.url);
  if (pathname.length + search.length <= MAX_URL_CHARACTERS) return next();
  return problem(414, {
    code: 'edge/url-too-long',
    detail: `Path and query may have ${MAX_URL_CHARACTERS} characters.`,
  });
};

/** Where releases are, by these bindings. */
export function storesOf(env: Bindings): PublishingStores {
  return { database: env.DB, blobs: r2BlobStore(env.BLOBS), staging: r2Staging(env.BLOBS) };
}

const provideStores: MiddlewareHandler<Environment> = async (c, next) => {
  c.set('stores', storesOf(c.env));
  await next();
};

/** Answers what no route takes: 405 with Allow where the path exists under another method, else 404. */
export function unrouted(app: OpenAPIHono<Environment>): (c: Context<Environment>) => Response {
  return (c) => {
    const { path, method } = c.req;
    const methods = new Set(
      app.routes
        .filter((route) => route.method !== 'ALL' && pathPattern(route.path, path).test(path))
        .map((route) => route.method),
    );
    if (methods.size === 0 || methods.has(method) || (method === 'HEAD' && methods.has('GET'))) {
      return problem(404, { code: 'edge/not-found', detail: 'There is nothing at this path.' });
    }
    if (methods.has('GET')) methods.add('HEAD');
    methods.add('OPTIONS');
    const allow = [...methods].sort().join(', ');
    return problem(
      405,
      { code: 'edge/method-not-allowed', detail: `This path answers ${allow}.` },
      { allow },
    );
  };
}

/** The pages' wildcard does not count below the interface's prefix: nothing there is a page. */
function pathPattern(route: string, path: string): RegExp {
  if (route === '*' || route === '/*') return path.startsWith('/v1/') ? /(?!)/ : /^/;
  return new RegExp(`^${route.replaceAll('.', '\\.').replaceAll(/:[a-z0-9]+/gi, '[^/]+')}$`);
}
