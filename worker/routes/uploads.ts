// /v1/uploads: blobs in parts, which can be continued where a connection broke.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { digestSchema, MAX_WEIGHTS_BYTES } from '../../plugins/contract/style.ts';
import { callerOf, requireScope } from '../auth/caller.ts';
import type { Bindings, Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { sizedBody } from '../http/sized-body.ts';
import { unstored } from '../http/unstored.ts';
import {
  abandonUpload,
  beginUpload,
  completeUpload,
  PART_BYTES,
  partBytes,
  partCount,
  putPart,
  showUpload,
  type Upload,
} from '../registry/uploads.ts';
import { BLOB_TYPES } from '../storage/blob-store.ts';
import { presignedPart } from '../storage/presigned.ts';
import { storedSchema } from './put-blob.ts';

const tags = ['Publishing'];
const middleware = [unstored, requireScope('publish')] as const;
/** A file of `MAX_WEIGHTS_BYTES` has fewer. */
const MAX_PARTS = 1000;

const uploadSchema = z
  .object({
    id: z.uuid(),
    sha256: digestSchema,
    size: z.int().min(1),
    partSize: z.int().min(1).describe('Bytes of every part but the last.'),
    expiresAt: z.iso.datetime().describe('When it is given up, if nobody continues it.'),
    parts: z.array(
      z.object({
        part: z.int().min(1),
        size: z.int().min(1),
        stored: z.boolean(),
        url: z
          .url()
          .optional()
          .describe('Where the part may be PUT instead; its answer’s etag is then told on completion.'),
      }),
    ),
  })
  .meta({ id: 'Upload' });

const idParam = z.object({ id: z.uuid() });
const json = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { 'application/json': { schema } },
});

async function uploadAnswer(env: Bindings, upload: Upload): Promise<z.infer<typeof uploadSchema>> {
  const { id, sha256, size, partSize, expiresAt, storageId } = upload;
  const stored = new Set(upload.parts.map(({ part }) => part));
  const parts = Array.from({ length: partCount(upload) }, async (_, index) => {
    const part = index + 1;
    const bytes = partBytes(upload, part);
    const url = stored.has(part) ? undefined : await presignedPart(env, id, storageId, part, bytes);
    return { part, size: bytes, stored: stored.has(part), ...(url === undefined ? {} : { url }) };
  });
  return { id, sha256, size, partSize, expiresAt, parts: await Promise.all(parts) };
}

export const startUpload = createRoute({
  method: 'post',
  path: '/v1/uploads',
  summary: 'Begin or continue an upload in parts',
  description: `Parts of ${PART_BYTES} bytes, in any order. The same bytes again give the upload that is under way.`,
  tags,
  middleware: [...middleware, limitJson] as const,
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.strictObject({
            sha256: digestSchema,
            size: z.int().min(1).max(MAX_WEIGHTS_BYTES),
            type: z.enum(BLOB_TYPES).default('application/octet-stream'),
          }),
        },
      },
    },
  },
  responses: {
    200: json('The blob is there already', storedSchema),
    201: json('The upload', uploadSchema),
    ...problems(400, 401, 403, 413, 451, 503),
  },
});

export const answerStartUpload: RouteHandler<typeof startUpload, Environment> = async (c) => {
  const wanted = c.req.valid('json');
  const upload = await beginUpload(c.get('stores'), callerOf(c).publisher, wanted);
  if (upload === 'stored') {
    return c.json({ sha256: wanted.sha256, size: wanted.size, stored: 'present' as const }, 200);
  }
  return c.json(await uploadAnswer(c.env, upload), 201);
};

export const readUpload = createRoute({
  method: 'get',
  path: '/v1/uploads/{id}',
  summary: 'Which parts have arrived',
  tags,
  middleware: [...middleware] as const,
  request: { params: idParam },
  responses: { 200: json('The upload', uploadSchema), ...problems(400, 401, 403, 404) },
});

export const answerReadUpload: RouteHandler<typeof readUpload, Environment> = async (c) => {
  const upload = await showUpload(c.get('stores'), callerOf(c).publisher, c.req.valid('param').id);
  return c.json(await uploadAnswer(c.env, upload), 200);
};

export const putUploadPart = createRoute({
  method: 'put',
  path: '/v1/uploads/{id}/{part}',
  summary: 'Store one part',
  tags,
  middleware: [...middleware] as const,
  request: {
    params: idParam.extend({ part: z.coerce.number().int().min(1).max(MAX_PARTS) }),
  },
  responses: {
    200: json('It is stored', z.object({ part: z.int(), etag: z.string() })),
    ...problems(400, 401, 403, 404, 411, 413),
  },
});

export const answerPutUploadPart: RouteHandler<typeof putUploadPart, Environment> = async (c) => {
  const { id, part } = c.req.valid('param');
  const { size, body } = sizedBody(c, PART_BYTES, 'A part has as many bytes as the upload tells.');
  return c.json(await putPart(c.get('stores'), callerOf(c).publisher, id, part, size, body), 200);
};

export const finishUpload = createRoute({
  method: 'post',
  path: '/v1/uploads/{id}/complete',
  summary: 'Make the parts a blob',
  description: 'Storage reads the whole once more and checks its digest.',
  tags,
  middleware: [...middleware, limitJson] as const,
  request: {
    params: idParam,
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({
            parts: z
              .array(
                z.strictObject({ part: z.int().min(1).max(MAX_PARTS), etag: z.string().min(1).max(128) }),
              )
              .max(MAX_PARTS)
              .default([])
              .describe('Parts that went to storage by their own URL.'),
          }),
        },
      },
    },
  },
  responses: {
    201: json('It is stored', storedSchema),
    ...problems(400, 401, 403, 404, 413, 451, 503),
  },
});

export const answerFinishUpload: RouteHandler<typeof finishUpload, Environment> = async (c) => {
  const { id } = c.req.valid('param');
  const { parts = [] } = c.req.valid('json');
  const { sha256, size } = await completeUpload(c.get('stores'), callerOf(c).publisher, id, parts);
  return c.json({ sha256, size, stored: 'stored' as const }, 201);
};

export const deleteUpload = createRoute({
  method: 'delete',
  path: '/v1/uploads/{id}',
  summary: 'Give an upload up',
  tags,
  middleware: [...middleware] as const,
  request: { params: idParam },
  responses: { 204: { description: 'It is gone' }, ...problems(400, 401, 403, 404) },
});

export const answerDeleteUpload: RouteHandler<typeof deleteUpload, Environment> = async (c) => {
  await abandonUpload(c.get('stores'), callerOf(c).publisher, c.req.valid('param').id);
  return c.body(null, 204);
};
