// GET /v1/models, /v1/models/{name} and /v1/models/{name}/{version}.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import type { Environment } from '../environment.ts';
import { timed } from '../http/frame.ts';
import { problems } from '../http/problem.ts';
import { listVersions, resolve } from '../registry/resolve.ts';
import { search } from '../registry/search.ts';
import { modelAnswer } from './answers.ts';
import {
  modelPageSchema,
  modelSchema,
  nameParam,
  searchQuery,
  versionParam,
  versionsSchema,
} from './schemas.ts';

export const searchModels = createRoute({
  method: 'get',
  path: '/v1/models',
  summary: 'Search models',
  description: 'The latest version of each model that fits, in order of name.',
  tags: ['Models'],
  request: {
    query: z.strictObject({
      ...searchQuery,
      sort: z
        .enum(['downloads', 'newest', 'name'])
        .optional()
        .describe('Without it: name. newest and downloads come highest first.'),
    }),
  },
  responses: {
    200: { description: 'One page', content: { 'application/json': { schema: modelPageSchema } } },
    ...problems(400),
  },
});

export const answerModels: RouteHandler<typeof searchModels, Environment> = async (c) => {
  const { q, ...rest } = c.req.valid('query');
  const { releases, nextCursor } = await timed(
    c,
    'index',
    search(c.get('stores'), 'model', { ...rest, text: q }),
  );
  return c.json({ models: releases.map(modelAnswer), nextCursor }, 200);
};

export const showModel = createRoute({
  method: 'get',
  path: '/v1/models/{name}',
  summary: 'A model: its latest version, and which others there are',
  tags: ['Models'],
  request: { params: nameParam },
  responses: {
    200: {
      description: 'The model',
      content: { 'application/json': { schema: modelSchema.extend({ versions: versionsSchema }) } },
    },
    ...problems(400, 404),
  },
});

export const answerModel: RouteHandler<typeof showModel, Environment> = async (c) => {
  const { name } = c.req.valid('param');
  const release = await resolve(c.get('stores'), 'model', name, 'latest');
  const versions = await listVersions(c.get('stores'), 'model', name);
  return c.json({ ...modelAnswer(release), versions: [...versions] }, 200);
};

export const resolveModel = createRoute({
  method: 'get',
  path: '/v1/models/{name}/{version}',
  summary: 'One version of a model: exact, the highest in a range, or the latest',
  tags: ['Models'],
  request: { params: versionParam },
  responses: {
    200: { description: 'The version', content: { 'application/json': { schema: modelSchema } } },
    ...problems(400, 404),
  },
});

export const answerModelVersion: RouteHandler<typeof resolveModel, Environment> = async (c) => {
  const { name, version } = c.req.valid('param');
  return c.json(modelAnswer(await resolve(c.get('stores'), 'model', name, version)), 200);
};
