// The Worker's side of the engine: makes one on request and answers the page's messages.
import { remotePluginHost } from '../plugin-host/remote.ts';
import { createEngine } from './create.ts';
import type { Engine } from './engine.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { wireError } from './wire-error.ts';

const aborts = new Map<number, AbortController>();
let engine: Engine | undefined;

self.addEventListener('message', (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  answer(message).catch((error: unknown) => send({ kind: 'error', id: message.id, error: wireError(error) }));
});

async function answer(message: ToWorker): Promise<void> {
  const { id } = message;
  switch (message.kind) {
    case 'create': {
      const pluginHost = remotePluginHost(message.plugins);
      engine = await cancellable(id, (signal) =>
        createEngine(
          { ...message.options, signal, onProgress: (progress) => send({ kind: 'progress', id, progress }) },
          { pluginHost },
        ),
      );
      const { backend, backendReason, model } = engine;
      send({ kind: 'created', id, backend, backendReason, model });
      break;
    }
    case 'generate': {
      const result = await cancellable(id, (signal) =>
        engine!.generate(message.request, {
          signal,
          onProgress: (progress) => send({ kind: 'progress', id, progress }),
        }),
      );
      // The first picture is there twice, but a clone keeps one object one.
      const buffers = result.pictures.flatMap(({ picture, png }) => [picture.pixels.buffer, png.buffer]);
      send({ kind: 'result', id, result }, [...buffers, result.latents.data.buffer]);
      break;
    }
    case 'abort':
      aborts.get(id)?.abort();
      break;
    case 'close':
      await engine?.close();
      send({ kind: 'closed', id });
      break;
  }
}

async function cancellable<T>(id: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  aborts.set(id, abort);
  try {
    return await work(abort.signal);
  } finally {
    aborts.delete(id);
  }
}

function send(message: FromWorker, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}
