// /v1/styles/{name}/owners and /v1/prefixes: who may publish under a name, and under names that begin alike.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { nameSchema } from '../../plugins/contract/style.ts';
import { callerOf, requireScope } from '../auth/caller.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import { addOwner, grantPrefix, listOwners, removeOwner } from '../registry/owners.ts';
import { nameParam } from './schemas.ts';

const handle = nameSchema.min(2).max(39);
const ownersSchema = z.object({ owners: z.array(handle).describe('Oldest first.') }).meta({ id: 'Owners' });
const ownersAnswer = {
  description: 'The owners as they are now',
  content: { 'application/json': { schema: ownersSchema } },
};
const ownerParam = nameParam.extend({ handle });

export const showOwners = createRoute({
  method: 'get',
  path: '/v1/styles/{name}/owners',
  summary: 'Who may publish under a name',
  tags: ['Styles'],
  request: { params: nameParam },
  responses: { 200: ownersAnswer, ...problems(400, 404) },
});

export const answerOwners: RouteHandler<typeof showOwners, Environment> = async (c) => {
  return c.json({ owners: [...(await listOwners(c.get('stores'), c.req.valid('param').name))] }, 200);
};

export const putOwner = createRoute({
  method: 'put',
  path: '/v1/styles/{name}/owners/{handle}',
  summary: 'Let another publisher publish under a name of yours',
  tags: ['Publishing'],
  middleware: [unstored, requireScope('publish')] as const,
  request: { params: ownerParam },
  responses: { 200: ownersAnswer, ...problems(400, 401, 403, 404) },
});

export const answerPutOwner: RouteHandler<typeof putOwner, Environment> = async (c) => {
  const { name, handle: publisher } = c.req.valid('param');
  const { publisher: actor, scopes } = callerOf(c);
  const change = { name, publisher, actor, isAdministrator: scopes.has('admin') };
  return c.json({ owners: [...(await addOwner(c.get('stores'), change))] }, 200);
};

export const deleteOwner = createRoute({
  method: 'delete',
  path: '/v1/styles/{name}/owners/{handle}',
  summary: 'Take that back; the last owner stays',
  tags: ['Publishing'],
  middleware: [unstored, requireScope('publish')] as const,
  request: { params: ownerParam },
  responses: { 200: ownersAnswer, ...problems(400, 401, 403, 404, 409) },
});

export const answerDeleteOwner: RouteHandler<typeof deleteOwner, Environment> = async (c) => {
  const { name, handle: publisher } = c.req.valid('param');
  const { publisher: actor, scopes } = callerOf(c);
  const change = { name, publisher, actor, isAdministrator: scopes.has('admin') };
  return c.json({ owners: [...(await removeOwner(c.get('stores'), change))] }, 200);
};

const prefixParam = z.object({
  prefix: z
    .string()
    .max(40)
    .regex(/^(?:[a-z0-9]+-)+$/, 'must be the beginning of a name, with a hyphen at its end')
    .meta({ example: 'ink-' }),
});

export const putPrefix = createRoute({
  method: 'put',
  path: '/v1/prefixes/{prefix}',
  summary: 'Keep new names with a prefix for one publisher',
  tags: ['Administration'],
  middleware: [unstored, requireScope('admin'), limitJson] as const,
  request: {
    params: prefixParam,
    body: {
      required: true,
      content: { 'application/json': { schema: z.strictObject({ publisher: handle }) } },
    },
  },
  responses: { 204: { description: 'It is granted' }, ...problems(400, 401, 403, 404, 409, 413) },
});

export const answerPutPrefix: RouteHandler<typeof putPrefix, Environment> = async (c) => {
  const { publisher } = c.req.valid('json');
  await grantPrefix(c.get('stores'), c.req.valid('param').prefix, publisher, callerOf(c).publisher);
  return c.body(null, 204);
};

export const deletePrefix = createRoute({
  method: 'delete',
  path: '/v1/prefixes/{prefix}',
  summary: 'Take a prefix back',
  tags: ['Administration'],
  middleware: [unstored, requireScope('admin')] as const,
  request: { params: prefixParam },
  responses: { 204: { description: 'Nobody has it' }, ...problems(400, 401, 403) },
});

export const answerDeletePrefix: RouteHandler<typeof deletePrefix, Environment> = async (c) => {
  await grantPrefix(c.get('stores'), c.req.valid('param').prefix, null, callerOf(c).publisher);
  return c.body(null, 204);
};
