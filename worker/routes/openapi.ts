// GET /openapi.json and GET /docs: the interface's description, for programs and for people.
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Handler } from 'hono';
import type { Environment } from '../environment.ts';
import { DATA_HEADERS, REVALIDATE } from '../http/headers.ts';
import { docsPage } from './docs-page.ts';

/** The version of the interface: the first part is the `/v1` of the paths. */
const INTERFACE_VERSION = '1.0.0';

function describe(app: OpenAPIHono<Environment>) {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Tincture edge',
      version: INTERFACE_VERSION,
      description:
        'Styles and models for Stable Diffusion in the browser: an index of immutable versions, and blobs by SHA-256. Errors are RFC 9457 problem documents.',
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
  });
}

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
