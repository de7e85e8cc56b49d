// The outermost layer of every answer: its id, how long it took, headers that each answer needs, and its line in the log.
import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { TinctureError } from '../../plugins/contract/error.ts';
import type { Environment } from '../environment.ts';
import { RegistryError } from '../registry/error.ts';
import { DATA_HEADERS, HSTS, SECURE_HEADERS } from './headers.ts';
import { errorLines, type LogLevel, logRequest } from './log.ts';
import { PROBLEM_TYPE } from './problem.ts';

/** Sets `requestId` and `timings`, and after the answer is made: secure headers, Server-Timing, X-Request-Id, the log. */
export const frame: MiddlewareHandler<Environment> = async (c, next) => {
  const began = performance.now();
  const requestId = crypto.randomUUID();
  c.set('requestId', requestId);
  c.set('timings', []);
  await next();
  if (c.res.headers.get('content-type') === PROBLEM_TYPE) await nameRequest(c, requestId);
  const ms = performance.now() - began;
  const { headers } = c.res;
  for (const [name, value] of Object.entries(SECURE_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (!headers.has('content-security-policy')) {
    headers.set('content-security-policy', DATA_HEADERS['content-security-policy']!);
  }
  if (new URL(c.req.url).protocol === 'https:') headers.set('strict-transport-security', HSTS);
  headers.set('x-request-id', requestId);
  headers.set('server-timing', [...c.get('timings'), metric('app', ms)].join(', '));
  const failed = c.res.status >= 500 && !isBusy(c.error);
  const facts = {
    request: requestId,
    method: c.req.method,
    route: routePath(c),
    status: c.res.status,
    ms: Math.round(ms),
    ...publisherOf(c),
    ...(c.error === undefined || !failed ? {} : { error: errorLines(c.error) }),
  };
  logRequest(logLevel(c.env.LOG), facts, failed);
};

/** A blob that is being removed just now is nobody's failure: the client comes again in a moment, as it is told. */
function isBusy(error: Error | undefined): boolean {
  return error instanceof RegistryError && error.kind === 'busy';
}

/** Runs `work` and tells its milliseconds in Server-Timing under `name`. At the edge clocks move only while something is awaited. */
export async function timed<T>(c: Context<Environment>, name: string, work: Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await work;
  } finally {
    c.get('timings').push(metric(name, performance.now() - began));
  }
}

function metric(name: string, ms: number): string {
  return `${name};dur=${ms.toFixed(1)}`;
}

/** Who published or yanked; a caller of the accounts is a public handle. */
function publisherOf(c: Context<Environment>): { publisher?: string } {
  const publisher = c.get('caller')?.publisher;
  return publisher === undefined ? {} : { publisher };
}

/** A reader who reports a problem can name the request, and the log has its line. */
async function nameRequest(c: Context<Environment>, requestId: string): Promise<void> {
  const facts = (await c.res.json()) as object;
  c.res = new Response(JSON.stringify({ ...facts, requestId }), c.res);
}

function logLevel(text: string | undefined): LogLevel {
  if (text === undefined || text === 'all') return 'all';
  if (text === 'errors') return 'errors';
  throw new TinctureError('edge/configuration', 'LOG cannot be used', {
    expected: 'all or errors',
    found: text,
  });
}
