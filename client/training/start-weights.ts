// What training starts from: fresh weights of a hypernetwork, vectors of an embedding from words.

import type { TensorFile } from '../formats/entry.ts';
import type { HypernetworkDescription } from '../hypernetwork/hypernetwork.ts';
import { parameterName, SIDES } from '../hypernetwork/record.ts';
import { planSlots, type Slot } from '../hypernetwork/slots.ts';
import type { ModelConfig } from '../models/config.ts';
import { TEXT_PREFIX } from '../models/names.ts';
import type { Tokenizer } from '../prompt/tokenizer.ts';
import { DTYPE_BYTES, elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { widenToFloat32 } from '../tensor/widen.ts';
import { TrainingError } from './error.ts';
import { PURPOSE, type RandomStream, randomStream } from './random.ts';

/** As the reference names them in its files. */
export const INITIALIZATIONS = [
  'Normal',
  'XavierUniform',
  'XavierNormal',
  'KaimingUniform',
  'KaimingNormal',
] as const;
export type Initialization = (typeof INITIALIZATIONS)[number];

/** Reference: N(0, 0.01) for weights, so that a fresh net changes next to nothing. */
const NORMAL_DEVIATION = 0.01;
/** PyTorch's start of PReLU's slope. */
const PRELU_START = 0.25;
/** An embedding may take all places of a prompt but none more. */
export const MAX_VECTORS = 75;

/** Weights of a fresh hypernetwork by `parameterName`, in the file's order. */
export function startHypernetwork(
  description: HypernetworkDescription,
  widths: readonly number[],
  seed: bigint,
): Map<string, Tensor> {
  const initialization = checkInitialization(description.weightInitialization ?? 'Normal');
  const random = randomStream(seed, PURPOSE.start);
  const weights = new Map<string, Tensor>();
  for (const width of widths) {
    for (const side of SIDES) {
      for (const slot of planSlots(description, width, description.name)) {
        for (const [parameter, shape] of Object.entries(slot.parameters)) {
          const name = parameterName(width, side, slot.slot, parameter);
          weights.set(
            name,
            startParameter(slot, parameter, shape, initialization, description.activation, random),
          );
        }
      }
    }
  }
  return weights;
}

/** The reference starts layer norms as `Normal` whatever was asked for: their weights are near 0, not 1. */
function startParameter(
  slot: Slot,
  parameter: string,
  shape: readonly number[],
  initialization: Initialization,
  activation: string,
  random: RandomStream,
): Tensor {
  const count = elementCount(shape);
  if (slot.kind === 'activation') return tensor(shape, new Float32Array(count).fill(PRELU_START));
  if (parameter === 'bias') return tensor(shape);
  const [out, inputs] = shape as [number, number?];
  if (initialization === 'Normal' || slot.kind === 'layer-norm' || inputs === undefined) {
    return tensor(
      shape,
      random.normal(count).map((value) => value * NORMAL_DEVIATION),
    );
  }
  // Glorot & Bengio, 2010; He et al., 2015.
  const slope = activation === 'leakyrelu' ? 0.01 : 0;
  const deviation = initialization.startsWith('Xavier')
    ? Math.sqrt(2 / (inputs + out))
    : Math.sqrt(2 / (1 + slope ** 2) / inputs);
  if (initialization.endsWith('Normal')) {
    return tensor(
      shape,
      random.normal(count).map((value) => value * deviation),
    );
  }
  const bound = Math.sqrt(3) * deviation;
  return tensor(
    shape,
    Float32Array.from({ length: count }, () => bound * (2 * random.uniform() - 1)),
  );
}

function checkInitialization(name: string): Initialization {
  const known = INITIALIZATIONS.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw new TrainingError('training/option', 'an initialisation that is not known', {
    expected: INITIALIZATIONS.join(', '),
    found: name,
  });
}

/**
 * Vectors of a fresh embedding [vectors, width]: the token embeddings of `words`, spread over the vectors as the
 * reference does; zeros where there are no words. Throws `training/option` for a number of vectors out of 1 … 75.
 */
export async function startEmbedding(
  checkpoint: TensorFile,
  config: ModelConfig,
  tokenizer: Tokenizer,
  { words, vectors }: { readonly words: string; readonly vectors: number },
): Promise<Tensor> {
  if (!Number.isInteger(vectors) || vectors < 1 || vectors > MAX_VECTORS) {
    throw new TrainingError('training/option', 'an impossible number of vectors', {
      expected: `1 to ${MAX_VECTORS}`,
      found: String(vectors),
    });
  }
  const width = config.contextWidth;
  const result = tensor([vectors, width]);
  const tokens = tokenizer.encode(words);
  if (tokens.length === 0) return result;
  const table = checkpoint.entries.get(`${TEXT_PREFIX}.embeddings.token_embedding.weight`)!;
  const rowBytes = width * DTYPE_BYTES[table.dtype];
  for (let vector = 0; vector < vectors; vector++) {
    const token = tokens[Math.floor((vector * tokens.length) / vectors)]!;
    const bytes = await (table.source ?? checkpoint.source).read(table.offset + token * rowBytes, rowBytes);
    result.data.set(widenToFloat32(table.dtype, bytes), vector * width);
  }
  return result;
}
