// The peer of the load benchmark: a bare worker that streams one object out of R2 and does nothing else.
import { Miniflare } from 'miniflare';
import { COMPATIBILITY_DATE, LOCAL_BINDINGS } from '../../worker/serve.ts';

const SCRIPT = `export default {
  async fetch(request, env) {
    const key = new URL(request.url).pathname.slice(1);
    const range = /^bytes=(\\d+)-(\\d+)$/.exec(request.headers.get('range') ?? '');
    if (range !== null) {
      const offset = Number(range[1]);
      const length = Number(range[2]) - offset + 1;
      const object = await env.BLOBS.get(key, { range: { offset, length } });
      return new Response(object.body, { status: 206, headers: { 'content-length': String(length) } });
    }
    if (request.headers.has('if-none-match')) {
      await env.BLOBS.head(key);
      return new Response(null, { status: 304 });
    }
    const object = await env.BLOBS.get(key);
    return new Response(object.body, { headers: { 'content-length': String(object.size) } });
  },
};`;

export interface Peer {
  readonly url: string;
  put(key: string, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Starts the peer in a workerd of its own. */
export async function startPeer(): Promise<Peer> {
  const runtime = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    workers: [
      {
        config: {
          name: 'peer',
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: {
            mainModule: 'index.js',
            modulesRoot: import.meta.dirname,
            modules: { 'index.js': { type: 'esm', contents: SCRIPT } },
          },
          env: { BLOBS: LOCAL_BINDINGS.BLOBS },
        },
      },
    ],
  });
  const bucket = await runtime.getR2Bucket('BLOBS');
  return {
    url: (await runtime.ready).origin,
    put: async (key, bytes) => {
      await bucket.put(key, bytes);
    },
    close: () => runtime.dispose(),
  };
}
