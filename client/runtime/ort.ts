// Loads the onnxruntime build that a backend needs, once, and keeps calls into it in order.
import type { Env, InferenceSession, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-common';
import { hasJspi, inNode } from './backend.ts';
import { takeConfig } from './configure.ts';
import { RuntimeError } from './error.ts';
import { openNative } from './native.ts';
import { SerialQueue } from './queue.ts';

/** The parts of onnxruntime that client/runtime uses. */
export interface OrtModule {
  readonly env: Env;
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

/** `jspi` has both of onnxruntime-web's backends and reads a Blob piece by piece; `plain` is for engines without JSPI; `native` is onnxruntime-node. */
export type Build = 'jspi' | 'plain' | 'native';

/** A loaded build with the queue that all calls into it go through. */
export interface Runtime {
  readonly build: Build;
  readonly ort: OrtModule;
  readonly queue: SerialQueue;
  /** Threads of CPU kernels. */
  readonly threads: number;
}

let native: Runtime | undefined;

/** onnxruntime-node. Throws `runtime/backend` where it is not installed. */
export function loadNative(): Runtime {
  native ??= { build: 'native', ort: openNative(), queue: new SerialQueue(), threads: takeConfig().threads };
  return native;
}

let loading: Promise<Runtime> | undefined;

/** The runtime, loaded on the first call. Throws `runtime/create` when its files cannot be loaded. */
export function loadRuntime(): Promise<Runtime> {
  loading ??= load().catch((cause: unknown) => {
    loading = undefined;
    throw new RuntimeError('runtime/create', 'onnxruntime-web could not be loaded', {
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'Serve the files of onnxruntime-web/dist and give their folder to configureRuntime({ wasmPaths }).',
      cause,
    });
  });
  return loading;
}

async function load(): Promise<Runtime> {
  const { wasmPaths, threads } = takeConfig();
  const build: Build = hasJspi() ? 'jspi' : 'plain';
  const ort: OrtModule =
    build === 'jspi' ? await import('onnxruntime-web/jspi') : await import('onnxruntime-web/wasm');
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  else if (inNode()) await pointAtPackage(ort, build);
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'fatal';
  return { build, ort, queue: new SerialQueue(), threads };
}

/**
 * In Node the package's browser bundles would fetch file: URLs, which Node refuses. A prefix that is no URL makes
 * them import their glue module relative to themselves instead, and the wasm bytes are handed over.
 */
async function pointAtPackage(ort: OrtModule, build: Build): Promise<void> {
  const folder = import.meta.resolve(build === 'jspi' ? 'onnxruntime-web/jspi' : 'onnxruntime-web/wasm');
  const file = build === 'jspi' ? 'ort-wasm-simd-threaded.jspi.wasm' : 'ort-wasm-simd-threaded.wasm';
  const { readFile } = process.getBuiltinModule('node:fs/promises');
  ort.env.wasm.wasmPaths = './';
  ort.env.wasm.wasmBinary = await readFile(new URL(file, folder));
}

/** One session of onnxruntime-web. */
export type OrtSession = InferenceSession;
