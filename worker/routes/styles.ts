// GET /v1/styles, /v1/styles/{name} and /v1/styles/{name}/{version}.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { MAX_WIDTH } from '../../plugins/contract/limits.ts';
import { STYLE_KINDS } from '../../plugins/contract/style.ts';
import type { Environment } from '../environment.ts';
import { timed } from '../http/frame.ts';
import { problems } from '../http/problem.ts';
import { listVersions, resolve } from '../registry/resolve.ts';
import { SORTS, search } from '../registry/search.ts';
import { styleAnswer } from './answers.ts';
import {
  nameParam,
  searchQuery,
  stylePageSchema,
  styleSchema,
  versionParam,
  versionsSchema,
} from './schemas.ts';

export const searchStyles = createRoute({
  method: 'get',
  path: '/v1/styles',
  summary: 'Search styles and embeddings',
  description:
    'The latest version of each style or embedding that fits. Words in the name weigh most, then in the title, then in the tags.',
  tags: ['Styles'],
  request: {
    query: z.strictObject({
      ...searchQuery,
      width: z.coerce
        .number()
        .int()
        .min(1)
        .max(MAX_WIDTH)
        .optional()
        .describe('Context width of the base model.'),
      kind: z
        .enum(STYLE_KINDS)
        .optional()
        .describe('Styles or embeddings only; without it, both. A style’s manifest may leave its kind out.'),
      sort: z
        .enum(SORTS)
        .optional()
        .describe(
          'Without it: relevance where there are words, else name. newest and downloads come highest first.',
        ),
    }),
  },
  responses: {
    200: { description: 'One page', content: { 'application/json': { schema: stylePageSchema } } },
    ...problems(400),
  },
});

export const answerStyles: RouteHandler<typeof searchStyles, Environment> = async (c) => {
  const { q, width, kind, ...rest } = c.req.valid('query');
  const wanted = { ...rest, text: q, contextWidth: width, holds: kind };
  const { releases, nextCursor } = await timed(c, 'index', search(c.get('stores'), 'style', wanted));
  return c.json({ styles: releases.map(styleAnswer), nextCursor }, 200);
};

export const showStyle = createRoute({
  method: 'get',
  path: '/v1/styles/{name}',
  summary: 'A style: its latest version, and which others there are',
  tags: ['Styles'],
  request: { params: nameParam },
  responses: {
    200: {
      description: 'The style',
      content: { 'application/json': { schema: styleSchema.extend({ versions: versionsSchema }) } },
    },
    ...problems(400, 404),
  },
});

export const answerStyle: RouteHandler<typeof showStyle, Environment> = async (c) => {
  const { name } = c.req.valid('param');
  const release = await resolve(c.get('stores'), 'style', name, 'latest');
  const versions = await listVersions(c.get('stores'), 'style', name);
  return c.json({ ...styleAnswer(release), versions: [...versions] }, 200);
};

export const resolveStyle = createRoute({
  method: 'get',
  path: '/v1/styles/{name}/{version}',
  summary: 'One version of a style: exact, the highest in a range, or the latest',
  tags: ['Styles'],
  request: { params: versionParam },
  responses: {
    200: { description: 'The version', content: { 'application/json': { schema: styleSchema } } },
    ...problems(400, 404, 451),
  },
});

export const answerStyleVersion: RouteHandler<typeof resolveStyle, Environment> = async (c) => {
  const { name, version } = c.req.valid('param');
  return c.json(styleAnswer(await resolve(c.get('stores'), 'style', name, version)), 200);
};
