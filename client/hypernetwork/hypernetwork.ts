// What a hypernetwork is in memory: per context width a pair of small networks, for keys and for values.
import type { Tensor } from '../tensor/tensor.ts';
import type { StrengthFactors } from './strength.ts';

/** Activations that hypernetwork files name; `swish` is Hardswish, as in the reference. */
export const ACTIVATIONS = [
  'relu', 'leakyrelu', 'elu', 'swish', 'tanh', 'sigmoid', 'mish', 'gelu', 'silu', 'softsign', 'softplus', 'selu',
  'celu', 'prelu', 'hardtanh', 'hardsigmoid', 'hardshrink', 'softshrink', 'tanhshrink', 'logsigmoid', 'relu6', 'rrelu',
] as const; // biome-ignore format: a table
export type Activation = (typeof ACTIVATIONS)[number];

/** One layer of a stack. Dropout is the identity at inference and is not kept as a layer. */
export type Layer =
  /** y = x · weightᵀ + bias; weight [out, in], bias [out], as PyTorch stores them. */
  | { readonly kind: 'linear'; readonly weight: Tensor; readonly bias: Tensor }
  /** Element by element; `slope` is PReLU's learned weight [1] or [channels]. */
  | { readonly kind: 'activation'; readonly activation: Activation; readonly slope?: Tensor }
  /** Over the last axis, eps 1e-5; weight and bias [width]. */
  | { readonly kind: 'layer-norm'; readonly weight: Tensor; readonly bias: Tensor };

/** y = x + f(x) · strength, f being the layers in order; empty never occurs. */
export type LayerStack = readonly Layer[];

export interface LayerPair {
  readonly k: LayerStack;
  readonly v: LayerStack;
}

/** The reference's metadata, with its defaults filled in for missing keys. */
export interface HypernetworkDescription {
  readonly name: string;
  readonly step: number | null;
  readonly layerStructure: readonly number[];
  /** As the file spells it, lower case; `linear` where there is none. */
  readonly activation: string;
  readonly layerNorm: boolean;
  readonly activateOutput: boolean;
  readonly useDropout: boolean;
  readonly dropoutStructure: readonly number[];
  readonly lastLayerDropout: boolean;
  readonly weightInitialization: string | null;
  readonly checkpointHash: string | null;
  readonly checkpointName: string | null;
  readonly optionalInfo: string | null;
}

export interface Hypernetwork {
  readonly description: HypernetworkDescription;
  /** Context width → its pair. A width that is not here is left alone. */
  readonly widths: ReadonlyMap<number, LayerPair>;
}

/** What is applied of a style: a file's layers, or those that a plugin made. */
export interface StyleNetwork {
  readonly description: Pick<HypernetworkDescription, 'name'>;
  readonly widths: ReadonlyMap<number, LayerPair>;
}

/** A style in use: its network at a strength (negative works; it scales only what the network adds). */
export interface StrengthenedHypernetwork {
  readonly hypernetwork: StyleNetwork;
  readonly strength: number;
  /** On top of the strength, by width and side. */
  readonly factors?: StrengthFactors;
  /** Layers or strength change with the step, so that folding them into one matrix would be work at each. Default false. */
  readonly varies?: boolean;
}
