// A whole model under training: its weights out of the checkpoint, and the checkpoint with the trained ones in their place.
import type { StoredTensor, TensorEntry, TensorFile } from '../formats/entry.ts';
import { storeFloat32, writeSafetensors } from '../formats/safetensors.ts';
import type { ModelConfig } from '../models/config.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { TrainingError } from './error.ts';
import type { TrainingFacts } from './state-file.ts';
import { buildStepGraph } from './step-graph.ts';
import { resultWeights, type TrainingState } from './training-state.ts';

/**
 * A step holds each parameter some seven times in single precision: weight, gradient and moments, and the next of three
 * of them. WebAssembly addresses 4 GiB.
 */
export const MAX_MODEL_PARAMETERS = 64e6;
/** What is not trained (the autoencoder) is kept in memory for the result. */
const MAX_UNTRAINED_BYTES = 2 ** 30;

/**
 * All weights of UNet and text encoder in single precision, by their names in the checkpoint. Throws `training/option`
 * for a model that is too large, and what the model's graph and its file throw.
 */
export async function startModel(
  checkpoint: TensorFile,
  config: ModelConfig,
): Promise<ReadonlyMap<string, Tensor>> {
  const side = config.pixelMultiple / config.latentFactor;
  const size = { batch: 1, height: side, width: side, tokens: config.maxTokens };
  const { parameters } = buildStepGraph(checkpoint, config, { kind: 'model' }, size, { lossOnly: true });
  const shapes = [...parameters].map(([name, { shape }]) => [name, shape as readonly number[]] as const);
  const count = shapes.reduce((sum, [, shape]) => sum + elementCount(shape), 0);
  if (count > MAX_MODEL_PARAMETERS) {
    throw new TrainingError('training/option', 'the model is too large to train all of its weights here', {
      where: checkpoint.source.name,
      expected: `at most ${MAX_MODEL_PARAMETERS / 1e6} million parameters`,
      found: `${(count / 1e6).toFixed(0)} million in UNet and text encoder`,
      fix: 'Train a hypernetwork over it instead.',
    });
  }
  const weights = new Map<string, Tensor>();
  for (const [name, shape] of shapes) weights.set(name, tensor(shape, (await checkpoint.read(name)).data));
  return weights;
}

/** A checkpoint's tensors that are not in `weights`, as they are stored. Throws `training/option` where they are too large. */
export async function untrainedTensors(
  checkpoint: TensorFile,
  weights: ReadonlyMap<string, Tensor>,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const rest = [...checkpoint.entries.values()].filter(({ name }) => !weights.has(name));
  const bytes = rest.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes > MAX_UNTRAINED_BYTES) {
    throw new TrainingError('training/option', 'the checkpoint holds too much beside the model', {
      where: checkpoint.source.name,
      expected: `at most ${MAX_UNTRAINED_BYTES} bytes`,
      found: String(bytes),
    });
  }
  const stored = new Map<string, StoredTensor>();
  for (const entry of rest) stored.set(entry.name, await asStored(checkpoint, entry));
  return stored;
}

async function asStored(checkpoint: TensorFile, entry: TensorEntry): Promise<StoredTensor> {
  const { name, dtype, shape, offset, byteLength, strides } = entry;
  if (strides !== undefined) return storeFloat32(await checkpoint.read(name));
  return { dtype, shape, bytes: await (entry.source ?? checkpoint.source).read(offset, byteLength) };
}

/** The checkpoint of a state, .safetensors under the single-file names: trained weights in single precision. */
export function modelFile(
  state: TrainingState,
  checkpoint: TensorFile,
  untrained: ReadonlyMap<string, StoredTensor>,
  facts: TrainingFacts,
): Uint8Array<ArrayBuffer> {
  const trained = [...resultWeights(state)].map(([name, { data }]) => {
    const shape = checkpoint.entries.get(name)!.shape;
    return [name, storeFloat32(tensor(shape, data))] as const;
  });
  return writeSafetensors(new Map([...untrained, ...trained]), {
    'tincture.trained_from': facts.modelHash,
    'tincture.steps': String(state.step),
  });
}
