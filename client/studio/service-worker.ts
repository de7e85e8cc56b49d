// Makes the studio work without a network: keeps the app's own files, and the registry's small answers.
// Weights never come here: the library keeps them in OPFS by their digest. It imports nothing, so that it is one file.

/** Filled in by the build: what the app shell consists of, and an identity of it all. */
declare const __SHELL__: {
  readonly version: string;
  readonly files: readonly string[];
  /** What is kept once it was fetched, and not before. */
  readonly later: readonly string[];
  readonly runtime: string;
};

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Scope {
  addEventListener(kind: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void;
  addEventListener(kind: 'fetch', listener: (event: FetchEvent) => void): void;
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
/** Answers that came from a cache. */
const KEPT = new WeakSet<Response>();

// A new version waits until no page runs the old one, whose later chunks are only in the old cache.
scope.addEventListener('install', (event) => {
  const requests = __SHELL__.files.map((file) => new Request(file, { cache: 'no-cache' }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(requests)));
});

scope.addEventListener('activate', (event) => {
  event.waitUntil(forgetOldVersions().then(() => scope.clients.claim()));
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || request.headers.has('range')) return;
  if (pathname.startsWith('/v1/blobs/')) return;
  if (pathname.startsWith('/v1/')) event.respondWith(indexAnswer(event, request));
  else if (request.mode === 'navigate') {
    if (pathname === '/') event.respondWith(page(event, request));
  } else if (pathname.startsWith('/ort/')) event.respondWith(cacheFirst(event, request, RUNTIME));
  else if (__SHELL__.files.includes(pathname) || __SHELL__.later.includes(pathname))
    event.respondWith(cacheFirst(event, request, SHELL));
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

/** The registry's own answer, else the last one that was kept. */
async function indexAnswer(event: FetchEvent, request: Request): Promise<Response> {
  const cache = await caches.open(INDEX);
  const response = await networkFirst(event, request, await cache.match(request.url));
  // Answers about an account are their reader's own: the registry says that nobody keeps them.
  const isPrivate = response.headers.get('cache-control') === 'no-store';
  if (response.ok && !KEPT.has(response) && !isPrivate) {
    const copy = response.clone();
    event.waitUntil(cache.put(request.url, copy).then(() => trim(cache)));
  }
  return response;
}

/** The page of the server, else that of this version; never the former in the cache of the latter. */
async function page(event: FetchEvent, request: Request): Promise<Response> {
  const cache = await caches.open(SHELL);
  // A link may name styles; the page is the same.
  return networkFirst(event, request, await cache.match(request.url, { ignoreSearch: true }));
}

async function networkFirst(
  event: FetchEvent,
  request: Request,
  kept: Response | undefined,
): Promise<Response> {
  try {
    const response = await fetch(
      request,
      kept === undefined ? {} : { signal: AbortSignal.timeout(PATIENCE_MS) },
    );
    event.waitUntil(tell('online'));
    return response;
  } catch (failure) {
    event.waitUntil(tell('offline'));
    if (kept === undefined) throw failure;
    KEPT.add(kept);
    return kept;
  }
}

async function forgetOldVersions(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith('tincture-') && ![SHELL, RUNTIME, INDEX].includes(name));
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function trim(cache: Cache): Promise<void> {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - INDEX_ENTRIES)).map((key) => cache.delete(key)));
}

async function tell(kind: 'online' | 'offline'): Promise<void> {
  for (const page of await scope.clients.matchAll()) page.postMessage({ kind });
}

export {};
