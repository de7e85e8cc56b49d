// Makes the studio work without a network: keeps the app's own files, and the registry's small answers.
// Weights never come here: the library keeps them in OPFS by their digest. It imports nothing, so that it is one file.

/** Filled in by the build: what the app shell consists of, and an identity of it all. */
declare const __SHELL__: {
  readonly version: string;
  readonly files: readonly string[];
  readonly runtime: string;
};

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface PageMessage extends ExtendableEvent {
  readonly data: unknown;
}
interface Scope {
  addEventListener(kind: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void;
  addEventListener(kind: 'fetch', listener: (event: FetchEvent) => void): void;
  addEventListener(kind: 'message', listener: (event: PageMessage) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(): Promise<readonly { postMessage(message: unknown): void }[]>;
  };
}

const scope = self as unknown as Scope;
const SHELL = `tincture-shell-${__SHELL__.version}`;
/** onnxruntime's files are large and change with its version only; they outlive a new shell. */
const RUNTIME = `tincture-runtime-${__SHELL__.runtime}`;
const INDEX = 'tincture-index';
/** Answers of the registry to keep; the oldest go first. */
const INDEX_ENTRIES = 100;
/** A network that does not answer in this time counts as none, as far as the cache can answer instead. */
const PATIENCE_MS = 4000;

scope.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll(__SHELL__.files.map((file) => new Request(file, { cache: 'no-cache' }))))
      .then(() => scope.skipWaiting()),
  );
});

scope.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names
            .filter((name) => name.startsWith('tincture-') && ![SHELL, RUNTIME, INDEX].includes(name))
            .map((name) => caches.delete(name)),
        ),
      )
      .then(() => scope.clients.claim()),
  );
});

// The page tells which of onnxruntime's builds it runs: it was fetched before this worker saw any request.
scope.addEventListener('message', (event) => {
  const { data } = event;
  if (typeof data !== 'object' || data === null || (data as { kind?: unknown }).kind !== 'keep') return;
  const { files } = data as { readonly files?: unknown };
  if (!Array.isArray(files)) return;
  const wanted = files.filter((file): file is string => typeof file === 'string' && file.startsWith('/ort/'));
  event.waitUntil(keepRuntime(wanted));
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || request.headers.has('range')) return;
  if (pathname.startsWith('/v1/blobs/')) return;
  if (pathname.startsWith('/v1/')) event.respondWith(networkFirst(event, request, INDEX, INDEX_ENTRIES));
  else if (request.mode === 'navigate') {
    if (pathname === '/') event.respondWith(networkFirst(event, request, SHELL));
  } else if (pathname.startsWith('/ort/')) event.respondWith(cacheFirst(event, request, RUNTIME));
  else if (__SHELL__.files.includes(pathname)) event.respondWith(cacheFirst(event, request, SHELL));
});

/** The cached answer, whole and with the headers that it came with (COOP and COEP among them), or the network's. */
async function cacheFirst(event: FetchEvent, request: Request, name: string): Promise<Response> {
  const cache = await caches.open(name);
  const kept = await cache.match(request.url);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok) event.waitUntil(cache.put(request.url, response.clone()));
  return response;
}

async function networkFirst(
  event: FetchEvent,
  request: Request,
  name: string,
  entries?: number,
): Promise<Response> {
  const cache = await caches.open(name);
  const kept = await cache.match(request.url);
  const patience = kept === undefined ? undefined : AbortSignal.timeout(PATIENCE_MS);
  try {
    const response = await fetch(request, patience === undefined ? {} : { signal: patience });
    if (response.ok && !response.redirected) {
      const copy = response.clone();
      event.waitUntil(
        cache.put(request.url, copy).then(() => (entries === undefined ? undefined : trim(cache, entries))),
      );
    }
    event.waitUntil(tell('online'));
    return response;
  } catch (failure) {
    event.waitUntil(tell('offline'));
    if (kept !== undefined) return kept;
    throw failure;
  }
}

async function keepRuntime(files: readonly string[]): Promise<void> {
  const cache = await caches.open(RUNTIME);
  for (const file of files) {
    if ((await cache.match(new URL(file, location.origin).href)) === undefined) await cache.add(file);
  }
  await tell('kept');
}

async function trim(cache: Cache, entries: number): Promise<void> {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - entries)).map((key) => cache.delete(key)));
}

async function tell(kind: 'online' | 'offline' | 'kept'): Promise<void> {
  for (const page of await scope.clients.matchAll()) page.postMessage({ kind });
}

export {};
