// POST /v1/apply: a style applied to a posted context, for clients without WebAssembly. Off unless the deployment wants it.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { TinctureError } from '../../plugins/contract/error.ts';
import { nameSchema } from '../../plugins/contract/style.ts';
import { applyStyle, readContext, writeContexts } from '../apply/apply-style.ts';
import { ApplyError } from '../apply/error.ts';
import { MAX_APPLY_BYTES, MAX_STRENGTH } from '../apply/limits.ts';
import type { Bindings, Environment } from '../environment.ts';
import { limitBody } from '../http/body-limit.ts';
import { timed } from '../http/frame.ts';
import { problems } from '../http/problem.ts';
import { edgePluginHost } from '../plugins/edge-host.ts';
import { RegistryError } from '../registry/error.ts';
import { resolve } from '../registry/resolve.ts';

const OCTETS = 'application/octet-stream';
/** Where the studio's build puts the standard plugin, for us. */
const STANDARD_PLUGIN = '/plugins/hypernetwork.wasm';

const parameterSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,64}=-?\d{1,9}(?:\.\d{1,9})?$/, 'must be NAME=NUMBER')
  .meta({ example: 'amount=0.5' });

export const apply = createRoute({
  method: 'post',
  path: '/v1/apply',
  summary: 'Bend a context by a style',
  description:
    'The body is a safetensors file with tensor context, [tokens, width]; the answer one with k and v. Off by default; what it takes is bounded in worker/apply/limits.ts. Here, and nowhere else, an edge sees something of a prompt; it keeps nothing.',
  tags: ['Styles'],
  middleware: [limitBody(MAX_APPLY_BYTES)] as const,
  request: {
    query: z.strictObject({
      style: nameSchema,
      version: z.string().min(1).max(128).default('latest').describe('A version, a range, or latest.'),
      strength: z.coerce.number().min(-MAX_STRENGTH).max(MAX_STRENGTH).default(1),
      parameter: z
        .union([parameterSchema, z.array(parameterSchema).max(16)])
        .optional()
        .describe('NAME=NUMBER, once for each parameter.'),
    }),
    body: { required: true, content: { [OCTETS]: { schema: z.any() } } },
  },
  responses: {
    200: { description: 'The bent contexts, a safetensors file', content: { [OCTETS]: { schema: z.any() } } },
    ...problems(400, 404, 413, 422, 451),
  },
});

export const answerApply: RouteHandler<typeof apply, Environment> = async (c) => {
  const host = c.env.APPLY_ROUTE === 'on' ? edgePluginHost(c.env) : undefined;
  if (host === undefined) {
    throw new ApplyError('off', 'this edge does not apply styles', {
      fix: 'Apply it where you are: with the library, or with `tincture apply`.',
    });
  }
  const { style, version, strength, parameter = [] } = c.req.valid('query');
  const parameters = Object.fromEntries(
    [parameter].flat().map((text) => {
      const at = text.indexOf('=');
      return [text.slice(0, at), Number(text.slice(at + 1))];
    }),
  );
  const { blobs } = c.get('stores');
  try {
    const context = await readContext(new Uint8Array(await c.req.arrayBuffer()));
    const release = await resolve(c.get('stores'), 'style', style, version);
    const tools = { blobs, host, standardPlugin: () => standardPlugin(c.env, c.req.url) };
    const bent = await timed(c, 'plugin', applyStyle(tools, release, context, { strength, parameters }));
    return c.body(writeContexts(bent), 200, { 'content-type': OCTETS, 'cache-control': 'no-store' });
  } catch (error) {
    // What a reader of weights or the plugin says is about the style, or about the wishes: not a failure of the edge.
    const known = error instanceof ApplyError || error instanceof RegistryError;
    if (known || !(error instanceof TinctureError)) throw error;
    throw new ApplyError('plugin', error.message, { cause: error });
  } finally {
    await host.close();
  }
};

/** Throws `apply/off` where this edge serves no studio: the plugin comes with its files. */
async function standardPlugin(env: Bindings, url: string): Promise<Uint8Array> {
  const answer = await env.ASSETS?.fetch(new URL(STANDARD_PLUGIN, url).href);
  if (answer?.ok === true) return new Uint8Array(await answer.arrayBuffer());
  throw new ApplyError('off', 'this edge cannot apply styles that have no plugin of their own', {
    where: STANDARD_PLUGIN,
    found: answer === undefined ? 'no studio is served here' : `HTTP ${answer.status}`,
  });
}
