// The weighted sum of same-shaped hypernetworks, tensor by tensor.
import type { StoredTensor } from '../formats/entry.ts';
import { storeFloat32 } from '../formats/safetensors.ts';
import { elementCount, type Tensor } from '../tensor/tensor.ts';
import { HypernetworkError } from './errors.ts';
import type { Hypernetwork, HypernetworkDescription } from './hypernetwork.ts';
import { type HypernetworkRecord, layerParameters, parameterName, SIDES, type Side } from './record.ts';
import { planSlots } from './slots.ts';

/** What the recipe tells of each input. */
interface Part {
  readonly description: HypernetworkDescription;
  readonly weight: number;
}

/** A tensor of the sum: where it stands in every input, and Σ weight · value so far. */
interface Sum {
  /** By the slots of the first input. */
  readonly name: string;
  readonly width: number;
  readonly side: Side;
  /** Its layer's place in the stack; dropout takes a slot but no place, so inputs may differ in it. */
  readonly layer: number;
  readonly parameter: string;
  readonly shape: readonly number[];
  readonly total: Float64Array;
}

/** Longer names are cut in the recipe. */
const MAX_NAME = 80;

/**
 * Adds up hypernetworks one at a time, so that only one of them is in memory beside the sum: 8 bytes for each weight.
 *
 * The result is Σᵢ weightᵢ · θᵢ for every parameter θ (linear weights and biases, layer norms, PReLU slopes). That is
 * not the sum of the networks' effects: a network is a product of layers, so the sum of two has cross terms, with an
 * activation or without.
 */
export class HypernetworkSum {
  readonly #sums: Sum[] = [];
  readonly #parts: Part[] = [];
  #first: { description: HypernetworkDescription; widths: readonly number[]; where: string } | undefined;

  /**
   * Adds `weight` times a network; `weight` may be any finite number. Throws `hypernetwork/mismatch`, naming `where`,
   * when it is not of the first one's shape: widths, layer structure, activation, layer norm, activated output (which
   * means nothing where there is no activation). Dropout, which computes nothing, may differ.
   */
  add(network: Hypernetwork, weight: number, where: string): void {
    if (!Number.isFinite(weight)) {
      throw new HypernetworkError('invalid', 'a weight of a sum is not a finite number', {
        where,
        found: String(weight),
      });
    }
    const { description } = network;
    if (this.#first === undefined) {
      this.#first = { description, widths: [...network.widths.keys()], where };
      this.#sums.push(...emptySums(network, where));
    } else {
      for (const [what, of] of SAME) {
        this.#mustAgree(
          what,
          of(this.#first),
          of({ description, widths: [...network.widths.keys()] }),
          where,
        );
      }
    }
    const terms = this.#sums.map((sum) => this.#term(network, sum, where));
    for (const [i, { data }] of terms.entries()) {
      const { total } = this.#sums[i]!;
      for (let element = 0; element < total.length; element++) total[element]! += weight * data[element]!;
    }
    this.#parts.push({ description, weight });
  }

  /**
   * The sum, rounded once to float32, with the first input's description: under another name, at step 0 (it has not
   * been trained, so training that goes on from it begins its schedule), with the recipe as optional info, and without
   * the checkpoint and the initialisation unless all inputs name the same. Keys that the reference does not know are
   * left out. Throws `hypernetwork/non-finite` with the
   * tensor's name where a sum leaves float32's range, and `hypernetwork/invalid` before the first `add`.
   */
  finish(name: string): HypernetworkRecord {
    if (this.#first === undefined || this.#parts.length === 0) {
      throw new HypernetworkError('invalid', 'a sum of no networks has no layers', { where: name });
    }
    const tensors = new Map<string, StoredTensor>();
    for (const sum of this.#sums) {
      const data = Float32Array.from(sum.total);
      const broken = data.findIndex((value) => !Number.isFinite(value));
      if (broken >= 0) {
        throw new HypernetworkError('non-finite', 'the weighted sum leaves the range of float32', {
          where: `${name}, tensor ${sum.name}, element ${broken}`,
          expected: 'at most 3.4e38',
          found: String(sum.total[broken]),
          fix: 'Use smaller weights.',
        });
      }
      tensors.set(sum.name, storeFloat32({ shape: sum.shape, data }));
    }
    const common = <K extends keyof HypernetworkDescription>(key: K) => {
      const value = this.#first!.description[key];
      return this.#parts.every(({ description }) => description[key] === value) ? value : null;
    };
    const description: HypernetworkDescription = {
      ...this.#first.description,
      name,
      step: 0,
      weightInitialization: common('weightInitialization'),
      checkpointHash: common('checkpointHash'),
      checkpointName: common('checkpointName'),
      optionalInfo: recipeOf(this.#parts),
    };
    return { description, extra: {}, ignored: [], widths: this.#first.widths, tensors };
  }

  #mustAgree(what: string, expected: string, found: string, where: string): void {
    if (expected === found) return;
    throw new HypernetworkError('mismatch', `the ${what} is another than that of ${this.#first!.where}`, {
      where,
      expected,
      found,
      fix: 'Only networks of one shape have a sum; to use them together, apply both as styles.',
    });
  }

  /** The tensor of `network` that is added to `sum`. */
  #term(network: Hypernetwork, sum: Sum, where: string): Tensor {
    const layer = network.widths.get(sum.width)?.[sum.side][sum.layer];
    const value = layer === undefined ? undefined : new Map(layerParameters(layer)).get(sum.parameter);
    const shape = (axes: readonly number[] | undefined) => (axes ? `[${axes.join(', ')}]` : 'nothing');
    this.#mustAgree(`tensor ${sum.name}`, shape(sum.shape), shape(value?.shape), where);
    return value!;
  }
}

type Shape = { readonly description: HypernetworkDescription; readonly widths: readonly number[] };

/** What must agree, as people call it, and as text to compare and to show. */
const SAME: readonly (readonly [string, (shape: Shape) => string])[] = [
  ['set of context widths', ({ widths }) => [...widths].sort((a, b) => a - b).join(', ')],
  ['layer structure', ({ description }) => `[${description.layerStructure.join(', ')}]`],
  ['activation', ({ description }) => description.activation],
  ['layer norm', ({ description }) => String(description.layerNorm)],
  [
    'activated output (activate_output)',
    ({ description }) => String(description.activation !== 'linear' && description.activateOutput),
  ],
];

/** A sum of zeros for each parameter of a network. */
function emptySums(network: Hypernetwork, where: string): Sum[] {
  const sums: Sum[] = [];
  for (const width of network.widths.keys()) {
    const slots = planSlots(network.description, width, where);
    for (const side of SIDES) {
      for (const [layer, { slot, parameters }] of slots.entries()) {
        for (const [parameter, shape] of Object.entries(parameters)) {
          const name = parameterName(width, side, slot, parameter);
          sums.push({
            name,
            width,
            side,
            layer,
            parameter,
            shape,
            total: new Float64Array(elementCount(shape)),
          });
        }
      }
    }
  }
  return sums;
}

/** `weighted sum: 0.5 × anime (step 400) + -0.25 × ink (step 200)`. */
function recipeOf(parts: readonly Part[]): string {
  const terms = parts.map(({ description: { name, step }, weight }) => {
    const short = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
    return `${weight} × ${short}${step === null ? '' : ` (step ${step})`}`;
  });
  return `weighted sum: ${terms.join(' + ')}`;
}
