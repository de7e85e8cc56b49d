// /v1/tokens: making, listing and revoking one's tokens.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { callerOf, requireCaller } from '../auth/caller.ts';
import { createToken, listTokens, revokeToken } from '../auth/tokens.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import { jsonAnswer, jsonBody, madeTokenSchema, tokenRequestSchema, tokenSchema } from './account-schemas.ts';

const tags = ['Accounts'];

export const showTokens = createRoute({
  method: 'get',
  path: '/v1/tokens',
  summary: 'Your tokens, without the tokens themselves',
  tags,
  middleware: [unstored, requireCaller] as const,
  responses: {
    200: jsonAnswer(
      'Newest first; of those that have ended the last 20',
      z.object({ tokens: z.array(tokenSchema) }),
    ),
    ...problems(401, 403),
  },
});

export const answerTokens: RouteHandler<typeof showTokens, Environment> = async (c) => {
  const tokens = await listTokens(c.get('stores').database, callerOf(c).publisher);
  return c.json({ tokens: tokens.map((token) => ({ ...token, scopes: [...token.scopes] })) }, 200);
};

export const makeToken = createRoute({
  method: 'post',
  path: '/v1/tokens',
  summary: 'Make a token',
  description:
    'Made with a token, it reaches no further and lasts no longer than that one, and is revoked with it.',
  tags,
  middleware: [unstored, requireCaller, limitJson] as const,
  request: jsonBody(tokenRequestSchema),
  responses: {
    201: jsonAnswer('The token, this once', madeTokenSchema),
    ...problems(400, 401, 403, 409, 413),
  },
});

export const answerMakeToken: RouteHandler<typeof makeToken, Environment> = async (c) => {
  const made = await createToken(c.get('stores').database, callerOf(c), c.req.valid('json'));
  return c.json({ ...made, scopes: [...made.scopes] }, 201);
};

export const deleteToken = createRoute({
  method: 'delete',
  path: '/v1/tokens/{id}',
  summary: 'Revoke a token of yours and all that were made with it',
  tags,
  middleware: [unstored, requireCaller] as const,
  request: { params: z.object({ id: z.uuid() }) },
  responses: { 204: { description: 'It is revoked' }, ...problems(400, 401, 403, 404) },
});

export const answerDeleteToken: RouteHandler<typeof deleteToken, Environment> = async (c) => {
  await revokeToken(c.get('stores').database, callerOf(c), c.req.valid('param').id);
  return c.body(null, 204);
};
