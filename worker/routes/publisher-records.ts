// GET /v1/quota and /v1/audit: what a publisher uses, and what was done.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { callerOf, requireCaller } from '../auth/caller.ts';
import type { Environment } from '../environment.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import { readAudit } from '../registry/audit-entries.ts';
import { quotasOf } from '../registry/quota.ts';

const quota = z.object({ used: z.int().min(0), limit: z.int().min(0) });

export const showQuota = createRoute({
  method: 'get',
  path: '/v1/quota',
  summary: 'What you use, and how much you may',
  tags: ['Publishing'],
  middleware: [unstored, requireCaller] as const,
  responses: {
    200: {
      description: 'The quotas',
      content: {
        'application/json': {
          schema: z
            .object({
              styles: quota.describe('Names that you own.'),
              dailyVersions: quota.describe('Versions of the last 24 hours.'),
              storedBytes: quota.describe('Bytes of blobs that you were the first to store, and of uploads.'),
              openUploads: quota.describe('Uploads in parts under way.'),
            })
            .meta({ id: 'Quotas' }),
        },
      },
    },
    ...problems(401, 403),
  },
});

export const answerQuota: RouteHandler<typeof showQuota, Environment> = async (c) =>
  c.json(await quotasOf(c.get('stores'), callerOf(c).publisher), 200);

export const showAudit = createRoute({
  method: 'get',
  path: '/v1/audit',
  summary: 'What was done, newest first',
  description: 'Administrators see everything; publishers what they did, and what was done to their styles.',
  tags: ['Publishing'],
  middleware: [unstored, requireCaller] as const,
  request: {
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(100).default(50),
      cursor: z.string().min(1).max(20).optional().describe('`nextCursor` of the page before.'),
    }),
  },
  responses: {
    200: {
      description: 'One page',
      content: {
        'application/json': {
          schema: z
            .object({
              entries: z.array(
                z.object({
                  id: z.int(),
                  at: z.iso.datetime(),
                  actor: z.string(),
                  action: z.string().meta({ example: 'style.publish' }),
                  subject: z.string(),
                  detail: z.record(z.string(), z.unknown()),
                }),
              ),
              nextCursor: z.string().nullable(),
            })
            .meta({ id: 'AuditPage' }),
        },
      },
    },
    ...problems(400, 401, 403),
  },
});

export const answerAudit: RouteHandler<typeof showAudit, Environment> = async (c) => {
  const { publisher, scopes } = callerOf(c);
  const { limit, cursor } = c.req.valid('query');
  const whose = scopes.has('admin') ? undefined : publisher;
  const { entries, nextCursor } = await readAudit(c.get('stores'), whose, limit, cursor);
  return c.json({ entries: [...entries], nextCursor }, 200);
};
