// /v1/styles/{name}/{version}/yank and …/takedown: versions hidden by their owners, or taken down by administrators.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { nameSchema, versionSchema } from '../../plugins/contract/style.ts';
import { callerOf, requireScope } from '../auth/caller.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import {
  MAX_REASON,
  restoreVersion,
  takeDown,
  type Withdrawing,
  yank as yankVersion,
} from '../registry/withdraw.ts';

const params = z.object({ name: nameSchema, version: versionSchema });
const body = {
  required: true,
  content: {
    'application/json': {
      schema: z.strictObject({ reason: z.string().trim().min(1).max(MAX_REASON) }),
    },
  },
};
const responses = {
  200: {
    description: 'It is so now, or was so already',
    content: { 'application/json': { schema: z.object({ outcome: z.enum(['changed', 'unchanged']) }) } },
  },
  ...problems(400, 401, 403, 404, 413, 451),
};

function withdrawing(c: Context<Environment>, version: z.infer<typeof params>): Withdrawing {
  const { publisher, scopes } = callerOf(c);
  return { ...version, actor: publisher, isAdministrator: scopes.has('admin') };
}

export const yank = createRoute({
  method: 'put',
  path: '/v1/styles/{name}/{version}/yank',
  summary: 'Yank a version',
  description: 'It is hidden from lists, ranges and latest; who names it exactly still gets it.',
  tags: ['Publishing'],
  middleware: [unstored, requireScope('yank'), limitJson] as const,
  request: { params, body },
  responses,
});

export const answerYank: RouteHandler<typeof yank, Environment> = async (c) => {
  const { reason } = c.req.valid('json');
  const outcome = await yankVersion(c.get('stores'), withdrawing(c, c.req.valid('param')), reason);
  return c.json({ outcome }, 200);
};

export const unyank = createRoute({
  method: 'delete',
  path: '/v1/styles/{name}/{version}/yank',
  summary: 'Take a yank back',
  tags: ['Publishing'],
  middleware: [unstored, requireScope('yank')] as const,
  request: { params },
  responses,
});

export const answerUnyank: RouteHandler<typeof unyank, Environment> = async (c) => {
  const outcome = await yankVersion(c.get('stores'), withdrawing(c, c.req.valid('param')), undefined);
  return c.json({ outcome }, 200);
};

export const takedown = createRoute({
  method: 'put',
  path: '/v1/styles/{name}/{version}/takedown',
  summary: 'Take a version down',
  description:
    'It is hidden everywhere. Who names it exactly is told 451, and so is who asks for blobs that no other version uses.',
  tags: ['Administration'],
  middleware: [unstored, requireScope('admin'), limitJson] as const,
  request: { params, body },
  responses,
});

export const answerTakedown: RouteHandler<typeof takedown, Environment> = async (c) => {
  const { reason } = c.req.valid('json');
  const outcome = await takeDown(c.get('stores'), withdrawing(c, c.req.valid('param')), reason);
  return c.json({ outcome }, 200);
};

export const restore = createRoute({
  method: 'delete',
  path: '/v1/styles/{name}/{version}/takedown',
  summary: 'Put a version back that was taken down',
  tags: ['Administration'],
  middleware: [unstored, requireScope('admin')] as const,
  request: { params },
  responses,
});

export const answerRestore: RouteHandler<typeof restore, Environment> = async (c) => {
  const outcome = await restoreVersion(c.get('stores'), withdrawing(c, c.req.valid('param')));
  return c.json({ outcome }, 200);
};
