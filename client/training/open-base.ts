// The model that a page's Worker trains over: opened from what the page names, and its weights made ready for steps.
import type { Progress } from '../engine/engine.ts';
import { openModel } from '../engine/model.ts';
import { currentPlatform } from '../engine/platform.ts';
import { prepareWeights } from '../engine/prepare-weights.ts';
import { createRegistry } from '../registry/registry.ts';
import { configureRuntime } from '../runtime/configure.ts';
import type { Backend } from '../runtime/session.ts';
import { chooseTrainingBackend } from './backend.ts';
import type { TrainingBase } from './open-training.ts';
import type { WorkerTrainerOptions } from './protocol.ts';

export type OpenModel = Awaited<ReturnType<typeof openModel>> & TrainingBase;

export interface OpenBase {
  readonly model: OpenModel;
  readonly backend: Backend;
  readonly backendReason: string;
}

/** Opens the model and chooses the backend. Throws what opening a model throws, and `runtime/backend`. */
export async function openBase(
  { model: source, registry: origin, wasmPaths, threads, backend: wanted }: WorkerTrainerOptions,
  onProgress: (progress: Progress) => void,
): Promise<OpenBase> {
  configureRuntime({
    ...(wasmPaths !== undefined && { wasmPaths }),
    ...(threads !== undefined && { threads }),
  });
  const platform = await currentPlatform();
  const registry =
    origin === undefined ? undefined : createRegistry(origin, { cache: await platform.openCache() });
  const model = await openModel(source, { platform, registry, signal: undefined, onProgress });
  const { backend, reason } = await chooseTrainingBackend(model.checkpoint, wanted);
  return { model, backend, backendReason: reason };
}

/** The model with weights as steps read them: they compute in single precision on every backend. */
export async function readyForSteps(
  model: OpenModel,
  onProgress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<OpenModel> {
  const checkpoint = await prepareWeights(model.checkpoint, {
    sha256: model.sha256,
    halfUnet: false,
    files: (await currentPlatform()).workingFiles(),
    signal,
    onProgress,
  });
  return { ...model, checkpoint };
}
