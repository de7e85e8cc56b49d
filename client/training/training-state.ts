// Where a training stands: the weights, what AdamW keeps with them, and which of them its results have.
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** What is trained under a name, and where it stands: parameters with AdamW's moments, all in the same order. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly means: ReadonlyMap<string, Tensor>;
  readonly squares: ReadonlyMap<string, Tensor>;
  /** Running averages (EMA) of the weights, where one is kept. */
  readonly averages?: ReadonlyMap<string, Tensor>;
  /** States of rollouts, [slots, channels, height, width]. */
  readonly rollouts?: Tensor;
}

/** The weights that a state's results, previews and validation loss have: the averaged ones, where there are any. */
export function resultWeights({ weights, averages }: TrainingState): ReadonlyMap<string, Tensor> {
  return averages ?? weights;
}

/** A fresh state: moments of 0. */
export function freshState(weights: ReadonlyMap<string, Tensor>): TrainingState {
  const zeros = () => new Map([...weights].map(([name, { shape }]) => [name, tensor(shape)]));
  return { step: 0, weights, means: zeros(), squares: zeros() };
}
