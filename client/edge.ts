// The edge's interface as a typed client: paths, parameters and answers are those of the worker's own routes.
import { hc } from 'hono/client';
import type { Reading } from '../worker/index.ts';

export type EdgeClient = ReturnType<typeof hc<Reading>>;

/**
 * A client of the edge at `url`, such as `edgeClient('https://your.edge').v1.styles.$get({ query: { q: 'ink' } })`. It is fetch with
 * types and checks nothing that comes back; `registry` of the engine is the one that verifies digests. An answer that is not
 * `ok` is a problem document. The same from any site: CORS lets everybody read.
 */
export function edgeClient(url: string, options: { readonly fetch?: typeof fetch } = {}): EdgeClient {
  return hc<Reading>(url, options.fetch === undefined ? {} : { fetch: options.fetch });
}
