// PUT /v1/blobs/{sha256}: a blob in one request, streamed to storage, which checks its digest.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { digestSchema } from '../../plugins/contract/style.ts';
import { callerOf, requireScope } from '../auth/caller.ts';
import type { Environment } from '../environment.ts';
import { problems } from '../http/problem.ts';
import { sizedBody } from '../http/sized-body.ts';
import { unstored } from '../http/unstored.ts';
import { storeBlob } from '../registry/blobs.ts';
import { BLOB_TYPES } from '../storage/blob-store.ts';

/** Bytes of one request: Cloudflare takes 100 MB on most plans. */
export const MAX_SINGLE_BYTES = 90_000_000;

export const storedSchema = z
  .object({ sha256: digestSchema, size: z.int().min(1), stored: z.enum(['stored', 'present']) })
  .meta({ id: 'StoredBlob' });

export const putBlob = createRoute({
  method: 'put',
  path: '/v1/blobs/{sha256}',
  summary: 'Store a blob',
  description: `At most ${MAX_SINGLE_BYTES} bytes; larger ones go in parts, by /v1/uploads. What is there already is a success. A blob that no version uses within a day is removed.`,
  tags: ['Publishing'],
  middleware: [unstored, requireScope('publish')] as const,
  request: {
    params: z.object({ sha256: digestSchema }),
    headers: z.object({
      'content-type': z.enum(BLOB_TYPES).describe('image/png for previews, else application/octet-stream.'),
    }),
  },
  responses: {
    200: { description: 'It was there', content: { 'application/json': { schema: storedSchema } } },
    201: { description: 'It is stored', content: { 'application/json': { schema: storedSchema } } },
    ...problems(400, 401, 403, 411, 413, 451, 503),
  },
});

export const answerPutBlob: RouteHandler<typeof putBlob, Environment> = async (c) => {
  const { sha256 } = c.req.valid('param');
  const type = c.req.valid('header')['content-type'];
  const { size, body } = sizedBody(c, MAX_SINGLE_BYTES, 'Upload it in parts: POST /v1/uploads.');
  const stores = c.get('stores');
  const stored = await storeBlob(stores, callerOf(c).publisher, { sha256, size, type }, () =>
    stores.blobs.putStream(sha256, size, body, type),
  );
  return c.json({ sha256, size, stored }, stored === 'stored' ? 201 : 200);
};
