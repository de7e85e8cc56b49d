// The plugin host over a MessagePort: an engine that lives in a Worker uses the sandboxed frames of its page.
import type { ErrorFacts } from '../../plugins/contract/error.ts';
import { PluginError, type PluginErrorKind } from '../../plugins/contract/plugin-error.ts';
import type { LayerPair } from '../hypernetwork/hypernetwork.ts';
import type { ContextPair, Plugin, PluginHost, PluginLimits } from './host.ts';

type Call =
  | {
      readonly kind: 'start';
      readonly name: string;
      readonly wasm: Uint8Array;
      readonly limits: Partial<PluginLimits>;
    }
  | { readonly kind: 'load'; readonly plugin: number; readonly width: number; readonly layers: LayerPair }
  | {
      readonly kind: 'apply';
      readonly plugin: number;
      readonly context: ContextPair;
      readonly strength: number;
    }
  | { readonly kind: 'close'; readonly plugin: number }
  | { readonly kind: 'close-host' };

type Numbered = Call & { readonly id: number };

/** A PluginError in parts: structured clones of errors lose class, code and facts. */
interface WireError {
  readonly kind: PluginErrorKind;
  readonly what: string;
  readonly facts: Omit<ErrorFacts, 'cause'>;
}

type Reply =
  | { readonly id: number; readonly value: number | ContextPair | undefined }
  | { readonly id: number; readonly error: WireError };

/** Lets the other end of the port use this host. Ends with the port. */
export function servePluginHost(host: PluginHost, port: MessagePort): void {
  const plugins = new Map<number, Plugin>();
  let nextPlugin = 0;

  const answer = async (call: Call): Promise<number | ContextPair | undefined> => {
    if (call.kind === 'start') {
      const plugin = await host.start(call.name, call.wasm, call.limits);
      plugins.set(nextPlugin, plugin);
      return nextPlugin++;
    }
    if (call.kind === 'close-host') {
      await host.close();
      return undefined;
    }
    const plugin = plugins.get(call.plugin);
    if (call.kind === 'close') {
      plugins.delete(call.plugin);
      await plugin?.close();
      return undefined;
    }
    if (plugin === undefined) {
      throw new PluginError('closed', 'the plugin is closed', { where: `plugin ${call.plugin}` });
    }
    if (call.kind === 'apply') return plugin.apply(call.context, call.strength);
    await plugin.load(call.width, call.layers);
    return undefined;
  };

  port.onmessage = (event: MessageEvent<Numbered>) => {
    const { id } = event.data;
    answer(event.data).then(
      (value) => port.postMessage({ id, value } satisfies Reply, isContext(value) ? buffersOf(value) : []),
      (error: unknown) => port.postMessage({ id, error: wireError(error) } satisfies Reply),
    );
  };
}

/** A host whose plugins run at the other end of the port. */
export function remotePluginHost(port: MessagePort): PluginHost {
  const waiting = new Map<
    number,
    { resolve(value: number | ContextPair | undefined): void; reject(error: unknown): void }
  >();
  let nextId = 0;
  port.onmessage = (event: MessageEvent<Reply>) => {
    const reply = event.data;
    const waiter = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply)
      waiter?.reject(new PluginError(reply.error.kind, reply.error.what, reply.error.facts));
    else waiter?.resolve(reply.value);
  };
  const ask = (call: Call): Promise<number | ContextPair | undefined> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      port.postMessage({ ...call, id } satisfies Numbered);
    });

  return {
    async start(name, wasm, limits = {}): Promise<Plugin> {
      const plugin = (await ask({ kind: 'start', name, wasm, limits })) as number;
      return {
        async load(width, layers) {
          await ask({ kind: 'load', plugin, width, layers });
        },
        async apply(context, strength) {
          return (await ask({ kind: 'apply', plugin, context, strength })) as ContextPair;
        },
        async close() {
          await ask({ kind: 'close', plugin });
        },
      };
    },
    async close() {
      await ask({ kind: 'close-host' });
    },
  };
}

function isContext(value: number | ContextPair | undefined): value is ContextPair {
  return typeof value === 'object';
}

function buffersOf({ k, v }: ContextPair): ArrayBuffer[] {
  return [k.buffer as ArrayBuffer, v.buffer as ArrayBuffer];
}

function wireError(error: unknown): WireError {
  if (!(error instanceof PluginError)) {
    return { kind: 'trap', what: error instanceof Error ? error.message : String(error), facts: {} };
  }
  const { cause: _, ...facts } = error.facts;
  return { kind: error.kind, what: error.what, facts };
}
