// Errors as RFC 9457 problem documents: one shape for every answer that is not a success.
import { z } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { TinctureError } from '../../plugins/contract/error.ts';
import { ApplyError, type ApplyErrorKind } from '../apply/error.ts';
import { AuthError, type AuthErrorKind } from '../auth/error.ts';
import { RegistryError, type RegistryErrorKind } from '../registry/error.ts';
import { DATA_HEADERS } from './headers.ts';

export const PROBLEM_TYPE = 'application/problem+json';

export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string().describe('The status in words.'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What is wrong and what to do, for people.'),
    code: z.string().describe('Stable, for programs, such as registry/not-found.'),
    requestId: z.string().optional().describe('As X-Request-Id: names the request to who runs the edge.'),
    field: z.string().optional().describe('What of the request is wrong, such as query.limit.'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  411: 'Length Required',
  413: 'Content Too Large',
  414: 'URI Too Long',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const;
export type ProblemStatus = keyof typeof TITLES;

export interface ProblemFacts {
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
}

/** A problem as a response. It is never cached. */
export function problem(
  status: ProblemStatus,
  facts: ProblemFacts,
  headers: Record<string, string> = {},
): Response {
  const body: z.infer<typeof problemSchema> = {
    type: 'about:blank',
    title: TITLES[status],
    status,
    ...facts,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...DATA_HEADERS, ...headers, 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store' },
  });
}

/** The stores behind the edge do not answer. */
export class UnhealthyError extends TinctureError {
  override readonly name = 'UnhealthyError';

  constructor(cause: unknown) {
    super('edge/unhealthy', 'index or blob storage does not answer', { cause });
  }
}

const STATUS_OF: Readonly<Record<RegistryErrorKind, ProblemStatus>> = {
  'not-found': 404,
  invalid: 400,
  conflict: 409,
  'missing-blob': 409,
  'reserved-name': 403,
  'look-alike': 409,
  'not-owner': 403,
  'version-order': 409,
  signature: 403,
  licence: 422,
  digest: 400,
  weights: 422,
  preview: 422,
  plugin: 422,
  'card-section': 422,
  trial: 422,
  quota: 403,
  'too-large': 413,
  'length-required': 411,
  'taken-down': 451,
  busy: 503,
};

/** Seconds after which a registry that is busy is asked again. */
const BUSY_SECONDS = '2';

const STATUS_OF_APPLY: Readonly<Record<ApplyErrorKind, ProblemStatus>> = {
  off: 404,
  'too-large': 422,
  embedding: 422,
  context: 400,
  plugin: 422,
};

const STATUS_OF_AUTH: Readonly<Record<AuthErrorKind, ProblemStatus>> = {
  required: 401,
  'token-unknown': 401,
  'token-expired': 401,
  'token-revoked': 401,
  'session-ended': 401,
  scope: 403,
  suspended: 403,
  'cross-site': 403,
  origin: 403,
  challenge: 400,
  passkey: 400,
  handle: 409,
  'not-found': 404,
  limit: 409,
  'key-taken': 409,
  last: 409,
  bootstrap: 403,
  'administrator-exists': 409,
  'authorization-pending': 400,
  'slow-down': 400,
  'access-denied': 400,
  'expired-token': 400,
};

/** RFC 6750 §3: which credentials would do. */
function challengeOf({ kind }: AuthError, status: ProblemStatus): Record<string, string> {
  const realm = 'Bearer realm="tincture"';
  if (kind === 'required') return { 'www-authenticate': realm };
  if (kind === 'scope') return { 'www-authenticate': `${realm}, error="insufficient_scope"` };
  return status === 401 ? { 'www-authenticate': `${realm}, error="invalid_token"` } : {};
}

/** The problem of an error. What is not the caller's fault is told without internals; the frame logs it. */
export function problemOf(error: unknown): Response {
  if (error instanceof RegistryError) {
    const field = error.kind === 'invalid' ? error.facts.where : undefined;
    return problem(
      STATUS_OF[error.kind],
      { code: error.code, detail: error.message, ...(field === undefined ? {} : { field }) },
      error.kind === 'busy' ? { 'retry-after': BUSY_SECONDS } : {},
    );
  }
  if (error instanceof AuthError) {
    const status = STATUS_OF_AUTH[error.kind];
    return problem(status, { code: error.code, detail: error.message }, challengeOf(error, status));
  }
  // What Hono's validator throws for a body that is no JSON.
  if (error instanceof HTTPException && error.status === 400) {
    return problem(400, { code: 'edge/invalid-request', detail: 'The body is not JSON.', field: 'body' });
  }
  if (error instanceof ApplyError) {
    return problem(STATUS_OF_APPLY[error.kind], { code: error.code, detail: error.message });
  }
  if (error instanceof UnhealthyError) return problem(503, { code: error.code, detail: error.message });
  return problem(500, { code: 'edge/internal', detail: 'The edge failed to answer. Try again later.' });
}

/** For route definitions: the problems that a route may answer with. */
export function problems(...statuses: ProblemStatus[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: TITLES[status], content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
    ]),
  );
}
