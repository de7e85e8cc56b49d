// The registry's pages, written at the edge: /styles, /styles/{name}, /styles/{name}/{version}, /publishers/{handle}; the picture
// that shares show; and the few files that pages load.
import type { Context, Handler, MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { MAX_WIDTH } from '../../plugins/contract/limits.ts';
import { firstIssue, nameSchema, STYLE_KINDS, type StyleManifest } from '../../plugins/contract/style.ts';
import { publisherOf } from '../auth/publishers.ts';
import type { Environment } from '../environment.ts';
import { timed } from '../http/frame.ts';
import { IMMUTABLE, PAGE_HEADERS } from '../http/headers.ts';
import { PROBLEM_TYPE } from '../http/problem.ts';
import { matchesEtag } from '../http/range.ts';
import { type Html, tinctureOf } from '../pages/layout.ts';
import { type PageProblem, problemPage } from '../pages/problem-page.ts';
import { publisherPage } from '../pages/publisher-page.ts';
import { searchPage } from '../pages/search-page.ts';
import { CARD_DESIGN, shareCard } from '../pages/share-card.ts';
import { stylePage } from '../pages/style-page.ts';
import { PAGE_FILES } from '../pages/stylesheet.ts';
import { MAX_CURSOR_CHARACTERS } from '../registry/cursor.ts';
import { RegistryError } from '../registry/error.ts';
import { listVersions, resolve } from '../registry/resolve.ts';
import { SORTS, search } from '../registry/search.ts';

const PAGE_STYLES = 24;
/** A day: shares are looked at again when they are made again. */
const CARD_CACHE = 'public, max-age=86400';

/** Headers of pages; and problems as pages, because people followed a link here. */
export const asPage: MiddlewareHandler<Environment> = async (c, next) => {
  await next();
  if (c.res.headers.get('content-type') === PROBLEM_TYPE) {
    const facts = (await c.res.json()) as PageProblem;
    const { origin } = new URL(c.req.url);
    const page = await problemPage(origin, '/styles', facts, c.get('requestId'));
    const headers = new Headers(c.res.headers);
    headers.set('content-type', 'text/html; charset=utf-8');
    c.res = undefined;
    c.res = new Response(String(page), { status: facts.status, headers });
  }
  for (const [name, value] of Object.entries(PAGE_HEADERS)) c.res.headers.set(name, value);
};

/** A form sends its empty fields too. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const searchSchema = z.object({
  q: optional(z.string().trim().max(100)),
  architecture: optional(nameSchema),
  width: optional(z.coerce.number().int().min(1).max(MAX_WIDTH)),
  licence: optional(z.string().trim().max(100)),
  publisher: optional(nameSchema),
  kind: optional(z.enum(STYLE_KINDS)),
  sort: optional(z.enum(SORTS)),
  cursor: optional(z.string().max(MAX_CURSOR_CHARACTERS)),
});

export const answerSearchPage: Handler<Environment> = async (c) => {
  const parsed = searchSchema.safeParse(c.req.query());
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error);
    throw new RegistryError('invalid', message, { where: field });
  }
  const { q, width, sort, kind, ...rest } = parsed.data;
  const text = q === '' ? undefined : q;
  const wanted = {
    ...rest,
    text,
    contextWidth: width,
    holds: kind,
    // What the form calls the best fit is the order by name where there are no words.
    sort: sort === 'relevance' ? undefined : sort,
  };
  const page = await timed(c, 'index', search(c.get('stores'), 'style', { ...wanted, limit: PAGE_STYLES }));
  return send(c, searchPage({ origin: originOf(c), search: wanted, page }));
};

export const answerStylePage: Handler<Environment> = async (c) => {
  const name = nameOf(c, 'name');
  const wanted = c.req.param('version') ?? 'latest';
  const { stores } = c.var;
  const [release, versions] = await timed(
    c,
    'index',
    Promise.all([resolve(stores, 'style', name, wanted), listVersions(stores, 'style', name)]),
  );
  const path = wanted === 'latest' ? `/styles/${name}` : `/styles/${name}/${release.version}`;
  return send(c, stylePage({ origin: originOf(c), path, release, versions }));
};

export const answerPublisherPage: Handler<Environment> = async (c) => {
  const handle = nameOf(c, 'handle');
  const cursor = searchSchema.shape.cursor.parse(c.req.query('cursor'));
  const { stores } = c.var;
  const [publisher, page] = await timed(
    c,
    'index',
    Promise.all([
      publisherOf(stores.database, handle),
      search(stores, 'style', { publisher: handle, cursor, limit: PAGE_STYLES }),
    ]),
  );
  return send(c, publisherPage({ origin: originOf(c), publisher, page, further: cursor !== undefined }));
};

/** GET /styles/{name}/{version}/card.png */
export const answerShareCard: Handler<Environment> = async (c) => {
  const { stores } = c.var;
  const name = nameOf(c, 'name');
  const release = await resolve(stores, 'style', name, c.req.param('version')!);
  const etag = `"${release.digest.slice(0, 32)}-${CARD_DESIGN}"`;
  const headers = { etag, 'cache-control': CARD_CACHE, 'cross-origin-resource-policy': 'cross-origin' };
  if (matchesEtag(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  const previews: Uint8Array[] = [];
  for (const { sha256 } of (release.manifest as StyleManifest).blobs.previews.slice(0, 4)) {
    const blob = await stores.blobs.get(sha256);
    if (blob !== undefined) previews.push(new Uint8Array(await new Response(blob.body).arrayBuffer()));
  }
  const png = await timed(c, 'card', shareCard(previews, tinctureOf(name)));
  return new Response(png, { headers: { ...headers, 'content-type': 'image/png' } });
};

/** GET /pages/{file}: names carry digests, so bytes never change. */
export const answerPageFile: Handler<Environment> = (c) => {
  const file = PAGE_FILES.find(({ path }) => path === c.req.path);
  if (file === undefined) return c.notFound();
  return new Response(file.text, { headers: { 'content-type': file.type, 'cache-control': IMMUTABLE } });
};

async function send(c: Context<Environment>, page: Html): Promise<Response> {
  return c.html(String(await page));
}

function originOf(c: Context<Environment>): string {
  return new URL(c.req.url).origin;
}

function nameOf(c: Context<Environment>, parameter: 'name' | 'handle'): string {
  const parsed = nameSchema.safeParse(c.req.param(parameter));
  if (parsed.success) return parsed.data;
  throw new RegistryError('not-found', 'there is nothing of this name', { where: c.req.path });
}
