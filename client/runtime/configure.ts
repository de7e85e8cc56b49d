// What the host may set about the runtime before the first session: where its files lie, and its threads.
import { inNode } from './backend.ts';
import { RuntimeError } from './error.ts';

/** How the runtime finds its files and how many threads it takes. */
export interface RuntimeConfig {
  /** Folder of onnxruntime-web's .mjs and .wasm files, an URL ending in `/`. Default: where the package lies. */
  readonly wasmPaths?: string;
  /** Threads of CPU kernels, 1 … 16. Default: the cores, at most 4; 1 where memory cannot be shared. */
  readonly threads?: number;
}

const MAX_THREADS = 16;
/** Each thread holds a stack and a worker; a page leaves cores to the rest of the machine. */
const DEFAULT_THREADS_LIMIT = 4;

let config: RuntimeConfig = {};
let taken = false;

/** Sets how the runtime loads. Throws `runtime/configure` for a change after the first session, or on a bad value. */
export function configureRuntime(next: RuntimeConfig): void {
  const same = Object.entries(next).every(([name, value]) => config[name as keyof RuntimeConfig] === value);
  if (same) return;
  if (taken) {
    throw new RuntimeError('runtime/configure', 'the runtime is loaded and cannot be configured any more', {
      fix: 'Call configureRuntime before the first session is created.',
    });
  }
  const { wasmPaths, threads } = next;
  if (wasmPaths !== undefined && !wasmPaths.endsWith('/')) {
    throw new RuntimeError('runtime/configure', 'wasmPaths names no folder', {
      expected: 'an URL that ends in /',
      found: wasmPaths,
    });
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new RuntimeError('runtime/configure', 'bad number of threads', {
      expected: `1 … ${MAX_THREADS}`,
      found: String(threads),
    });
  }
  config = { ...config, ...next };
}

/** A number of threads for where the host set none; without effect once the runtime is loaded. */
export function suggestThreads(threads: number): void {
  if (!taken) config = { threads, ...config };
}

/** The configuration with its defaults filled in; from now on it is fixed. */
export function takeConfig(): { readonly wasmPaths: string | undefined; readonly threads: number } {
  taken = true;
  return { wasmPaths: config.wasmPaths, threads: config.threads ?? defaultThreads() };
}

function defaultThreads(): number {
  const shared = inNode() || globalThis.crossOriginIsolated === true;
  if (!shared) return 1;
  return Math.max(1, Math.min(DEFAULT_THREADS_LIMIT, globalThis.navigator?.hardwareConcurrency ?? 1));
}
