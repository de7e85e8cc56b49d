// GET and HEAD /v1/blobs/{sha256}: immutable bytes, whole or one range of them.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { digestSchema } from '../../plugins/contract/style.ts';
import type { Environment } from '../environment.ts';
import { IMMUTABLE } from '../http/headers.ts';
import { logFailure } from '../http/log.ts';
import { problem, problems } from '../http/problem.ts';
import { closedRange, matchesEtag, parseRange } from '../http/range.ts';
import { isWithheld, takenDown } from '../registry/blobs.ts';
import { downloadCounter } from '../registry/downloads.ts';
import { RegistryError } from '../registry/error.ts';
import type { BlobFacts, ByteRange, StoredBlob } from '../storage/blob-store.ts';
import { StorageError } from '../storage/error.ts';

export const readBlob = createRoute({
  method: 'get',
  path: '/v1/blobs/{sha256}',
  summary: 'A blob by its digest',
  description: 'Answers If-None-Match, If-Range and single ranges (also a suffix). The etag is the digest.',
  tags: ['Blobs'],
  request: {
    params: z.object({ sha256: digestSchema }),
    headers: z.object({
      range: z.string().optional().describe('Such as bytes=0-1023 or bytes=-512.'),
      'if-range': z.string().optional(),
      'if-none-match': z.string().optional(),
    }),
  },
  responses: {
    200: { description: 'The whole blob' },
    206: { description: 'The range' },
    304: { description: 'The reader has it already' },
    ...problems(400, 404, 416, 451),
  },
});

type BlobContext = Parameters<RouteHandler<typeof readBlob, Environment>>[0];

export const answerBlob: RouteHandler<typeof readBlob, Environment> = async (c) => {
  const { sha256 } = c.req.valid('param');
  try {
    return await answerStored(c);
  } catch (error) {
    // Only what is not there costs a look into the index.
    const isMissing = error instanceof RegistryError && error.kind === 'not-found';
    if (isMissing && (await isWithheld(c.get('stores'), sha256))) throw takenDown(sha256);
    throw error;
  }
};

async function answerStored(c: BlobContext): Promise<Response> {
  const { sha256 } = c.req.valid('param');
  const { blobs } = c.get('stores');
  const headers = c.req.valid('header');
  const etag = `"${sha256}"`;
  const isKnown = matchesEtag(headers['if-none-match'], etag);
  // RFC 9110 §14.2 and §13.1.5: only GET has ranges, and only while the reader holds a part of these bytes.
  const isHead = c.req.method === 'HEAD';
  const ifRange = headers['if-range'];
  const rangeHeader = isHead || (ifRange !== undefined && ifRange !== etag) ? undefined : headers.range;

  if (!isHead && !isKnown && rangeHeader === undefined) {
    const blob = found(await blobs.get(sha256), sha256);
    if (blob.type !== 'image/png') countDownload(c, sha256);
    return whole(blob, sha256);
  }

  // Readers of checkpoints ask for known parts: one call of storage answers them where the blob reaches that far.
  const closed = isHead || isKnown ? undefined : closedRange(rangeHeader);
  const part = closed && (await blobs.get(sha256, closed).catch(beyondBlob));
  if (closed !== undefined && part !== undefined) {
    const { body, ...facts } = part;
    return new Response(body, { status: 206, headers: headersOf(facts, closed) });
  }

  const facts = found(await blobs.head(sha256), sha256);
  if (isKnown) return new Response(null, { status: 304, headers: { etag, 'cache-control': IMMUTABLE } });
  if (isHead) return new Response(null, { headers: headersOf(facts) });

  const range = parseRange(rangeHeader, facts.size);
  if (range === undefined) return whole(await blobs.get(sha256), sha256);
  if (range === 'unsatisfiable') {
    return problem(
      416,
      { code: 'edge/range', detail: `The blob has ${facts.size} bytes.`, field: 'header.range' },
      { 'content-range': `bytes */${facts.size}` },
    );
  }
  const { body } = found(await blobs.get(sha256, range), sha256);
  return new Response(body, { status: 206, headers: headersOf(facts, range) });
}

/** A range that ends behind the blob is cut to it, which needs its size. */
function beyondBlob(error: unknown): undefined {
  if (error instanceof StorageError && error.code === 'storage/range') return undefined;
  throw error;
}

function countDownload(c: Context<Environment>, sha256: string): void {
  downloadCounter.count(sha256, c.get('stores').database, (work) =>
    c.executionCtx.waitUntil(work.catch((error: unknown) => logFailure('counting downloads', error))),
  );
}

function whole(blob: StoredBlob | undefined, sha256: string): Response {
  const { body, ...facts } = found(blob, sha256);
  return new Response(body, { headers: headersOf(facts) });
}

function found<T>(blob: T | undefined, sha256: string): T {
  if (blob !== undefined) return blob;
  throw new RegistryError('not-found', 'no blob with this digest', { where: sha256 });
}

function headersOf(facts: BlobFacts, range?: ByteRange): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': facts.type,
    'content-length': String(range?.length ?? facts.size),
    etag: `"${facts.sha256}"`,
    'cache-control': IMMUTABLE,
    'accept-ranges': 'bytes',
  };
  if (range !== undefined) {
    headers['content-range'] = `bytes ${range.offset}-${range.offset + range.length - 1}/${facts.size}`;
  }
  return headers;
}
