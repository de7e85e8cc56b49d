// POST /v1/styles: a version of a style, of blobs that are stored, or whole as a .style file.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { SIGNATURE_PATTERN } from '../../plugins/contract/signature.ts';
import { MAX_MANIFEST_BYTES, nameSchema, versionSchema } from '../../plugins/contract/style.ts';
import { callerOf, requireScope } from '../auth/caller.ts';
import type { Environment } from '../environment.ts';
import { limitBody } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { sizedBody } from '../http/sized-body.ts';
import { unstored } from '../http/unstored.ts';
import { trialIn } from '../plugins/trial.ts';
import { RegistryError } from '../registry/error.ts';
import { type Submission, submitStyle } from '../registry/submit-style.ts';
import { unpackStyle } from '../registry/unpack-style.ts';
import { MAX_SINGLE_BYTES } from './put-blob.ts';

export const STYLE_TYPE = 'application/vnd.tincture.style';
/** A manifest that is not in canonical JSON yet, its signature, and room for white space. */
const MAX_SUBMISSION_BYTES = 2 * MAX_MANIFEST_BYTES;

const signature = z
  .string()
  .regex(SIGNATURE_PATTERN, 'must be 64 bytes in base64url')
  .describe('Ed25519 over the UTF-8 bytes of the manifest’s canonical JSON (RFC 8785), base64url.');
const keyId = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'must be a key’s 16 hexadecimal digits')
  .describe('A key of yours that is in force.');

const submittedSchema = z
  .object({
    outcome: z.enum(['published', 'unchanged']),
    name: nameSchema,
    version: versionSchema,
    url: z.string().describe('Where the version is, relative to this answer.'),
  })
  .meta({ id: 'Submitted' });

const submissionSchema = z
  .strictObject({
    manifest: z.looseObject({}).describe('The style manifest, checked field by field.'),
    signature,
    keyId,
  })
  .meta({ id: 'Submission' });

const limitSubmission = limitBody(MAX_SUBMISSION_BYTES);
/** A .style file is bounded by its own length instead, which must be told. */
const limitUnlessFile: MiddlewareHandler<Environment> = async (c, next) =>
  isStyleFile(c.req.header('content-type')) ? next() : limitSubmission(c, next);

const isStyleFile = (type: string | undefined): boolean => type?.split(';')[0]?.trim() === STYLE_TYPE;

export const publishStyle = createRoute({
  method: 'post',
  path: '/v1/styles',
  summary: 'Publish a version of a style',
  description: `Either JSON, with the blobs that the manifest names stored before; or a whole .style file of at most ${MAX_SINGLE_BYTES} bytes, its signature and key in headers. A version is visible whole or not at all and never changes. Versions only go up: one below the highest is refused, also as a back-port. The same again is a success that changes nothing.`,
  tags: ['Publishing'],
  middleware: [unstored, requireScope('publish'), limitUnlessFile] as const,
  request: {
    headers: z.object({
      'tincture-signature': signature.optional(),
      'tincture-key': keyId.optional(),
    }),
    body: {
      content: {
        'application/json': {
          schema: submissionSchema,
        },
        [STYLE_TYPE]: { schema: z.string().meta({ format: 'binary' }) },
      },
    },
  },
  responses: {
    200: { description: 'It was published', content: { 'application/json': { schema: submittedSchema } } },
    201: { description: 'It is published', content: { 'application/json': { schema: submittedSchema } } },
    ...problems(400, 401, 403, 409, 411, 413, 422, 451, 503),
  },
});

export const answerPublishStyle: RouteHandler<typeof publishStyle, Environment> = async (c) => {
  const stores = c.get('stores');
  const { publisher } = callerOf(c);
  let submission: Submission;
  if (isStyleFile(c.req.header('content-type'))) {
    const { 'tincture-signature': signed, 'tincture-key': key } = c.req.valid('header');
    if (signed === undefined || key === undefined)
      throw unsigned('headers tincture-signature and tincture-key');
    const { size, body } = sizedBody(c, MAX_SINGLE_BYTES, 'Upload the blobs in parts, then send JSON.');
    const manifest = await unpackStyle(stores, publisher, size, body);
    submission = { publisher, manifest, signature: signed, keyId: key };
  } else {
    // Without a content type the validator leaves an empty object.
    const json = c.req.valid('json') as Partial<z.infer<typeof submissionSchema>>;
    const { manifest, signature: signed, keyId: key } = json;
    if (signed === undefined || key === undefined) throw unsigned('JSON with manifest, signature and keyId');
    submission = { publisher, manifest, signature: signed, keyId: key };
  }
  const { outcome, name, version } = await submitStyle(stores, submission, trialIn(c.env));
  const answer = { outcome, name, version, url: `/v1/styles/${name}/${version}` };
  return c.json(answer, outcome === 'published' ? 201 : 200);
};

function unsigned(expected: string): RegistryError {
  return new RegistryError('signature', 'the style is not signed', { expected });
}
