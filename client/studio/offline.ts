// Registers the service worker, and learns from it whether there is a network.
import type { Store } from './state/store.ts';
import type { StudioAction, StudioState } from './state/studio.ts';

/** How long the first visit waits for the service worker, so that it sees and keeps all that is fetched afterwards. */
const PATIENCE_MS = 5000;

/** Resolves when the worker stands behind this page, or when that is not to be waited for. In development there is none. */
export async function registerServiceWorker(store: Store<StudioState, StudioAction>): Promise<void> {
  const workers = navigator.serviceWorker;
  if (!import.meta.env.PROD || workers === undefined) return;
  workers.addEventListener('message', ({ data }: MessageEvent<{ readonly kind?: string }>) => {
    if (data.kind === 'online' || data.kind === 'offline') {
      store.dispatch({ kind: 'online', online: data.kind === 'online' && navigator.onLine });
    }
  });
  try {
    await workers.register('/service-worker.js', { type: 'module' });
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    store.dispatch({
      kind: 'notice',
      notices: [`The studio will need a network each time, for this browser refused to keep it: ${words}`],
    });
    return;
  }
  if (workers.controller !== null) return;
  await new Promise<void>((resolve) => {
    workers.addEventListener('controllerchange', () => resolve(), { once: true });
    setTimeout(resolve, PATIENCE_MS);
  });
}
