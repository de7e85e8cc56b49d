// What training makes: a hypernetwork or an embedding as the files that other programs read.
import { type Embedding, writeEmbeddingPt, writeEmbeddingSafetensors } from '../formats/embedding.ts';
import { storeFloat32 } from '../formats/safetensors.ts';
import type { HypernetworkDescription } from '../hypernetwork/hypernetwork.ts';
import { type HypernetworkRecord, widthOfParameter } from '../hypernetwork/record.ts';
import { writeHypernetworkPt, writeHypernetworkSafetensors } from '../hypernetwork/write.ts';
import type { SavedTraining, TrainingFacts } from './state-file.ts';
import { EMBEDDING } from './step-graph.ts';
import { resultWeights, type TrainingState } from './training-state.ts';

/** `.pt` is what the reference program loads: its own keys, order and types. */
export type ResultFormat = 'pt' | 'safetensors';

/** The file of a saved state; a hypernetwork's widths are those of its weights. */
export function savedResult(
  { state, facts }: SavedTraining,
  description: HypernetworkDescription,
  format: ResultFormat,
): Uint8Array<ArrayBuffer> {
  if (facts.kind === 'embedding') return embeddingFile(state, facts, format);
  const widths = [...new Set([...state.weights.keys()].map(widthOfParameter))].sort((a, b) => a - b);
  return hypernetworkFile(state, description, widths, facts, format);
}

/** The hypernetwork of a state. */
export function hypernetworkFile(
  state: TrainingState,
  description: HypernetworkDescription,
  widths: readonly number[],
  facts: TrainingFacts,
  format: ResultFormat,
): Uint8Array<ArrayBuffer> {
  const record: HypernetworkRecord = {
    description: {
      ...description,
      name: facts.name,
      step: state.step,
      checkpointHash: facts.modelHash,
      checkpointName: facts.modelName,
    },
    extra: {},
    ignored: [],
    widths,
    tensors: new Map([...resultWeights(state)].map(([name, tensor]) => [name, storeFloat32(tensor)])),
  };
  return format === 'pt' ? writeHypernetworkPt(record) : writeHypernetworkSafetensors(record);
}

/** The embedding of a state. */
export function embeddingFile(
  state: TrainingState,
  facts: TrainingFacts,
  format: ResultFormat,
): Uint8Array<ArrayBuffer> {
  const embedding: Embedding = {
    name: facts.name,
    step: state.step,
    checkpointHash: facts.modelHash,
    checkpointName: facts.modelName,
    vectors: storeFloat32(resultWeights(state).get(EMBEDDING)!),
  };
  return format === 'pt'
    ? writeEmbeddingPt(embedding, facts.name)
    : writeEmbeddingSafetensors(embedding, facts.name);
}
