// Compresses a trained hypernetwork into thin int8 factors: truncated SVD, ranks shared out where they count most, a scale a row.

import type { StoredTensor } from '../../client/formats/entry.ts';
import { writeSafetensors } from '../../client/formats/safetensors.ts';
import type { Hypernetwork, Layer, LayerStack } from '../../client/hypernetwork/hypernetwork.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { ABI_ACTIVATIONS } from '../contract/abi.ts';
import { TinctureError } from '../contract/error.ts';
import { type Decomposition, decompose } from './svd.ts';

/** Bytes that a tensor's entry takes in the header of a safetensors file, about. */
const HEADER_ENTRY_BYTES = 82;
const TENSORS_A_LAYER = 5;
const LARGEST = 127;

type Linear = Extract<Layer, { kind: 'linear' }>;

/** One linear layer on its way. */
interface Plan {
  /** `WIDTH.SIDE.INDEX`. */
  readonly name: string;
  readonly layer: Linear;
  readonly inputs: number;
  readonly outputs: number;
  readonly parts: Decomposition;
  /** Σ of squared singular values, the weight's own size. */
  readonly energy: number;
  rank: number;
}

export interface Compressed {
  /** A safetensors file with the tensors that `plugins/sdk/assembly/low-rank.ts` reads. */
  readonly file: Uint8Array<ArrayBuffer>;
  readonly ranks: Readonly<Record<string, number>>;
}

/**
 * Compresses to at most `bytes` bytes. Each further rank goes where it recovers most of a weight, σ²/Σσ² for a byte. Takes networks
 * of linear layers with one activation between, the same everywhere and without slopes; throws `low-rank/layers` for others, and
 * `low-rank/size` where not even rank 1 fits.
 */
export function compress(network: Hypernetwork, bytes: number): Compressed {
  const { plans, activation } = planOf(network);
  const fixed = plans.reduce(
    (sum, { outputs }) => sum + 4 * outputs + TENSORS_A_LAYER * HEADER_ENTRY_BYTES,
    2 * HEADER_ENTRY_BYTES,
  );
  let left = bytes - fixed;
  for (;;) {
    let best: Plan | undefined;
    let most = 0;
    for (const plan of plans) {
      const gain = (plan.parts.values[plan.rank] ?? 0) ** 2 / plan.energy / costOf(plan);
      if (plan.rank === 0 || gain > most) [best, most] = [plan, plan.rank === 0 ? Infinity : gain];
    }
    if (best === undefined || costOf(best) > left) break;
    left -= costOf(best);
    best.rank += 1;
  }
  if (plans.some(({ rank }) => rank === 0)) {
    throw new TinctureError('low-rank/size', 'the network does not fit even with rank 1', {
      found: `${bytes} bytes`,
      fix: 'Compress it less.',
    });
  }
  const tensors = new Map<string, StoredTensor>([
    ['activation', { dtype: 'U8', shape: [1], bytes: Uint8Array.of(activation) }],
  ]);
  for (const plan of plans) store(plan, tensors);
  return {
    file: writeSafetensors(tensors),
    ranks: Object.fromEntries(plans.map(({ name, rank }) => [name, rank])),
  };
}

/** Bytes of one more rank: a row of a with its scale, a column of b. */
function costOf({ inputs, outputs }: Plan): number {
  return inputs + outputs + 2;
}

function planOf(network: Hypernetwork): { plans: Plan[]; activation: number } {
  const plans: Plan[] = [];
  const activations = new Set<number>();
  for (const [width, pair] of network.widths) {
    for (const side of ['k', 'v'] as const) {
      const stack: LayerStack = pair[side];
      stack.forEach((layer, place) => {
        const where = `width ${width}, ${side}, layer ${place}`;
        // Linear, activation, linear, …: linear at the even places, so the count is odd.
        const isLinear = place % 2 === 0;
        if (layer.kind === 'linear' && isLinear) {
          const [outputs, inputs] = layer.weight.shape as readonly [number, number];
          const parts = decompose(layer.weight.data, outputs, inputs);
          const energy = parts.values.reduce((sum, value) => sum + value * value, 0) || 1;
          plans.push({
            name: `${width}.${side}.${place / 2}`,
            layer,
            inputs,
            outputs,
            parts,
            energy,
            rank: 0,
          });
        } else if (
          layer.kind === 'activation' &&
          !isLinear &&
          place < stack.length - 1 &&
          layer.slope === undefined
        ) {
          activations.add(ABI_ACTIVATIONS.indexOf(layer.activation));
        } else {
          throw refused(where, `${layer.kind}, layer ${place + 1} of ${stack.length}`);
        }
      });
    }
  }
  const [activation = 0, ...others] = activations;
  if (others.length > 0) throw refused('all widths', 'several activations');
  return { plans, activation };
}

