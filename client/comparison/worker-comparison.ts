// The page's side of a comparison that runs in a Worker.
import { EngineError } from '../engine/errors.ts';
import { revivedError } from '../engine/wire-error.ts';
import { createFrameHost } from '../plugin-host/frame.ts';
import { servePluginHost } from '../plugin-host/remote.ts';
import type {
  ComparisonNews,
  ComparisonResult,
  ComparisonStart,
  FromComparer,
  ToComparer,
} from './protocol.ts';

/**
 * Compares in a Worker of its own and tells what happens meanwhile. Aborting ends the Worker at once and rejects with the
 * signal's reason; nothing of it is kept. Throws what opening, training and drawing throw, `training/busy` while another page
 * trains, and `engine/worker` where the Worker itself fails.
 */
export async function compareInWorker(
  start: ComparisonStart,
  tell: (news: ComparisonNews) => void,
  signal: AbortSignal,
): Promise<ComparisonResult> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./worker-entry.ts', import.meta.url), {
    type: 'module',
    name: 'tincture-comparison',
  });
  const host = createFrameHost();
  const channel = new MessageChannel();
  servePluginHost(host, channel.port1);
  const { promise, resolve, reject } = Promise.withResolvers<ComparisonResult>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort);
  worker.addEventListener('error', ({ message }) => {
    const fix = 'Compare with fewer pictures or a smaller model; reload the page if it happens again.';
    reject(new EngineError('engine/worker', 'the Worker that compares has failed', { found: message, fix }));
  });
  worker.addEventListener('message', ({ data }: MessageEvent<FromComparer>) => {
    if (data.kind === 'news') tell(data.news);
    else if (data.kind === 'error') reject(revivedError(data.error));
    else resolve(data.result);
  });
  try {
    worker.postMessage({ start, plugins: channel.port2 } satisfies ToComparer, [channel.port2]);
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    worker.terminate();
    channel.port1.close();
    await host.close();
  }
}
