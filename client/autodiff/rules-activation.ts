// Gradients of activations that are one op each. At a kink the slope is PyTorch's.
import type { Value } from '../onnx/value.ts';
import type { Backward, RuleTable } from './rule.ts';

/** dy where the condition holds, else dy · slope. */
function where({ graph, dy }: Backward, condition: Value, slope: number): Value {
  const other = slope === 0 ? graph.scalar(0) : graph.Mul(dy, graph.scalar(slope));
  return graph.Where(condition, dy, other);
}

/** dy · slope where low < x < high, else 0. */
function within(step: Backward, low: number, high: number, slope = 1): Value {
  const { graph, dy } = step;
  const x = step.input(0);
  const inside = graph.Where(
    graph.Greater(x, graph.scalar(low)),
    graph.Where(graph.Greater(graph.scalar(high), x), graph.scalar(slope), graph.scalar(0)),
    graph.scalar(0),
  );
  return graph.Mul(dy, inside);
}

export const ACTIVATION: RuleTable = {
  /** 1 − tanh² */
  Tanh: ({ graph, dy, output }) => [
    () => {
      const y = output();
      return graph.Mul(dy, graph.Sub(graph.scalar(1), graph.Mul(y, y)));
    },
  ],
  /** σ · (1 − σ) */
  Sigmoid: ({ graph, dy, output }) => [
    () => {
      const y = output();
      return graph.Mul(dy, graph.Mul(y, graph.Sub(graph.scalar(1), y)));
    },
  ],
  Relu: (step) => [() => where(step, step.graph.Greater(step.input(0), step.graph.scalar(0)), 0)],
  LeakyRelu: (step) => [
    () => where(step, step.graph.Greater(step.input(0), step.graph.scalar(0)), step.number('alpha', 0.01)),
  ],
  ThresholdedRelu: (step) => [
    () => where(step, step.graph.Greater(step.input(0), step.graph.scalar(step.number('alpha', 1))), 0),
  ],
  /** Below 0: α·eˣ = y + α. */
  Elu: (step) => [
    () => {
      const { graph, dy } = step;
      const below = graph.Mul(dy, graph.Add(step.output(), graph.scalar(step.number('alpha', 1))));
      return graph.Where(graph.Greater(step.input(0), graph.scalar(0)), dy, below);
    },
  ],
  /** α where 0 < α·x + β < 1. */
  HardSigmoid: (step) => [
    () => {
      const alpha = step.number('alpha', 0.2);
      const beta = step.number('beta', 0.5);
      return within(step, -beta / alpha, (1 - beta) / alpha, alpha);
    },
  ],
  /** The bounds are constants. */
  Clip: (step) => [
    () => {
      const { graph, dy } = step;
      const x = step.input(0);
      const clipped = graph.Equal(x, step.output());
      return graph.Where(clipped, dy, graph.scalar(0));
    },
    undefined,
    undefined,
  ],
  /** com.microsoft: Φ(x) + x·φ(x), with the normal distribution Φ and its density φ. */
  Gelu: ({ graph, dy, input }) => [
    () => {
      const x = input(0);
      const share = graph.Mul(
        graph.Add(graph.Erf(graph.Mul(x, graph.scalar(Math.SQRT1_2))), graph.scalar(1)),
        graph.scalar(0.5),
      );
      const bell = graph.Exp(graph.Mul(graph.Mul(x, x), graph.scalar(-0.5)));
      const density = graph.Mul(graph.Mul(x, graph.scalar(1 / Math.sqrt(2 * Math.PI))), bell);
      return graph.Mul(dy, graph.Add(share, density));
    },
  ],
  /** com.microsoft: x·s with s = σ(αx); its slope is s·(1 + αx·(1 − s)). */
  QuickGelu: ({ graph, dy, input, number }) => [
    () => {
      const alpha = number('alpha', 1.702);
      const scaled = alpha === 1 ? input(0) : graph.Mul(input(0), graph.scalar(alpha));
      const share = graph.Sigmoid(scaled);
      const rest = graph.Mul(scaled, graph.Sub(graph.scalar(1), share));
      return graph.Mul(dy, graph.Mul(share, graph.Add(rest, graph.scalar(1))));
    },
  ],
};
