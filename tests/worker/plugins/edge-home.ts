// The edge home as tests in Node use it: real workerd with a Worker Loader binding, reached over a WebSocket.
import { fileURLToPath } from 'node:url';
import { Log, LogLevel, Miniflare, Response } from 'miniflare';
import { build } from 'vite';
import { remotePluginHost } from '../../../client/plugin-host/remote.ts';
import type { PluginHost } from '../../../plugins/host/plugin.ts';
import { COMPATIBILITY_DATE } from '../../../worker/serve.ts';
import { portOver } from './wire.ts';

export interface EdgeHome {
  /** A new host in workerd. Its line stays open until the home is closed. */
  createHost(): Promise<PluginHost>;
  /** Sends a body to one of edge-worker.ts's other routes; gives the answer's JSON. */
  post<T>(path: string, body: string): Promise<T>;
  close(): Promise<void>;
}

/** Bundles edge-worker.ts and starts it in workerd. Takes about a second. */
export async function startEdgeHome(): Promise<EdgeHome> {
  const script = await bundle('edge-worker.ts');
  const edge = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.ERROR),
    workers: [
      {
        config: {
          name: 'test',
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: {
            mainModule: 'index.js',
            modulesRoot: import.meta.dirname,
            modules: { 'index.js': { type: 'esm', contents: script } },
          },
          env: { LOADER: { type: 'worker-loader' } },
        },
        // Whatever gets out gets an answer, so that a refusal in a test is not the network's.
        dev: { outboundService: { type: 'fetcher', handler: () => new Response('got out') } },
      },
    ],
  });
  const url = await edge.ready;
  const sockets: WebSocket[] = [];
  return {
    async createHost() {
      const socket = new WebSocket(new URL('/host', url.href.replace('http', 'ws')));
      await new Promise((resolve, reject) => {
        socket.addEventListener('open', resolve, { once: true });
        socket.addEventListener('error', reject, { once: true });
      });
      sockets.push(socket);
      return remotePluginHost(portOver(socket));
    },
    async post<T>(path: string, body: string): Promise<T> {
      const answer = await fetch(new URL(path, url), { method: 'POST', body });
      return (await answer.json()) as T;
    },
    async close() {
      for (const socket of sockets) socket.close();
      await edge.dispose();
    },
  };
}

async function bundle(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    root: fileURLToPath(new URL('.', import.meta.url)),
    logLevel: 'error',
    ssr: { target: 'webworker', noExternal: true },
    build: { ssr: entry, write: false, minify: false, target: 'es2024' },
  });
  const chunks = [result].flat().flatMap((part) => ('output' in part ? part.output : []));
  const [chunk] = chunks;
  if (chunks.length !== 1 || chunk?.type !== 'chunk') throw new Error(`${entry} is not one module`);
  return chunk.code;
}
