// /v1/keys: the keys that one's styles are signed with.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { callerOf, requireCaller, requireSession } from '../auth/caller.ts';
import { addKey, listKeys, revokeKey } from '../auth/keys.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import { jsonAnswer, jsonBody, keyRequestSchema, keySchema, SIGNED_IN } from './account-schemas.ts';

const tags = ['Accounts'];

export const showKeys = createRoute({
  method: 'get',
  path: '/v1/keys',
  summary: 'Your signing keys',
  tags,
  middleware: [unstored, requireCaller] as const,
  responses: {
    200: jsonAnswer('Newest first', z.object({ keys: z.array(keySchema) })),
    ...problems(401, 403),
  },
});

export const answerKeys: RouteHandler<typeof showKeys, Environment> = async (c) => {
  return c.json({ keys: await listKeys(c.get('stores').database, callerOf(c).publisher) }, 200);
};

export const registerKey = createRoute({
  method: 'post',
  path: '/v1/keys',
  summary: 'Register a signing key',
  description:
    'Signed in only: who has but a token must not be able to sign. The same key again changes nothing.',
  tags,
  security: SIGNED_IN,
  middleware: [unstored, requireSession, limitJson] as const,
  request: jsonBody(keyRequestSchema),
  responses: { 201: jsonAnswer('The key', keySchema), ...problems(400, 401, 403, 409, 413) },
});

export const answerRegisterKey: RouteHandler<typeof registerKey, Environment> = async (c) => {
  return c.json(await addKey(c.get('stores').database, callerOf(c).publisher, c.req.valid('json')), 201);
};

export const deleteKey = createRoute({
  method: 'delete',
  path: '/v1/keys/{id}',
  summary: 'Revoke a signing key: nothing new is accepted with it; what it signed stays',
  tags,
  middleware: [unstored, requireCaller] as const,
  request: { params: z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) }) },
  responses: { 204: { description: 'It is revoked' }, ...problems(400, 401, 403, 404) },
});

export const answerDeleteKey: RouteHandler<typeof deleteKey, Environment> = async (c) => {
  await revokeKey(c.get('stores').database, callerOf(c).publisher, c.req.valid('param').id);
  return c.body(null, 204);
};
