// A Worker for tests: plugins in loaded Workers. `/host` is a plugin host over a WebSocket, which is one long request; `/try`
// tries the module that it is sent; `/load` hands a module large layers and asks it for more; `/probe` loads a Worker as plugins get one, with a program of the test's own.
import { encodePair } from '../../../client/plugin-host/layer-block.ts';
import { servePluginHost } from '../../../client/plugin-host/remote.ts';
import type { StyleCard } from '../../../plugins/contract/style.ts';
import type { PluginLimits } from '../../../plugins/host/plugin.ts';
import type { Bindings } from '../../../worker/environment.ts';
import { edgePluginHost } from '../../../worker/plugins/edge-host.ts';
import { loadedWorkerCode } from '../../../worker/plugins/loaded-worker.ts';
import { tryPlugin } from '../../../worker/plugins/try-plugin.ts';
import { doubling } from '../../plugin-host/expectations.ts';
import { portOver } from './wire.ts';

type Env = Required<Pick<Bindings, 'LOADER'>>;

/** workerd's pair of sockets. */
declare const WebSocketPair: new () => { 0: WebSocket; 1: WebSocket & { accept(): void } };

const ROUTES: Readonly<Record<string, (request: Request, env: Env) => Promise<Response>>> = {
  async '/host'(_, env) {
    const host = edgePluginHost(env)!;
    const { 0: theirs, 1: ours } = new WebSocketPair();
    ours.accept();
    ours.addEventListener('close', () => void host.close());
    servePluginHost(host, portOver(ours));
    return new Response(null, { status: 101, webSocket: theirs } as ResponseInit);
  },
  async '/try'(request, env) {
    const { wasm, card, limits } = (await request.json()) as Trial;
    const host = edgePluginHost(env)!;
    const trial = await tryPlugin(host, bytesOf(wasm), card, limits);
    return Response.json({ trial, fuelUsed: String(host.fuelUsed) });
  },
  async '/load'(request, env) {
    const { wasm, width } = (await request.json()) as { wasm: string; width: number };
    const plugin = await edgePluginHost(env)!.start('loads', bytesOf(wasm));
    const outcome = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'done',
        (error: Error) => error.message,
      );
    const loaded = await outcome(plugin.load(0, width, encodePair('large', width, doubling(width))));
    const made = await outcome(plugin.layers(width));
    return Response.json({ loaded, made });
  },
  async '/probe'(request, env) {
    const code = loadedWorkerCode(new Uint8Array(), 1000);
    const worker = env.LOADER.load({ ...code, modules: { 'main.js': await request.text() } });
    const probe = worker.getEntrypoint() as unknown as Fetcher;
    return probe.fetch('http://probe/');
  },
};

interface Trial {
  readonly wasm: string;
  readonly card?: StyleCard;
  readonly limits?: Partial<PluginLimits>;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

interface Fetcher {
  fetch(url: string): Promise<Response>;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const route = ROUTES[new URL(request.url).pathname];
    return route === undefined ? new Response(null, { status: 404 }) : route(request, env);
  },
};
