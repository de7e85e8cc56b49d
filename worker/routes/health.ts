// GET /healthz: whether the index and the blob storage answer.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import type { Environment } from '../environment.ts';
import { problems, UnhealthyError } from '../http/problem.ts';

export const health = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether index and blob storage answer',
  tags: ['Service'],
  responses: {
    200: {
      description: 'Both answer',
      content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
    },
    ...problems(503),
  },
});

/** A digest that no blob is asked to have; any answer but an error will do. */
const NO_BLOB = '0'.repeat(64);

export const answerHealth: RouteHandler<typeof health, Environment> = async (c) => {
  const { database, blobs } = c.get('stores');
  try {
    await Promise.all([
      database.prepare('SELECT count(*) FROM releases WHERE 0').first(),
      blobs.head(NO_BLOB),
    ]);
  } catch (error) {
    throw new UnhealthyError(error);
  }
  return c.json({ status: 'ok' as const }, 200, { 'cache-control': 'no-store' });
};
