// Makes the generator's gate: a small network trained on the default model's contexts, as the tensors that the plugin reads.
import type { StoredTensor } from '../../client/formats/entry.ts';
import { writeSafetensors } from '../../client/formats/safetensors.ts';
import type { ContextReader } from '../../client/kit/prompt-context.ts';
import { examples, KINDS } from './subjects.ts';
import { type Gate, shares, trainGate } from './train.ts';

const TRAINING = { hidden: 16, outputs: KINDS.length, epochs: 150, seed: 1 };

/** How the gate does on prompts with names that it was trained on, or with others. */
export interface Score {
  readonly prompts: number;
  /** Prompts whose largest share is the right one. */
  readonly right: number;
  /** The right one's share, on average. */
  readonly share: number;
}

/** The mean of a context's rows: what the gate reads. */
export function pooled(context: Float32Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  const rows = context.length / width;
  context.forEach((value, i) => {
    mean[i % width]! += value / rows;
  });
  return mean;
}

/** Trains the gate. The same model gives the same bytes. */
export async function makeGate(
  contexts: ContextReader,
): Promise<{ file: Uint8Array<ArrayBuffer>; seen: Score; unseen: Score }> {
  const samples: { x: Float64Array; kind: number; heldOut: boolean }[] = [];
  for (const { text, kind, heldOut } of examples()) {
    samples.push({ x: pooled((await contexts.read(text)).k, contexts.width), kind, heldOut });
  }
  const seen = samples.filter(({ heldOut }) => !heldOut);
  const gate = trainGate(seen, TRAINING);
  return {
    file: store(gate),
    seen: score(gate, seen),
    unseen: score(
      gate,
      samples.filter(({ heldOut }) => heldOut),
    ),
  };
}

function score(gate: Gate, samples: readonly { x: Float64Array; kind: number }[]): Score {
  const all = samples.map(({ x, kind }) => ({ kind, share: shares(gate, x) }));
  return {
    prompts: all.length,
    right: all.filter(({ kind, share }) => share.indexOf(Math.max(...share)) === kind).length,
    share: all.reduce((sum, { kind, share }) => sum + share[kind]!, 0) / all.length,
  };
}

function store(gate: Gate): Uint8Array<ArrayBuffer> {
  const sizes = [gate.inputs, gate.hidden, gate.outputs] as const;
  const tensors = new Map<string, StoredTensor>();
  const put = (name: string, shape: number[], values: Float64Array) =>
    tensors.set(name, { dtype: 'F32', shape, bytes: new Uint8Array(new Float32Array(values).buffer) });
  for (const layer of [0, 1] as const) {
    put(`gate.${layer}.weight`, [sizes[layer + 1]!, sizes[layer]!], gate.weights[layer]);
    put(`gate.${layer}.bias`, [sizes[layer + 1]!], gate.biases[layer]);
  }
  return writeSafetensors(tensors);
}
