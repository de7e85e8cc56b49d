// The plugin host over a MessagePort: an engine that lives in a Worker uses the sandboxed frames of its page.
import type { PluginDescription } from '../../plugins/contract/description.ts';
import type { ErrorFacts } from '../../plugins/contract/error.ts';
import { PluginError, type PluginErrorKind } from '../../plugins/contract/plugin-error.ts';
import type { PluginFacts } from '../../plugins/contract/validator.ts';
import type { ContextPair, LayerBlocks, Plugin, PluginHost, StartOptions } from './host.ts';

/** Methods of a plugin that travel, with the buffers that go along with their arguments and results. */
type Method = Exclude<keyof Plugin, 'name' | 'facts' | 'description'>;
interface Travel<M extends Method> {
  readonly sent: (...args: Parameters<Plugin[M]>) => readonly ArrayBufferView[];
  readonly given: (result: Awaited<ReturnType<Plugin[M]>>) => readonly ArrayBufferView[];
}
const none = (): readonly ArrayBufferView[] => [];
const METHODS: { readonly [M in Method]: Travel<M> } = {
  beginPicture: { sent: none, given: none },
  setParameters: { sent: none, given: none },
  load: { sent: (_set, _width, { k, v }) => [...k, ...v], given: none },
  loadTensors: { sent: (_set, blocks) => blocks, given: none },
  showContext: { sent: none, given: none },
  schedule: { sent: none, given: ({ strengths, phases }) => [strengths, phases] },
  setPhase: { sent: none, given: none },
  apply: { sent: none, given: (pair: ContextPair) => [pair.k, pair.v] },
  layers: {
    sent: none,
    given: (blocks: LayerBlocks | undefined) => [...(blocks?.k ?? []), ...(blocks?.v ?? [])],
  },
  close: { sent: none, given: none },
};

type Call =
  | {
      readonly to: 'start';
      readonly name: string;
      readonly wasm: Uint8Array;
      readonly options: StartOptions;
    }
  | {
      readonly to: 'plugin';
      readonly plugin: number;
      readonly method: Method;
      readonly args: readonly unknown[];
    }
  | { readonly to: 'close' };
type Numbered = Call & { readonly id: number };

/** What `start` gives. */
interface Started {
  readonly plugin: number;
  readonly facts: PluginFacts;
  readonly description: PluginDescription;
}

/** A PluginError in parts: structured clones of errors lose class, code and facts. */
interface WireError {
  readonly kind: PluginErrorKind;
  readonly what: string;
  readonly facts: Omit<ErrorFacts, 'cause'>;
}

type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError };

/** Lets the other end of the port use this host. Ends with the port. */
export function servePluginHost(host: PluginHost, port: MessagePort): void {
  const plugins = new Map<number, Plugin>();
  let nextPlugin = 0;

  const start = async ({ name, wasm, options }: Extract<Call, { to: 'start' }>): Promise<Started> => {
    const plugin = await host.start(name, wasm, options);
    const { facts, description } = plugin;
    plugins.set(nextPlugin, plugin);
    return { plugin: nextPlugin++, facts, description };
  };

  const answer = async (call: Call): Promise<{ value: unknown; buffers: ArrayBuffer[] }> => {
    if (call.to === 'start') return { value: await start(call), buffers: [] };
    if (call.to === 'close') return { value: await host.close(), buffers: [] };
    const { method, args } = call;
    const plugin = plugins.get(call.plugin);
    if (plugin === undefined) {
      if (method === 'close' || method === 'beginPicture') return { value: undefined, buffers: [] };
      throw new PluginError('closed', 'the plugin is closed', { where: `plugin ${call.plugin}` });
    }
    if (!Object.hasOwn(METHODS, method)) {
      throw new PluginError('input', 'plugins have no such method', {
        where: plugin.name,
        found: String(method),
      });
    }
    if (method === 'close') plugins.delete(call.plugin);
    const value = await (plugin[method] as (...args: unknown[]) => unknown).apply(plugin, [...args]);
    return {
      value,
      buffers: buffersOf((METHODS[method].given as (value: unknown) => readonly ArrayBufferView[])(value)),
    };
  };

  port.onmessage = (event: MessageEvent<Numbered>) => {
    const { id } = event.data;
    answer(event.data).then(
      ({ value, buffers }) => port.postMessage({ id, value } satisfies Reply, buffers),
      (error: unknown) => port.postMessage({ id, error: wireError(error) } satisfies Reply),
    );
  };
}

/** A host whose plugins run at the other end of the port. */
export function remotePluginHost(port: MessagePort): PluginHost {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let nextId = 0;
  port.onmessage = (event: MessageEvent<Reply>) => {
    const reply = event.data;
    const waiter = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply)
      waiter?.reject(new PluginError(reply.error.kind, reply.error.what, reply.error.facts));
    else waiter?.resolve(reply.value);
  };
  const ask = (call: Call, buffers: ArrayBuffer[] = []): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      port.postMessage({ ...call, id } satisfies Numbered, buffers);
    });

  return {
    async start(name, wasm, options = {}): Promise<Plugin> {
      const started = (await ask({ to: 'start', name, wasm, options })) as Started;
      const call =
        <M extends Method>(method: M) =>
        (...args: Parameters<Plugin[M]>): Promise<Awaited<ReturnType<Plugin[M]>>> => {
          const sent = METHODS[method].sent as (...args: readonly unknown[]) => readonly ArrayBufferView[];
          const asked = ask({ to: 'plugin', plugin: started.plugin, method, args }, buffersOf(sent(...args)));
          return asked as Promise<Awaited<ReturnType<Plugin[M]>>>;
        };
      const methods = Object.fromEntries(
        (Object.keys(METHODS) as Method[]).map((method) => [method, call(method)]),
      ) as unknown as Pick<Plugin, Method>;
      return {
        name,
        facts: started.facts,
        description: started.description,
        ...methods,
        beginPicture() {
          // Nobody awaits it. A plugin that is gone says so at the next call, which somebody does.
          ask({ to: 'plugin', plugin: started.plugin, method: 'beginPicture', args: [] }).catch(() => {});
        },
      };
    },
    async close() {
      await ask({ to: 'close' });
    },
  };
}

/** Each buffer once, as a transfer asks. A block that shares its buffer with others keeps it and is copied. */
function buffersOf(views: readonly ArrayBufferView[]): ArrayBuffer[] {
  const whole = views.filter((view) => view.byteLength === view.buffer.byteLength);
  return [...new Set(whole.map((view) => view.buffer as ArrayBuffer))];
}

function wireError(error: unknown): WireError {
  if (!(error instanceof PluginError)) {
    return { kind: 'trap', what: error instanceof Error ? error.message : String(error), facts: {} };
  }
  const { cause: _, ...facts } = error.facts;
  return { kind: error.kind, what: error.what, facts };
}
