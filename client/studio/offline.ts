// Registers the service worker, tells it what to keep, and learns from it whether there is a network.
import type { Store } from './state/store.ts';
import type { StudioAction, StudioState } from './state/studio.ts';

/** onnxruntime's build that this browser runs, as the library chooses it: with JSPI where that is, else the plain one. */
function runtimeFiles(): readonly string[] {
  const build = 'Suspending' in WebAssembly ? 'ort-wasm-simd-threaded.jspi' : 'ort-wasm-simd-threaded';
  return [`/ort/${build}.mjs`, `/ort/${build}.wasm`];
}

/** In development there is none: it would serve old files. */
export function registerServiceWorker(store: Store<StudioState, StudioAction>): void {
  const workers = navigator.serviceWorker;
  if (!import.meta.env.PROD || workers === undefined) return;
  workers.addEventListener('message', ({ data }: MessageEvent<{ readonly kind?: string }>) => {
    if (data.kind === 'kept') document.documentElement.dataset.offlineReady = 'yes';
    if (data.kind === 'online' || data.kind === 'offline') {
      store.dispatch({ kind: 'online', online: data.kind === 'online' && navigator.onLine });
    }
  });
  workers.register('/service-worker.js', { type: 'module' }).catch((cause: unknown) => {
    const words = cause instanceof Error ? cause.message : String(cause);
    store.dispatch({
      kind: 'notice',
      notices: [`The studio will need a network each time, for this browser refused to keep it: ${words}`],
    });
  });
  keepWhatRuns(store, workers);
}

/** Once the engine runs, its build of onnxruntime is kept, whether or not the worker saw it fetched. */
function keepWhatRuns(store: Store<StudioState, StudioAction>, workers: ServiceWorkerContainer): void {
  const stop = store.subscribe(() => {
    if (store.state().press.phase !== 'ready') return;
    stop();
    void workers.ready.then(({ active }) => active?.postMessage({ kind: 'keep', files: runtimeFiles() }));
  });
}
