// The browser of the tests: a real Chromium, and a server that gives it the repository's TypeScript as modules.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { createServer, defaultClientConditions, type Plugin, type ViteDevServer } from 'vite';

const ROOT = new URL('../..', import.meta.url).pathname;
const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Keeps Chromium from the network and from first-run work; `--no-sandbox` because tests run as root in containers. */
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** WebGPU on SwiftShader, a GPU in software: slow, but the same shaders. */
const WEBGPU_FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  // Workgroup memory zeroed by a loop in the shader, not by Vulkan's extension: SwiftShader compiles that into one
  // store an element, which took most of a test's time.
  '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
];

/** Threads share memory only in a page that is isolated from others; the edge sends the same headers. */
const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
} as const;

/** CommonJS packages that browser code imports; Vite makes modules of them before the first page is served. */
const COMMONJS_PACKAGES = ['semver', '@huggingface/tokenizers', 'fast-png', 'fflate'];

const BLANK_PAGE = '/tests/e2e/blank';

export interface ChromiumOptions {
  /** With an adapter for WebGPU (SwiftShader); without it the page has none. Default false. */
  readonly webgpu?: boolean;
  /** Profile folder that outlives the browser, for caches across restarts. Default: a new one, deleted on close. */
  readonly profile?: string;
  /** Port of the repository's server: what a page stores belongs to its origin, port included. Default: a free one. */
  readonly port?: number;
  /** Serve another site instead of the repository, such as a worker with the built studio. */
  readonly origin?: string;
}

/** A running Chromium, with the server that its pages come from. */
export interface TestBrowser {
  /** Where the repository's files are served, such as `http://127.0.0.1:5173`; paths are as in the repository. */
  readonly origin: string;
  readonly context: BrowserContext;
  /** Its profile folder, which is in the command line of its first process. */
  readonly profile: string;
  /** What pages wrote to console.error and uncaught errors, in order. */
  readonly errors: readonly string[];
  /** A blank, cross-origin isolated page of `origin`, or the page at `path`. */
  newPage(path?: string): Promise<Page>;
  /** Ends the browser and the server, and deletes the profile if it was made here. */
  close(): Promise<void>;
}

/** Launches Chromium. Throws when there is none, saying where it was looked for. */
export async function launchChromium(options: ChromiumOptions = {}): Promise<TestBrowser> {
  if (!existsSync(EXECUTABLE)) {
    throw new Error(
      `no Chromium at ${EXECUTABLE}; install it, or name one in the environment variable CHROMIUM`,
    );
  }
  const server = options.origin === undefined ? await serveRepository(options.port) : undefined;
  const origin = options.origin ?? serverOrigin(server!);
  const profile = options.profile ?? (await mkdtemp(join(tmpdir(), 'tincture-chromium-')));
  const dispose = async () => {
    await server?.close();
    if (options.profile === undefined) await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  let context: BrowserContext;
  try {
    context = await chromium.launchPersistentContext(profile, {
      executablePath: EXECUTABLE,
      headless: true,
      args: [...FLAGS, ...(options.webgpu ? WEBGPU_FLAGS : [])],
    });
  } catch (cause) {
    await dispose();
    throw new Error(`Chromium at ${EXECUTABLE} did not start`, { cause });
  }
  const errors: string[] = [];
  const listen = (page: Page) => {
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
  };
  context.pages().forEach(listen);
  context.on('page', listen);
  return {
    origin,
    context,
    profile,
    errors,
    newPage: async (path = options.origin === undefined ? BLANK_PAGE : '/') => {
      const page = await context.newPage();
      await page.goto(origin + path);
      return page;
    },
    close: async () => {
      await context.close();
      await dispose();
    },
  };
}

/**
 * Calls an exported function of a module of the repository inside the page: `inPage(page, '/tests/e2e/x.ts', 'f', 1)`
 * gives what `f(1)` resolves to. Arguments and result cross as JSON-like values. The code stands in a module of its
 * own because a test runner rewrites imports inside functions that are sent to a page.
 */
export async function inPage<T>(page: Page, module: string, name: string, ...args: unknown[]): Promise<T> {
  const call = JSON.stringify([module, name, args]);
  return page.evaluate(`(async ([module, name, args]) => (await import(module))[name](...args))(${call})`);
}

/** Serves the repository with TypeScript stripped, isolated, without watching or reloading. */
async function serveRepository(port = 0): Promise<ViteDevServer> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'tincture-vite-'));
  const server = await createServer({
    configFile: false,
    root: ROOT,
    cacheDir,
    appType: 'custom',
    logLevel: 'error',
    clearScreen: false,
    plugins: [quietServer(cacheDir)],
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
    optimizeDeps: { noDiscovery: true, include: COMMONJS_PACKAGES },
    server: {
      host: '127.0.0.1',
      port,
      strictPort: true,
      hmr: false,
      ws: false,
      watch: null,
      headers: ISOLATION_HEADERS,
      fs: { allow: [ROOT, cacheDir] },
    },
  });
  await server.listen();
  return server;
}

/** Origin of a listening server; the loopback address, because WebGPU and OPFS want a secure context. */
function serverOrigin(server: ViteDevServer): string {
  const { port } = server.httpServer!.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** Stands in for Vite's own client, which would open a socket for reloads. */
const VITE_CLIENT = `export const injectQuery = (url) => url;
export const createHotContext = () => ({ accept() {}, dispose() {}, prune() {} });
export const updateStyle = () => {};
export const removeStyle = () => {};`;

function quietServer(cacheDir: string): Plugin {
  return {
    name: 'quiet-server',
    configureServer(server) {
      const answer = (path: string, type: string, body: string) =>
        server.middlewares.use(path, (_request, response) => {
          for (const [name, value] of Object.entries(ISOLATION_HEADERS)) response.setHeader(name, value);
          response.setHeader('Content-Type', type);
          response.end(body);
        });
      answer(BLANK_PAGE, 'text/html', '<!doctype html><link rel="icon" href="data:,"><title>blank</title>');
      answer('/@vite/client', 'text/javascript', VITE_CLIENT);
      server.httpServer?.once('close', () => void rm(cacheDir, { recursive: true, force: true }));
    },
  };
}
