// /v1/publishers/{handle}: a publisher, and what administrators do to one.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { changeRole, restore, suspend } from '../auth/administration.ts';
import { callerOf, requireScope } from '../auth/caller.ts';
import { type Publisher, publisherOf } from '../auth/publishers.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import { handleParam, jsonAnswer, jsonBody, publisherSchema, roleSchema } from './account-schemas.ts';

export function publisherAnswer({ suspendedAt, ...publisher }: Publisher): z.infer<typeof publisherSchema> {
  return { ...publisher, suspended: suspendedAt !== null };
}

export const showPublisher = createRoute({
  method: 'get',
  path: '/v1/publishers/{handle}',
  summary: 'A publisher',
  tags: ['Publishers'],
  request: { params: handleParam },
  responses: { 200: jsonAnswer('The publisher', publisherSchema), ...problems(400, 404) },
});

export const answerPublisher: RouteHandler<typeof showPublisher, Environment> = async (c) => {
  const publisher = await publisherOf(c.get('stores').database, c.req.valid('param').handle);
  return c.json(publisherAnswer(publisher), 200);
};

const tags = ['Administration'];
const middleware = [unstored, requireScope('admin'), limitJson];

export const suspendPublisher = createRoute({
  method: 'post',
  path: '/v1/publishers/{handle}/suspend',
  summary: 'Suspend a publisher: its credentials are refused until it is restored; what it published stays',
  tags,
  middleware,
  request: { params: handleParam, ...jsonBody(z.strictObject({ reason: z.string().min(1).max(500) })) },
  responses: { 204: { description: 'It is suspended' }, ...problems(400, 401, 403, 404, 409, 413) },
});

export const answerSuspend: RouteHandler<typeof suspendPublisher, Environment> = async (c) => {
  const { handle } = c.req.valid('param');
  await suspend(c.get('stores').database, callerOf(c), handle, c.req.valid('json').reason);
  return c.body(null, 204);
};

export const restorePublisher = createRoute({
  method: 'delete',
  path: '/v1/publishers/{handle}/suspend',
  summary: 'Lift a suspension',
  tags,
  middleware,
  request: { params: handleParam },
  responses: { 204: { description: 'It may act again' }, ...problems(400, 401, 403, 404) },
});

export const answerRestore: RouteHandler<typeof restorePublisher, Environment> = async (c) => {
  await restore(c.get('stores').database, callerOf(c), c.req.valid('param').handle);
  return c.body(null, 204);
};

export const assignRole = createRoute({
  method: 'put',
  path: '/v1/publishers/{handle}/role',
  summary: 'Make a publisher an administrator, or an administrator a publisher',
  tags,
  middleware,
  request: { params: handleParam, ...jsonBody(z.strictObject({ role: roleSchema })) },
  responses: { 204: { description: 'It has the role' }, ...problems(400, 401, 403, 404, 409, 413) },
});

export const answerAssignRole: RouteHandler<typeof assignRole, Environment> = async (c) => {
  const { handle } = c.req.valid('param');
  await changeRole(c.get('stores').database, callerOf(c), handle, c.req.valid('json').role);
  return c.body(null, 204);
};
