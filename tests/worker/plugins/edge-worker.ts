// A Worker for tests: plugins in loaded Workers, used from Node over a WebSocket, which is one long request.
import { servePluginHost } from '../../../client/plugin-host/remote.ts';
import type { Bindings } from '../../../worker/environment.ts';
import { edgePluginHost } from '../../../worker/plugins/edge-host.ts';
import { portOver } from './wire.ts';

/** workerd's pair of sockets, and the answer that carries one of them. */
declare const WebSocketPair: new () => { 0: WebSocket; 1: WebSocket & { accept(): void } };

export default {
  async fetch(_request: Request, env: Pick<Bindings, 'LOADER'>): Promise<Response> {
    const host = edgePluginHost(env);
    if (host === undefined) return new Response('no binding', { status: 501 });
    const { 0: theirs, 1: ours } = new WebSocketPair();
    ours.accept();
    ours.addEventListener('close', () => void host.close());
    servePluginHost(host, portOver(ours));
    return new Response(null, { status: 101, webSocket: theirs } as ResponseInit);
  },
};
