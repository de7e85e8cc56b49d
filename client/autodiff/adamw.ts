// AdamW as a graph: parameters, gradients and moments in, the next parameters and moments out.
import { type GraphBuilder, graphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';

/** How the gradients are bounded before they are used. */
export type Clipping = 'none' | 'value' | 'norm';

export interface AdamWOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly clipping?: Clipping;
  /** Keep a running average (EMA) of each parameter too. Default false. */
  readonly averaged?: boolean;
}

/** A parameter that is updated. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Names of a parameter's inputs and outputs. */
export const stateName = {
  gradient: (parameter: string) => `gradient.${parameter}`,
  mean: (parameter: string) => `mean.${parameter}`,
  square: (parameter: string) => `square.${parameter}`,
  average: (parameter: string) => `average.${parameter}`,
  next: (input: string) => `next.${input}`,
} as const;

export const BETA1 = 0.9;
export const BETA2 = 0.999;
export const EPSILON = 1e-8;

const AVERAGE_KEEP = 'average_keep';
/** The other scalars [1] of one step, for `adamWScalars` to compute. */
const SCALARS = ['decay', 'step_size', 'root_correction', 'gradient_scale', 'clip'] as const;

/**
 * Decoupled weight decay (Loshchilov & Hutter, 2019) in PyTorch's order of operations: w ← w·(1 − lr·λ);
 * m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← w − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
 * Inputs: for each parameter `<name>`, `gradient.<name>`, `mean.<name>`, `square.<name>` of its shape, and the scalars
 * of `adamWScalars`. Outputs: `next.<name>`, `next.mean.<name>`, `next.square.<name>`. With `norm`, also `norm` [1],
 * the length of all gradients together before clipping. When averaged, also `average.<name>` and `next.average.<name>`:
 * a ← k·a + (1−k)·w of the updated w, with the scalar `average_keep` [1] as k (Polyak & Juditsky, 1992).
 */
export function buildAdamW(parameters: readonly Parameter[], options: AdamWOptions = {}): GraphBuilder {
  const { beta1 = BETA1, beta2 = BETA2, epsilon = EPSILON, clipping = 'none', averaged = false } = options;
  const graph = graphBuilder('adamw');
  const [decay, stepSize, rootCorrection, gradientScale, clip] = SCALARS.map((name) =>
    name === 'clip' && clipping === 'none' ? undefined : graph.input(name, 'float32', [1]),
  ) as [Value, Value, Value, Value, Value | undefined];
  const keep = averaged ? graph.input(AVERAGE_KEEP, 'float32', [1]) : undefined;
  const inputs = parameters.map(({ name, shape }) => ({
    name,
    weight: graph.input(name, 'float32', shape),
    gradient: graph.Mul(graph.input(stateName.gradient(name), 'float32', shape), gradientScale),
    mean: graph.input(stateName.mean(name), 'float32', shape),
    square: graph.input(stateName.square(name), 'float32', shape),
  }));
  const bound = clipper(
    graph,
    clipping,
    clip,
    inputs.map(({ gradient }) => gradient),
  );
  for (const { name, weight, gradient: whole, mean, square } of inputs) {
    const gradient = bound(whole);
    const nextMean = graph.Add(
      graph.Mul(mean, graph.scalar(beta1)),
      graph.Mul(gradient, graph.scalar(1 - beta1)),
    );
    const nextSquare = graph.Add(
      graph.Mul(square, graph.scalar(beta2)),
      graph.Mul(graph.Mul(gradient, gradient), graph.scalar(1 - beta2)),
    );
    const spread = graph.Add(graph.Div(graph.Sqrt(nextSquare), rootCorrection), graph.scalar(epsilon));
    const step = graph.Div(graph.Mul(nextMean, stepSize), spread);
    const next = graph.Sub(graph.Mul(weight, decay), step);
    graph.output(stateName.next(name), next);
    graph.output(stateName.next(stateName.mean(name)), nextMean);
    graph.output(stateName.next(stateName.square(name)), nextSquare);
    if (keep === undefined) continue;
    const average = graph.input(stateName.average(name), 'float32', weight.shape);
    const toNext = graph.Mul(graph.Sub(next, average), graph.Sub(graph.scalar(1), keep));
    graph.output(stateName.next(stateName.average(name)), graph.Add(average, toNext));
  }
  return graph;
}

/** By value: each element into −clip … clip. By norm: all scaled by clip / norm where norm > clip (as PyTorch: + 1e-6). */
function clipper(
  graph: GraphBuilder,
  clipping: Clipping,
  clip: Value | undefined,
  gradients: readonly Value[],
): (gradient: Value) => Value {
  if (clipping === 'none' || clip === undefined) return (gradient) => gradient;
  if (clipping === 'value') {
    return (gradient) => {
      const low = graph.Neg(clip);
      const below = graph.Where(graph.Greater(gradient, clip), clip, gradient);
      return graph.Where(graph.Greater(low, below), low, below);
    };
  }
  const squares = gradients.map((gradient) => graph.Reshape(graph.ReduceSumSquare(gradient), [1]));
  const norm = graph.Sqrt(graph.ReduceSum(graph.Concat(squares, 0), [0]));
  graph.output('norm', norm);
  const ratio = graph.Div(clip, graph.Add(norm, graph.scalar(1e-6)));
  const factor = graph.Where(graph.Greater(ratio, graph.scalar(1)), graph.scalar(1), ratio);
  return (gradient) => graph.Mul(gradient, factor);
}

export interface AdamWStep {
  /** Number of this step, from 1. */
  readonly step: number;
  readonly rate: number;
  readonly weightDecay: number;
  /** 1 / number of gradients that were summed. Default 1. */
  readonly gradientScale?: number;
  readonly clip?: number;
  /** Decay of the running average, 0 … 1: what it keeps of itself at most. */
  readonly average?: number;
}

/**
 * The scalar inputs of a step, computed in double precision. The average keeps (1 + step) / (10 + step) of itself as
 * long as that is less than its decay, so that it soon forgets where it began.
 */
export function adamWScalars(
  { step, rate, weightDecay, gradientScale = 1, clip, average }: AdamWStep,
  { beta1 = BETA1, beta2 = BETA2 }: AdamWOptions = {},
): Record<string, number> {
  return {
    decay: 1 - rate * weightDecay,
    step_size: rate / (1 - beta1 ** step),
    root_correction: Math.sqrt(1 - beta2 ** step),
    gradient_scale: gradientScale,
    ...(clip !== undefined && { clip }),
    ...(average !== undefined && { [AVERAGE_KEEP]: Math.min(average, (1 + step) / (10 + step)) }),
  };
}
