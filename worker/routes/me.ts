// GET /v1/me: who the credentials are.
import { createRoute, type RouteHandler } from '@hono/zod-openapi';
import { callerOf, requireCaller } from '../auth/caller.ts';
import { publisherOf } from '../auth/publishers.ts';
import type { Environment } from '../environment.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import { jsonAnswer, meSchema } from './account-schemas.ts';

export const showMe = createRoute({
  method: 'get',
  path: '/v1/me',
  summary: 'Who these credentials are, and what they reach to',
  tags: ['Accounts'],
  middleware: [unstored, requireCaller] as const,
  responses: { 200: jsonAnswer('You', meSchema), ...problems(401, 403) },
});

export const answerMe: RouteHandler<typeof showMe, Environment> = async (c) => {
  const { publisher, via, tokenId, scopes } = callerOf(c);
  const { handle, displayName, role } = await publisherOf(c.get('stores').database, publisher);
  return c.json({ handle, displayName, role, via, tokenId: tokenId ?? null, scopes: [...scopes] }, 200);
};