function refused(where: string, found: string): TinctureError {
  return new TinctureError('low-rank/layers', 'such a network cannot be compressed', {
    where,
    expected: 'linear layers with one and the same activation between them',
    found,
  });
}

/** weight ≈ u · (values · vᵀ): the singular values go into a, whose rows have scales of their own, so that b's columns stay alike. */
function store(
  { name, layer, inputs, outputs, parts, rank }: Plan,
  tensors: Map<string, StoredTensor>,
): void {
  const a = new Float64Array(rank * inputs);
  const b = new Float64Array(outputs * rank);
  for (let r = 0; r < rank; r++) {
    for (let i = 0; i < inputs; i++) a[r * inputs + i] = parts.values[r]! * parts.v[r]![i]!;
    for (let o = 0; o < outputs; o++) b[o * rank + r] = parts.u[r]![o]!;
  }
  storeWhole(`${name}.a`, a, rank, inputs, tensors);
  storeWhole(`${name}.b`, b, outputs, rank, tensors);
  tensors.set(`${name}.bias`, half(layer.bias.data));
}

/** int8 [rows, columns] and a float16 scale a row, value ≈ whole · scale. The scale is rounded first, so that the wholes fit it. */
function storeWhole(
  name: string,
  values: Float64Array,
  rows: number,
  columns: number,
  tensors: Map<string, StoredTensor>,
): void {
  const wholes = new Int8Array(rows * columns);
  const scales = new Float16Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    scales[row] = largest / LARGEST;
    const scale = scales[row]!;
    own.forEach((value, column) => {
      const whole = scale === 0 ? 0 : Math.round(value / scale);
      wholes[row * columns + column] = Math.max(-LARGEST, Math.min(LARGEST, whole));
    });
  }
  tensors.set(name, { dtype: 'I8', shape: [rows, columns], bytes: new Uint8Array(wholes.buffer) });
  tensors.set(`${name}.scale`, { dtype: 'F16', shape: [rows], bytes: new Uint8Array(scales.buffer) });
}

function half(values: Float32Array): StoredTensor {
  const halves = new Float16Array(values);
  return { dtype: 'F16', shape: [values.length], bytes: new Uint8Array(halves.buffer) };
}

/** The network that the compressed tensors stand for, each linear layer whole: for measuring, and for hosts without the plugin. */
export async function expand(
  file: {
    readonly entries: ReadonlyMap<string, unknown>;
    read(name: string): Promise<{ data: Float32Array; shape: readonly number[] }>;
  },
  network: Hypernetwork,
): Promise<ReadonlyMap<number, { k: LayerStack; v: LayerStack }>> {
  const widths = new Map<number, { k: LayerStack; v: LayerStack }>();
  for (const [width, pair] of network.widths) {
    const sides = { k: [] as Layer[], v: [] as Layer[] };
    for (const side of ['k', 'v'] as const) {
      for (const [place, layer] of pair[side].entries()) {
        sides[side].push(
          layer.kind === 'linear' ? await expandLinear(file, `${width}.${side}.${place / 2}`) : layer,
        );
      }
    }
    widths.set(width, sides);
  }
  return widths;
}

async function expandLinear(
  file: { read(name: string): Promise<{ data: Float32Array; shape: readonly number[] }> },
  name: string,
): Promise<Linear> {
  const [a, b, aScale, bScale, bias] = await Promise.all(
    ['a', 'b', 'a.scale', 'b.scale', 'bias'].map((part) => file.read(`${name}.${part}`)),
  );
  const [rank, inputs] = a!.shape as readonly [number, number];
  const outputs = b!.shape[0]!;
  const weight = Float32Array.from({ length: outputs * inputs }, (_, at) => {
    const [o, i] = [Math.floor(at / inputs), at % inputs];
    let sum = 0;
    for (let r = 0; r < rank; r++) {
      sum += b!.data[o * rank + r]! * bScale!.data[o]! * a!.data[r * inputs + i]! * aScale!.data[r]!;
    }
    return sum;
  });
  return { kind: 'linear', weight: tensor([outputs, inputs], weight), bias: tensor([outputs], bias!.data) };
}
