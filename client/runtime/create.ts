// Makes a session from an emitted graph: weights come from the checkpoint's own bytes, runs are queued.
import type { InferenceSession, OnnxValue, Tensor as OrtTensor } from 'onnxruntime-common';
import type { EmittedGraph } from '../onnx/graph.ts';
import { chooseBackend } from './backend.ts';
import { deviceLost, RuntimeError, runtimeFailure } from './error.ts';
import { externalFiles } from './external.ts';
import { checkFeeds, OrtDeviceTensor, toOrt, toTensors } from './feeds.ts';
import { type Gpu, openGpu } from './gpu.ts';
import { born, freed } from './live.ts';
import { loadNative, loadRuntime, type OrtSession, type Runtime } from './ort.ts';
import type { Backend, DeviceResults, DeviceSession, DeviceTensor, Feed, Session } from './session.ts';

export interface SessionOptions {
  readonly backend: Backend;
  /** Aborting rejects with the signal's reason; a session that was being made is freed. */
  readonly signal?: AbortSignal;
  /** Keep weights in the kernels' own order: faster steps, up to twice the weights' memory. Default: by size. */
  readonly prepack?: boolean;
}

/**
 * Checkpoints above this many bytes are not pre-packed: packing holds a second copy of some weights while a session is
 * made, and a wasm heap ends at 4 GiB. tests/bench/memory.bench.ts prints what that saves in memory and costs in speed
 * (a few per cent each on 538 MB); the limit itself is a judgement.
 */
export const PREPACK_LIMIT_BYTES = 256 * 2 ** 20;

/**
 * Creates a session on `backend`. Throws `runtime/backend` when it is not there, `runtime/out-of-memory`,
 * `runtime/create` with the graph's name and the runtime's words, or the signal's reason.
 */
export function createSession(graph: EmittedGraph, options: SessionOptions): Promise<Session> {
  return create(graph, options, []);
}

/**
 * The same, but the outputs that `keep` names stay on the device: as buffers of the GPU, or in memory as the wasm
 * backend gives them.
 */
export async function createDeviceSession(
  graph: EmittedGraph,
  options: SessionOptions,
  keep: readonly string[],
): Promise<DeviceSession> {
  const session = await create(graph, options, keep);
  return {
    backend: session.backend,
    run: (feeds) => session.runOnDevice(feeds, keep),
    release: () => session.release(),
  };
}

async function create(
  graph: EmittedGraph,
  options: SessionOptions,
  keep: readonly string[],
): Promise<OrtBackedSession> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (options.backend === 'webgpu') await chooseBackend('webgpu');
  const runtime = options.backend === 'cpu' ? loadNative() : await loadRuntime();
  return runtime.queue.run(async () => {
    signal?.throwIfAborted();
    try {
      const gpu = options.backend === 'webgpu' ? await openGpu() : undefined;
      const inner = await runtime.ort.InferenceSession.create(
        graph.bytes,
        await ortOptions(graph, options, runtime, gpu, keep),
      );
      if (signal?.aborted) {
        await inner.release();
        throw signal.reason;
      }
      return new OrtBackedSession(graph, runtime, inner, options.backend, gpu);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw runtimeFailure('runtime/create', graph.name, cause);
    }
  });
}

async function ortOptions(
  graph: EmittedGraph,
  options: SessionOptions,
  runtime: Runtime,
  gpu: Gpu | undefined,
  keep: readonly string[],
): Promise<InferenceSession.SessionOptions> {
  const weights = graph.external.reduce((sum, { source }) => sum + source.size, 0);
  const prepack = options.prepack ?? weights <= PREPACK_LIMIT_BYTES;
  return {
    executionProviders: [provider(options.backend, gpu)],
    // onnxruntime-web takes its threads from its environment.
    ...(options.backend === 'cpu' && { intraOpNumThreads: runtime.threads }),
    graphOptimizationLevel: 'all',
    externalData: await externalFiles(graph, runtime.build, gpu),
    extra:
      options.backend === 'cpu'
        ? { 'session.disable_prepacking': prepack ? '0' : '1' }
        : { session: { disable_prepacking: prepack ? '0' : '1' } },
    logSeverityLevel: 4,
    ...(gpu !== undefined &&
      keep.length > 0 && {
        preferredOutputLocation: Object.fromEntries(keep.map((name) => [name, 'gpu-buffer' as const])),
      }),
  };
}

function provider(backend: Backend, gpu: Gpu | undefined): InferenceSession.ExecutionProviderConfig {
  return gpu === undefined ? backend : { name: 'webgpu', device: gpu.device };
}

/** Failures are thrown with their words; the runtime need not print them as well. */
const RUN_OPTIONS = { logSeverityLevel: 4 } as const;

class OrtBackedSession implements Session {
  readonly backend: Backend;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #graph: EmittedGraph;
  readonly #runtime: Runtime;
  #inner: OrtSession | undefined;
  readonly #gpu: Gpu | undefined;

  constructor(
    graph: EmittedGraph,
    runtime: Runtime,
    inner: OrtSession,
    backend: Backend,
    gpu: Gpu | undefined,
  ) {
    this.backend = backend;
    this.inputNames = inner.inputNames;
    this.outputNames = inner.outputNames;
    this.#graph = { ...graph, bytes: new Uint8Array(), external: [] };
    this.#runtime = runtime;
    this.#inner = inner;
    this.#gpu = gpu;
    born('sessions');
  }

  run(feeds: Readonly<Record<string, Feed>>): ReturnType<Session['run']> {
    return this.#run(feeds, toTensors);
  }

  runOnDevice(
    feeds: Readonly<Record<string, Feed | DeviceTensor>>,
    keep: readonly string[],
  ): Promise<DeviceResults> {
    return this.#run(feeds as Readonly<Record<string, Feed | OrtDeviceTensor>>, async (results) => {
      const kept: Record<string, DeviceTensor> = {};
      const others: Record<string, OnnxValue> = {};
      for (const [name, value] of Object.entries(results)) {
        if (keep.includes(name)) kept[name] = new OrtDeviceTensor(value as OrtTensor, true);
        else others[name] = value;
      }
      return { outputs: await toTensors(others), kept };
    });
  }

  #run<T>(
    feeds: Readonly<Record<string, Feed | OrtDeviceTensor>>,
    take: (results: Readonly<Record<string, OnnxValue>>) => Promise<T>,
  ): Promise<T> {
    return this.#runtime.queue.run(async () => {
      const inner = this.#alive();
      checkFeeds(this.#graph, feeds);
      try {
        return await take(await inner.run(toOrt(this.#runtime.ort, feeds), RUN_OPTIONS));
      } catch (cause) {
        const lost = this.#gpu?.lost;
        if (lost !== undefined) throw deviceLost(this.#graph.name, lost, cause);
        throw runtimeFailure('runtime/run', this.#graph.name, cause);
      }
    });
  }

  release(): Promise<void> {
    return this.#runtime.queue.run(async () => {
      const inner = this.#inner;
      this.#inner = undefined;
      if (inner === undefined) return;
      freed('sessions');
      await inner.release();
    });
  }

  #alive(): OrtSession {
    const lost = this.#gpu?.lost;
    if (lost !== undefined) throw deviceLost(this.#graph.name, lost);
    if (this.#inner === undefined) {
      throw new RuntimeError('runtime/released', 'the session was released', { where: this.#graph.name });
    }
    return this.#inner;
  }
}
