// The activations of hypernetwork files, element by element, as PyTorch defines them with its default parameters.
import type { Activation } from './hypernetwork.ts';

/** x, and for `prelu` its learned slope. */
export type ActivationFunction = (x: number, slope: number) => number;

/** SELU's constants (Klambauer et al. 2017). */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;
/** RReLU in evaluation takes the mean of its slopes' range 1/8 … 1/3. */
const RRELU_SLOPE = (1 / 8 + 1 / 3) / 2;
const LEAKY_SLOPE = 0.01;
/** Half the width of what hardshrink and softshrink set to zero. */
const SHRINK = 0.5;

/** One function per name; computed in float64. */
export const activationFunctions: Readonly<Record<Activation, ActivationFunction>> = {
  relu: (x) => Math.max(x, 0),
  leakyrelu: (x) => (x >= 0 ? x : LEAKY_SLOPE * x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  // The reference's name for Hardswish.
  swish: (x) => (x * clamp(x + 3, 0, 6)) / 6,
  tanh: (x) => Math.tanh(x),
  sigmoid,
  mish: (x) => x * Math.tanh(softplus(x)),
  gelu: (x) => (x / 2) * (1 + erf(x * Math.SQRT1_2)),
  silu: (x) => x * sigmoid(x),
  softsign: (x) => x / (1 + Math.abs(x)),
  softplus,
  selu: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
  celu: (x) => (x > 0 ? x : Math.expm1(x)),
  prelu: (x, slope) => (x >= 0 ? x : slope * x),
  hardtanh: (x) => clamp(x, -1, 1),
  hardsigmoid: (x) => clamp(x / 6 + 1 / 2, 0, 1),
  hardshrink: (x) => (Math.abs(x) > SHRINK ? x : 0),
  softshrink: (x) => (x > SHRINK ? x - SHRINK : x < -SHRINK ? x + SHRINK : 0),
  tanhshrink: (x) => x - Math.tanh(x),
  logsigmoid: (x) => -softplus(-x),
  relu6: (x) => clamp(x, 0, 6),
  rrelu: (x) => (x >= 0 ? x : RRELU_SLOPE * x),
};

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** log(1 + eˣ), written so that neither large nor small x overflows. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/**
 * The error function by its series with positive terms only, so without cancellation:
 * erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·5···(2n+1)) (Abramowitz and Stegun 7.1.6).
 */
function erf(x: number): number {
  const size = Math.abs(x);
  // 1 − erf(6) is 2·10⁻¹⁷, below float64's resolution at 1.
  if (size >= 6) return Math.sign(x);
  let term = size;
  let sum = size;
  for (let n = 1; term > sum * Number.EPSILON; n++) {
    term *= (2 * size * size) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-size * size) * sum;
}
