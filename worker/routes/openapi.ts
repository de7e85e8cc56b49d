// GET /openapi.json and GET /docs: the interface's description, for programs and for people.
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Handler } from 'hono';
import type { Environment } from '../environment.ts';
import { DATA_HEADERS, REVALIDATE } from '../http/headers.ts';
import { PROBLEM_TYPE, problems } from '../http/problem.ts';
import { docsPage } from './docs-page.ts';

/** The version of the interface: the first part is the `/v1` of the paths. */
const INTERFACE_VERSION = '1.0.0';

type Document = ReturnType<OpenAPIHono<Environment>['getOpenAPI31Document']>;

interface Operation {
  responses?: Record<string, unknown>;
  security?: Record<string, string[]>[];
}

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A token of POST /v1/tokens or of `tincture login`, with the scope that the operation names.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-tincture',
    description: 'Signed in with a passkey, from pages of this origin only.',
  },
} as const;

/**
 * The routes, and what the frame around them adds to each: limits for all, and for those that may answer 401 which
 * credentials would do, unless they say so themselves.
 */
function describe(app: OpenAPIHono<Environment>): Document {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Tincture edge',
      version: INTERFACE_VERSION,
      description:
        'Styles and models for Stable Diffusion in the browser: an index of immutable versions, and blobs by SHA-256. Errors are RFC 9457 problem documents. Every answer has X-Request-Id and Server-Timing; RateLimit tells what is left of one’s quota.',
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
  });
  const limited = problems(429);
  for (const methods of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(methods as Record<string, Operation>)) {
      if (operation.responses?.['401'] !== undefined) operation.security ??= [{ token: [] }, { session: [] }];
      operation.responses = { ...operation.responses, 429: { ...limited[429], content: PROBLEM_CONTENT } };
    }
  }
  return { ...document, components: { ...document.components, securitySchemes: SECURITY_SCHEMES } };
}

const PROBLEM_CONTENT = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };

export function answerOpenApi(app: OpenAPIHono<Environment>): Handler<Environment> {
  return (c) => c.json(describe(app), 200, { 'cache-control': REVALIDATE });
}

export function answerDocs(app: OpenAPIHono<Environment>): Handler<Environment> {
  return (c) =>
    c.html(docsPage(describe(app)), 200, {
      ...DATA_HEADERS,
      // The page is text and one style sheet in it: no script, no other file.
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cache-control': REVALIDATE,
    });
}
