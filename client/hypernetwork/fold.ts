// Folds chains of linear hypernetworks into one matrix and bias: what a graph needs no layers for.
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { HypernetworkError } from './errors.ts';
import type { LayerStack } from './hypernetwork.ts';

/** One style of a chain, for one width and one of K and V. */
export interface ChainLink {
  readonly stack: LayerStack;
  readonly strength: number;
}

/** y = x · weightᵀ + bias; weight [width, width], bias [width]. */
export interface Affine {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/**
 * Folds y = x + f(x)·strength, one link after another, into one affine map. Exact in real numbers: a link with
 * f(x) = x·Wᵀ + b is the matrix I + s·W and the bias s·b; links compose by multiplication. Sums are kept in float64.
 * Gives undefined for an empty chain and when any layer is not linear. Throws `hypernetwork/width` when two links
 * have different widths.
 */
export function foldChain(chain: readonly ChainLink[]): Affine | undefined {
  let folded: Affine | undefined;
  for (const { stack, strength } of chain) {
    const network = foldStack(stack);
    if (network === undefined) return undefined;
    const link = addIdentity(network, strength);
    if (folded !== undefined && folded.bias.data.length !== link.bias.data.length) {
      throw new HypernetworkError('width', 'the styles of a chain have different widths', {
        expected: String(folded.bias.data.length),
        found: String(link.bias.data.length),
      });
    }
    folded = folded === undefined ? link : compose(folded, link);
  }
  return folded;
}

/** Whether `foldChain` can fold the chain. */
export function isLinearChain(chain: readonly Pick<ChainLink, 'stack'>[]): boolean {
  return chain.length > 0 && chain.every(({ stack }) => stack.every(({ kind }) => kind === 'linear'));
}

/** Folded networks without their strength, so that moving a strength costs no matrix product. */
const networks = new WeakMap<LayerStack, Affine>();

function foldStack(stack: LayerStack): Affine | undefined {
  const known = networks.get(stack);
  if (known !== undefined) return known;
  let folded: Affine | undefined;
  for (const layer of stack) {
    if (layer.kind !== 'linear') return undefined;
    folded = folded === undefined ? layer : compose(folded, layer);
  }
  if (folded !== undefined) networks.set(stack, folded);
  return folded;
}

function addIdentity({ weight, bias }: Affine, strength: number): Affine {
  const width = bias.data.length;
  const sum = weight.data.map((value) => value * strength);
  for (let i = 0; i < width; i++) sum[i * width + i] = 1 + weight.data[i * width + i]! * strength;
  return {
    weight: tensor([width, width], sum),
    bias: tensor(
      [width],
      bias.data.map((value) => value * strength),
    ),
  };
}

/** `second` after `first`: weight = W₂·W₁, bias = W₂·b₁ + b₂. */
function compose(first: Affine, second: Affine): Affine {
  const [middle, inputs] = first.weight.shape as readonly [number, number];
  const [outputs] = second.weight.shape as readonly [number, number];
  const a = first.weight.data;
  const b = second.weight.data;
  const weight = new Float32Array(outputs * inputs);
  const bias = new Float32Array(outputs);
  const row = new Float64Array(inputs);
  for (let i = 0; i < outputs; i++) {
    row.fill(0);
    let shift = second.bias.data[i]!;
    for (let m = 0; m < middle; m++) {
      const factor = b[i * middle + m]!;
      shift += factor * first.bias.data[m]!;
      const start = m * inputs;
      for (let j = 0; j < inputs; j++) row[j]! += factor * a[start + j]!;
    }
    weight.set(row, i * inputs);
    bias[i] = shift;
  }
  return { weight: tensor([outputs, inputs], weight), bias: tensor([outputs], bias) };
}
