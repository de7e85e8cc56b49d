// Makes the engine of this thread: opens the model, chooses the backend, and draws the pictures one after another.

import { isHalfUnet } from '../models/unet.ts';
import type { PluginHost } from '../plugin-host/host.ts';
import { createRegistry } from '../registry/registry.ts';
import { chooseBackend } from '../runtime/backend.ts';
import { configureRuntime, suggestThreads } from '../runtime/configure.ts';
import { computesHalf } from '../runtime/gpu.ts';
import { AttentionChooser } from './attention.ts';
import { Embeddings } from './embeddings.ts';
import type { Engine, EngineOptions, GenerateOptions, GenerateRequest, GenerateResult } from './engine.ts';
import { EngineError } from './errors.ts';
import { openModel } from './model.ts';
import { Pipeline } from './pipeline.ts';
import { currentPlatform } from './platform.ts';
import { prepareWeights } from './prepare-weights.ts';
import { Sessions } from './sessions.ts';
import { Styles } from './styles.ts';

/**
 * Checkpoints below this many bytes run on one thread of the wasm backend: their operators are so small that handing
 * them out costs more than it saves (the default model drew faster on one thread than on two in nine of ten pictures, on a
 * busy machine with two cores; the limit itself is a judgement).
 */
const ONE_THREAD_BYTES = 64 * 2 ** 20;

/** What only a Worker's entry adds to the options. */
export interface EngineSurroundings {
  /** The page's plugin host over a port. */
  readonly pluginHost?: PluginHost;
}

/**
 * Opens a model and gives an engine for it, in this thread. In a page prefer `createWorkerEngine`, which keeps the
 * page responsive; both have the same interface.
 *
 * Throws an `EngineError`, `ModelError`, `FormatError`, `RegistryError` or `RuntimeError` that says what to do.
 */
export async function createEngine(
  options: EngineOptions,
  surroundings: EngineSurroundings = {},
): Promise<Engine> {
  const { signal, onProgress } = options;
  configureRuntime({
    ...(options.wasmPaths !== undefined && { wasmPaths: options.wasmPaths }),
    ...(options.threads !== undefined && { threads: options.threads }),
  });
  const platform = await currentPlatform(surroundings.pluginHost);
  const registry =
    options.registry === undefined
      ? undefined
      : createRegistry(options.registry, { cache: await platform.openCache() });
  const finding = { platform, registry, signal, onProgress };
  const opened = await openModel(options.model, finding);
  signal?.throwIfAborted();
  if (opened.checkpoint.source.size < ONE_THREAD_BYTES) suggestThreads(1);
  const { backend, reason } = await chooseBackend(options.backend);
  const halfUnet = backend === 'webgpu' && isHalfUnet(opened.checkpoint) && (await computesHalf());
  const checkpoint = await prepareWeights(opened.checkpoint, {
    sha256: opened.sha256,
    halfUnet,
    files: platform.workingFiles(),
    signal,
    onProgress,
  });
  const model = { ...opened, checkpoint };

  const sessions = new Sessions(model, backend, halfUnet ? 'float16' : 'float32');
  // A style's own download is cancelled by the picture's signal, not by the loading's.
  const later = { ...finding, signal: undefined, onProgress: undefined };
  const styles = new Styles(model, platform.createPluginHost(), later);
  const pipeline = new Pipeline({
    model,
    sessions,
    styles,
    embeddings: new Embeddings(later),
    attention: new AttentionChooser(model.config, backend),
  });
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();

  return {
    backend,
    backendReason: reason,
    model: model.facts,

    generate(request: GenerateRequest, generateOptions: GenerateOptions = {}): Promise<GenerateResult> {
      const stop = AbortSignal.any([
        closing.signal,
        ...(generateOptions.signal ? [generateOptions.signal] : []),
      ]);
      const picture = last.then(() => {
        stop.throwIfAborted();
        return pipeline.draw(request, stop, generateOptions.onProgress);
      });
      last = picture.catch(() => {});
      return picture;
    },

    async close(): Promise<void> {
      closing.abort(new EngineError('engine/closed', 'the engine is closed', { fix: 'Create a new one.' }));
      await last;
      await styles.close();
      await sessions.release();
    },
  };
}
