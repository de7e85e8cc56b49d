// GET /v1/resolve: several styles at once, each from a range to what a lock file keeps.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { digestSchema, nameSchema, versionSchema } from '../../plugins/contract/style.ts';
import type { Environment } from '../environment.ts';
import { timed } from '../http/frame.ts';
import { problems } from '../http/problem.ts';
import { resolve } from '../registry/resolve.ts';
import { reference } from './answers.ts';
import { blobReferenceSchema } from './schemas.ts';

/** Styles of one request: more than a prompt can hold at strengths that still show. */
export const MAX_RESOLVED = 16;

const wantedSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,64}(?:@[\x20-\x7e]{1,128})?$/, 'must be a NAME or NAME@RANGE')
  .meta({ example: 'blueprint@^1.0.0' });

export const lockedStyleSchema = z
  .object({
    name: nameSchema,
    wanted: z.string().describe('The range that was asked for.'),
    version: versionSchema.describe('The exact version.'),
    digest: digestSchema.describe('SHA-256 over the manifest and the files: the same content for ever.'),
    publisher: nameSchema,
    signature: z.string().nullable(),
    keyId: z.string().nullable(),
    publishedAt: z.iso.datetime(),
    yanked: z.boolean().describe('true only where the exact version was asked for.'),
    url: z.string().describe('Where the manifest is, relative to this answer.'),
    files: z
      .record(z.string(), blobReferenceSchema)
      .describe('By role: weights, weights/1 …, plugin, previews/0 …'),
  })
  .meta({ id: 'LockedStyle' });

export const resolveStyles = createRoute({
  method: 'get',
  path: '/v1/resolve',
  summary: 'Exact versions, digests and addresses of several styles',
  description:
    'For lock files: what the answer names never changes. All of the styles are found or none: the first that is not is a problem.',
  tags: ['Styles'],
  request: {
    query: z.strictObject({
      style: z
        .union([wantedSchema, z.array(wantedSchema).min(1).max(MAX_RESOLVED)])
        .describe(`NAME or NAME@RANGE (as npm writes ranges), up to ${MAX_RESOLVED} times.`),
    }),
  },
  responses: {
    200: {
      description: 'The styles, in the order in which they were asked for',
      content: {
        'application/json': { schema: z.object({ styles: z.array(lockedStyleSchema) }).meta({ id: 'Lock' }) },
      },
    },
    ...problems(400, 404, 451),
  },
});

export const answerResolve: RouteHandler<typeof resolveStyles, Environment> = async (c) => {
  const { style } = c.req.valid('query');
  const wanted = [style].flat().map((text) => {
    const at = text.indexOf('@');
    return at === -1
      ? { name: text, range: 'latest' }
      : { name: text.slice(0, at), range: text.slice(at + 1) };
  });
  const found = wanted.map(async ({ name, range }) => {
    const release = await resolve(c.get('stores'), 'style', name, range);
    const { version, digest, publisher, signature, keyId, publishedAt, yanked } = release;
    const files = Object.fromEntries(release.files.map((file) => [file.path, reference(file)]));
    const url = `/v1/styles/${name}/${version}`;
    return {
      name,
      wanted: range,
      version,
      digest,
      publisher,
      signature,
      keyId,
      publishedAt,
      yanked,
      url,
      files,
    };
  });
  return c.json({ styles: await timed(c, 'index', Promise.all(found)) }, 200);
};
