// The page's side of an engine that runs in a Worker: the same interface, over messages.
import { createFrameHost } from '../plugin-host/frame.ts';
import { servePluginHost } from '../plugin-host/remote.ts';
import type { Engine, EngineOptions, GenerateResult, Progress } from './engine.ts';
import { EngineError } from './errors.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { revivedError } from './wire-error.ts';

interface Waiting {
  readonly resolve: (message: FromWorker) => void;
  readonly reject: (reason: unknown) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/**
 * As `createEngine`, but the work is done in a Worker, so that the page stays responsive. Plugins run in the page's
 * sandboxed frames, which the Worker reaches over a port.
 */
export async function createWorkerEngine(options: EngineOptions): Promise<Engine> {
  const worker = new Worker(new URL('./worker-entry.ts', import.meta.url), {
    type: 'module',
    name: 'tincture-engine',
  });
  const host = createFrameHost();
  const channel = new MessageChannel();
  servePluginHost(host, channel.port1);

  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let dead: EngineError | undefined;

  const die = (error: EngineError): void => {
    dead = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker.terminate();
  };
  worker.addEventListener('error', (event) => {
    die(
      new EngineError('engine/worker', 'the engine’s Worker failed', {
        found: event.message,
        fix: 'Reload the page.',
      }),
    );
  });
  worker.addEventListener('message', (event: MessageEvent<FromWorker>) => {
    const message = event.data;
    const waiter = waiting.get(message.id);
    if (message.kind === 'progress') {
      waiter?.onProgress?.(message.progress);
      return;
    }
    waiting.delete(message.id);
    if (message.kind === 'error') waiter?.reject(revivedError(message.error));
    else waiter?.resolve(message);
  });

  const call = async (
    make: (id: number) => ToWorker,
    { signal, onProgress }: Pick<EngineOptions, 'signal' | 'onProgress'>,
    transfer: Transferable[] = [],
  ): Promise<FromWorker> => {
    signal?.throwIfAborted();
    if (dead !== undefined) throw dead;
    const id = nextId++;
    const abort = (): void => worker.postMessage({ kind: 'abort', id } satisfies ToWorker);
    signal?.addEventListener('abort', abort);
    try {
      return await new Promise<FromWorker>((resolve, reject) => {
        waiting.set(id, { resolve, reject, onProgress });
        worker.postMessage(make(id), transfer);
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  };

  const { signal, onProgress, ...plain } = options;
  const stop = async (): Promise<void> => {
    worker.terminate();
    channel.port1.close();
    await host.close();
  };
  try {
    const created = await call(
      (id) => ({ kind: 'create', id, options: plain, plugins: channel.port2 }),
      options,
      [channel.port2],
    );
    if (created.kind !== 'created')
      throw new EngineError('engine/worker', `unexpected answer ${created.kind}`);
    return {
      backend: created.backend,
      backendReason: created.backendReason,
      model: created.model,
      async generate(request, generateOptions = {}): Promise<GenerateResult> {
        const answer = await call((id) => ({ kind: 'generate', id, request }), generateOptions);
        if (answer.kind !== 'result')
          throw new EngineError('engine/worker', `unexpected answer ${answer.kind}`);
        return answer.result;
      },
      async close(): Promise<void> {
        if (dead !== undefined) return;
        await call((id) => ({ kind: 'close', id }), {});
        die(new EngineError('engine/closed', 'the engine is closed', { fix: 'Create a new one.' }));
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
