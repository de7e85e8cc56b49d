// Gradients of normalisations and of softmax.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';
import type { Backward, RuleTable } from './rule.ts';

export const NORMALIZATION: RuleTable = {
  LayerNormalization: (step) => {
    const axes = [step.dy.shape.length - 1];
    return normalization(step, axes, (parameter) => parameter);
  },
  InstanceNormalization: (step) => {
    const rank = step.dy.shape.length;
    const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
    const { graph } = step;
    return normalization(step, axes, (parameter) => graph.Reshape(parameter, [-1, ...axes.map(() => 1)]));
  },
  /** y · (dy − Σ dy·y) over the last axis. */
  Softmax: ({ graph, dy, output }) => [
    () => {
      const y = output();
      const weighted = graph.Mul(dy, y);
      const share = graph.ReduceSum(weighted, [dy.shape.length - 1]);
      return graph.Sub(weighted, graph.Mul(y, share));
    },
  ],
};

/**
 * y = n·scale + bias, n = (x − μ)·r, r = 1/√(σ² + ε) over `axes`: with g = dy·scale,
 * dx = r · (g − mean(g) − n·mean(g·n)), dscale = Σ dy·n, dbias = Σ dy. (Ba et al., Layer Normalization, 2016.)
 * `align` gives a parameter the axes to broadcast over x.
 */
function normalization(step: Backward, axes: readonly number[], align: (parameter: Value) => Value) {
  const { graph, dy } = step;
  let parts: { normalised: Value; rate: Value } | undefined;
  const standard = () => {
    parts ??= standardise(graph, step.input(0), axes, step.number('epsilon', 1e-5));
    return parts;
  };
  const parameterAxes = dy.shape.flatMap((_, axis) => {
    const own = step.node.op === 'LayerNormalization' ? dy.shape.length - 1 : 1;
    return axis === own ? [] : [axis];
  });
  const toParameter = (x: Value): Value => graph.Reshape(graph.ReduceSum(x, parameterAxes), [-1]);
  return [
    () => {
      const { normalised, rate } = standard();
      const g = step.isAll(1, 1) ? dy : graph.Mul(dy, align(step.input(1)));
      const along = graph.ReduceMean(graph.Mul(g, normalised), axes);
      const centred = graph.Sub(g, graph.ReduceMean(g, axes));
      return graph.Mul(graph.Sub(centred, graph.Mul(normalised, along)), rate);
    },
    () => toParameter(graph.Mul(dy, standard().normalised)),
    () => toParameter(dy),
  ];
}

function standardise(graph: GraphBuilder, x: Value, axes: readonly number[], epsilon: number) {
  const centred = graph.Sub(x, graph.ReduceMean(x, axes));
  const variance = graph.ReduceMean(graph.Mul(centred, centred), axes);
  const rate = graph.Div(graph.scalar(1), graph.Sqrt(graph.Add(variance, graph.scalar(epsilon))));
  return { normalised: graph.Mul(centred, rate), rate };
}
