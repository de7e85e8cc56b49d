// Every activation that hypernetwork files name, as ONNX ops that also run on the GPU. Definitions are PyTorch's.
import type { Activation } from '../hypernetwork/hypernetwork.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';
import { ModelError } from './errors.ts';

/** Klambauer et al., Self-Normalizing Neural Networks, 2017. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
const LEAKY_SLOPE = 0.01;
/** In evaluation RReLU takes the mean of its slopes' range, 1/8 … 1/3. */
const RRELU_SLOPE = (1 / 8 + 1 / 3) / 2;
const SHRINK_LAMBDA = 0.5;

type Lowering = (graph: GraphBuilder, x: Value, slope?: Value) => Value;

/** log(1 + e^−|x|), the part of softplus that is safe from overflow. */
const softTail: Lowering = (graph, x) =>
  graph.Log(graph.Add(graph.Exp(graph.Neg(graph.Abs(x))), graph.scalar(1)));

/** log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|) */
const softplus: Lowering = (graph, x) => graph.Add(graph.Relu(x), softTail(graph, x));

const LOWERINGS: Readonly<Record<Activation, Lowering>> = {
  relu: (graph, x) => graph.Relu(x),
  leakyrelu: (graph, x) => graph.LeakyRelu(x, LEAKY_SLOPE),
  elu: (graph, x) => graph.Elu(x, 1),
  swish: (graph, x) => graph.Mul(x, graph.HardSigmoid(x, 1 / 6, 0.5)),
  tanh: (graph, x) => graph.Tanh(x),
  sigmoid: (graph, x) => graph.Sigmoid(x),
  mish: (graph, x) => graph.Mul(x, graph.Tanh(softplus(graph, x))),
  gelu: (graph, x) => graph.Gelu(x),
  silu: (graph, x) => graph.QuickGelu(x, 1),
  softsign: (graph, x) => graph.Div(x, graph.Add(graph.Abs(x), graph.scalar(1))),
  softplus,
  selu: (graph, x) => graph.Mul(graph.Elu(x, SELU_ALPHA), graph.scalar(SELU_SCALE)),
  celu: (graph, x) => graph.Elu(x, 1),
  prelu: (graph, x, slope) => {
    if (slope === undefined) {
      throw new ModelError('style', 'a PReLU layer has no slope', { expected: 'its learned weight' });
    }
    return graph.Sub(graph.Relu(x), graph.Mul(graph.Relu(graph.Neg(x)), slope));
  },
  hardtanh: (graph, x) => graph.Clip(x, -1, 1),
  hardsigmoid: (graph, x) => graph.HardSigmoid(x, 1 / 6, 0.5),
  hardshrink: (graph, x) =>
    graph.Sub(graph.ThresholdedRelu(x, SHRINK_LAMBDA), graph.ThresholdedRelu(graph.Neg(x), SHRINK_LAMBDA)),
  softshrink: (graph, x) => graph.Sub(x, graph.Clip(x, -SHRINK_LAMBDA, SHRINK_LAMBDA)),
  tanhshrink: (graph, x) => graph.Sub(x, graph.Tanh(x)),
  logsigmoid: (graph, x) => graph.Neg(graph.Add(graph.Relu(graph.Neg(x)), softTail(graph, x))),
  relu6: (graph, x) => graph.Clip(x, 0, 6),
  rrelu: (graph, x) => graph.LeakyRelu(x, RRELU_SLOPE),
};

/** Lowers an activation. `slope` is PReLU's learned weight, [1] or [channels]; throws `model/style` without it. */
export function activate(graph: GraphBuilder, activation: Activation, x: Value, slope?: Value): Value {
  return graph.within(activation, () => LOWERINGS[activation](graph, x, slope));
}
