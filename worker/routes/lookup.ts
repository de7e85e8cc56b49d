// GET /v1/lookup/{hash}: which style or model a file belongs to, known by its digest or by the short hash in a picture.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { digestSchema, nameSchema, versionSchema } from '../../plugins/contract/style.ts';
import type { Environment } from '../environment.ts';
import { timed } from '../http/frame.ts';
import { problems } from '../http/problem.ts';
import { lookUp, MAX_FINDINGS, SHORT_HASH_DIGITS } from '../registry/lookup.ts';

export const lookUpHash = createRoute({
  method: 'get',
  path: '/v1/lookup/{hash}',
  summary: 'Versions that have a file with this SHA-256',
  description: `Also by its first ${SHORT_HASH_DIGITS} digits, which pictures carry as Hypernet hashes. Files themselves come first, then files that a version’s weights were converted from (path origin: its publisher says so, nobody checked it). Up to ${MAX_FINDINGS}; none is an empty list.`,
  tags: ['Styles', 'Models'],
  request: {
    params: z.object({
      hash: z
        .string()
        .regex(/^(?:[0-9a-f]{10}|[0-9a-f]{64})$/, 'must be 10 or 64 lower-case hexadecimal digits')
        .meta({ example: '6ae70a2b1c' }),
    }),
  },
  responses: {
    200: {
      description: 'What was found',
      content: {
        'application/json': {
          schema: z.object({
            findings: z.array(
              z
                .object({
                  kind: z.enum(['style', 'model']),
                  name: nameSchema,
                  version: versionSchema,
                  path: z.string().describe('The file’s place in the version, or origin.'),
                  sha256: digestSchema,
                  publisher: nameSchema,
                  yanked: z.boolean(),
                })
                .meta({ id: 'Finding' }),
            ),
          }),
        },
      },
    },
    ...problems(400),
  },
});

export const answerLookup: RouteHandler<typeof lookUpHash, Environment> = async (c) => {
  const { hash } = c.req.valid('param');
  return c.json({ findings: [...(await timed(c, 'index', lookUp(c.get('stores'), hash)))] }, 200);
};
