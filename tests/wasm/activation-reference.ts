// The activations in float64, each by its definition in PyTorch's documentation.
import type { Activation } from '../../client/hypernetwork/hypernetwork.ts';

/** erfc: 1 − the Taylor series of erf near zero, the continued fraction beyond. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 60; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 120; n >= 1; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const elu = (x: number): number => (x > 0 ? x : Math.expm1(x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** x − tanh x; by its series near zero, where the difference cancels in float64 too. */
function tanhShrink(x: number): number {
  if (Math.abs(x) > 0.1) return x - Math.tanh(x);
  const t = x * x;
  return x * t * (1 / 3 - t * (2 / 15 - t * (17 / 315 - t * (62 / 2835 - (t * 1382) / 155_925))));
}

/** tanh(softplus x) as a rational of eˣ, which keeps digits where softplus is tiny. */
function mish(x: number): number {
  if (x > 30) return x;
  const n = Math.exp(x) * (Math.exp(x) + 2);
  return (x * n) / (n + 2);
}

/** All but PReLU, which has a weight. */
export const REFERENCE: Readonly<Record<Exclude<Activation, 'prelu'>, (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  leakyrelu: (x) => (x < 0 ? 0.01 * x : x),
  elu,
  swish: (x) => (x * clamp(x + 3, 0, 6)) / 6,
  tanh: Math.tanh,
  sigmoid,
  mish,
  gelu: (x) => 0.5 * x * erfc(-x / Math.SQRT2),
  silu: (x) => x * sigmoid(x),
  softsign: (x) => x / (1 + Math.abs(x)),
  softplus,
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  celu: elu,
  hardtanh: (x) => clamp(x, -1, 1),
  hardsigmoid: (x) => clamp(x + 3, 0, 6) / 6,
  hardshrink: (x) => (Math.abs(x) > 0.5 ? x : 0),
  softshrink: (x) => x - clamp(x, -0.5, 0.5),
  tanhshrink: tanhShrink,
  logsigmoid: (x) => -softplus(-x),
  relu6: (x) => clamp(x, 0, 6),
  rrelu: (x) => (x < 0 ? (11 / 48) * x : x),
};
