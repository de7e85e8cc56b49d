// POST /v1/admin/first: the first administrator, made by whoever holds the deployment's bootstrap secret.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { makeFirstAdministrator } from '../auth/administration.ts';
import { displayNameSchema, handleSchema } from '../auth/publishers.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import { jsonAnswer, jsonBody, madeTokenSchema } from './account-schemas.ts';

export const makeFirst = createRoute({
  method: 'post',
  path: '/v1/admin/first',
  summary: 'Make the first administrator, with the bootstrap secret; what `tincture admin first` sends',
  description:
    'A publisher who is there already, or a new one. Only while the registry has no administrator.',
  tags: ['Administration'],
  middleware: [unstored, limitJson] as const,
  request: jsonBody(
    z.strictObject({
      secret: z.string().min(1).max(500),
      handle: handleSchema,
      displayName: displayNameSchema.optional().describe('Of a new publisher; else the handle.'),
    }),
  ),
  responses: {
    201: jsonAnswer('A token with all scopes, this once', madeTokenSchema),
    ...problems(400, 403, 409, 413),
  },
});

export const answerMakeFirst: RouteHandler<typeof makeFirst, Environment> = async (c) => {
  const { secret, handle, displayName = handle } = c.req.valid('json');
  const account = { handle, displayName };
  const made = await makeFirstAdministrator(
    c.get('stores').database,
    account,
    secret,
    c.env.BOOTSTRAP_SECRET,
  );
  return c.json({ ...made, scopes: [...made.scopes] }, 201);
};
