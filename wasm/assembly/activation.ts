// The activations that hypernetwork files name, element by element in place, with PyTorch's constants.
import { exp, expm1, expSum, log1p } from './exponential';
import { madd, splat } from './vector';

/** Codes of the activations: their order in the ABI's list. */
export const RELU: i32 = 0;
export const LEAKY_RELU: i32 = 1;
export const ELU: i32 = 2;
export const SWISH: i32 = 3;
export const TANH: i32 = 4;
export const SIGMOID: i32 = 5;
export const MISH: i32 = 6;
export const GELU: i32 = 7;
export const SILU: i32 = 8;
export const SOFTSIGN: i32 = 9;
export const SOFTPLUS: i32 = 10;
export const SELU: i32 = 11;
export const CELU: i32 = 12;
export const PRELU: i32 = 13;
export const HARD_TANH: i32 = 14;
export const HARD_SIGMOID: i32 = 15;
export const HARD_SHRINK: i32 = 16;
export const SOFT_SHRINK: i32 = 17;
export const TANH_SHRINK: i32 = 18;
export const LOG_SIGMOID: i32 = 19;
export const RELU6: i32 = 20;
export const RRELU: i32 = 21;
export const ACTIVATION_COUNT: i32 = 22;

/** Whole vectors of values and slopes for the last one to three values. */
const tail: usize = memory.data(32, 16);

const SELU_SCALE: f32 = 1.0507009873554805;
const SELU_ALPHA: f32 = 1.6732632423543772;
/** Random ReLU in evaluation: the mean of its slopes 1/8 and 1/3. */
const RRELU_SLOPE: f32 = (1.0 / 8.0 + 1.0 / 3.0) / 2.0;

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}
// @ts-ignore: decorator
@inline
function mul(a: v128, b: v128): v128 {
  return f32x4.mul(a, b);
}
// @ts-ignore: decorator
@inline
function bound(x: v128, low: f32, high: f32): v128 {
  return f32x4.min(f32x4.max(x, splat(low)), splat(high));
}
/** `negative` where x < 0, else `other`. */
// @ts-ignore: decorator
@inline
function whereNegative(x: v128, negative: v128, other: v128): v128 {
  return v128.bitselect(negative, other, f32x4.lt(x, splat(0)));
}

/** x, but no less than −104: below, eˣ is zero in float32, and a huge factor would bring its clamped value back. */
// @ts-ignore: decorator
@inline
function fromBelow(x: v128): v128 {
  return f32x4.max(x, splat(-104));
}

function sigmoid(x: v128): v128 {
  return f32x4.div(splat(1), add(splat(1), exp(f32x4.neg(x))));
}

/** tanh|x| = e / (e + 2) with e = e^(2|x|) − 1, accurate near zero as well; the sign is put back. */
function tanh(x: v128): v128 {
  const size = f32x4.min(f32x4.abs(x), splat(10));
  const e = expm1(add(size, size));
  const sign = v128.and(x, i32x4.splat(i32.MIN_VALUE));
  return v128.or(f32x4.div(e, add(e, splat(2))), sign);
}

/** x − tanh x; below 1 as x³·P(x²), P fitted at Chebyshev nodes to 6e-8, since the difference cancels there. */
function tanhShrink(x: v128): v128 {
  const t = mul(x, x);
  let p = splat(0.0004206954939);
  p = madd(p, t, splat(-0.002510459325));
  p = madd(p, t, splat(0.008218921898));
  p = madd(p, t, splat(-0.02166011537));
  p = madd(p, t, splat(0.05393478885));
  p = madd(p, t, splat(-0.1333312852));
  p = madd(p, t, splat(0.3333333125));
  return v128.bitselect(mul(mul(p, t), x), f32x4.sub(x, tanh(x)), f32x4.lt(t, splat(1)));
}

/** max(x, 0) + log(1 + e^−|x|). */
function softplus(x: v128): v128 {
  return add(f32x4.max(x, splat(0)), log1p(exp(f32x4.neg(f32x4.abs(x)))));
}

/**
 * x · Φ(x), the exact form. Φ's tail h = erfc(|x|/√2)/2 = e^(−x²/2) · t·P(t), t = 1/(1 + 0.3·|x|/√2), P fitted at
 * Chebyshev nodes to 3e-8. x² is summed from a part with few bits, whose square is exact, and the rest.
 */
function gelu(x: v128): v128 {
  const size = f32x4.abs(x);
  const t = f32x4.div(splat(1), madd(size, splat(0.21213203435596426), splat(1)));
  let p = splat(-0.06524640777);
  p = madd(p, t, splat(0.245285799));
  p = madd(p, t, splat(-0.2616573282));
  p = madd(p, t, splat(0.2806231011));
  p = madd(p, t, splat(-0.05235607055));
  p = madd(p, t, splat(0.1097835574));
  p = madd(p, t, splat(0.07352270954));
  p = madd(p, t, splat(0.08545707813));
  p = madd(p, t, splat(0.0845875513));
  const high = v128.and(f32x4.min(size, splat(14)), i32x4.splat(0xfffff000));
  const rest = mul(f32x4.sub(f32x4.min(size, splat(14)), high), add(f32x4.min(size, splat(14)), high));
  const density = expSum(mul(mul(high, high), splat(-0.5)), mul(rest, splat(-0.5)));
  const h = mul(mul(p, t), density);
  return mul(x, whereNegative(x, h, f32x4.sub(splat(1), h)));
}

/** x · tanh(softplus x) = x · (e² + 2e) / (e² + 2e + 2), e = eˣ; x itself where e² would overflow. */
function mish(x: v128): v128 {
  const e = exp(f32x4.min(x, splat(20)));
  const n = mul(e, add(e, splat(2)));
  return mul(fromBelow(x), f32x4.div(n, add(n, splat(2))));
}

/** One vector through the activation of this code; `slope` serves PReLU alone. */
function evaluate(code: i32, x: v128, slope: v128): v128 {
  switch (code) {
    case RELU: return f32x4.max(x, splat(0));
    case LEAKY_RELU: return whereNegative(x, mul(x, splat(0.01)), x);
    case ELU:
    case CELU: return whereNegative(x, expm1(x), x);
    case SWISH: return mul(x, mul(bound(add(x, splat(3)), 0, 6), splat(1.0 / 6.0)));
    case TANH: return tanh(x);
    case SIGMOID: return sigmoid(x);
    case MISH: return mish(x);
    case GELU: return gelu(x);
    case SILU: return mul(fromBelow(x), sigmoid(x));
    case SOFTSIGN: return f32x4.div(x, add(splat(1), f32x4.abs(x)));
    case SOFTPLUS: return softplus(x);
    case SELU: return mul(splat(SELU_SCALE), whereNegative(x, mul(splat(SELU_ALPHA), expm1(x)), x));
    case PRELU: return whereNegative(x, mul(x, slope), x);
    case HARD_TANH: return bound(x, -1, 1);
    case HARD_SIGMOID: return mul(bound(add(x, splat(3)), 0, 6), splat(1.0 / 6.0));
    case HARD_SHRINK: return v128.andnot(x, f32x4.le(f32x4.abs(x), splat(0.5)));
    case SOFT_SHRINK: return f32x4.sub(x, bound(x, -0.5, 0.5));
    case TANH_SHRINK: return tanhShrink(x);
    case LOG_SIGMOID: return f32x4.neg(softplus(f32x4.neg(x)));
    case RELU6: return bound(x, 0, 6);
    case RRELU: return whereNegative(x, mul(x, splat(RRELU_SLOPE)), x);
  }
  unreachable();
  return x;
}

/** Applies the activation to `count` values at x, in place. */
export function activate(code: i32, x: usize, count: i32): void {
  const none = splat(0);
  for (; count >= 4; count -= 4) {
    v128.store(x, evaluate(code, v128.load(x), none));
    x += 16;
  }
  if (count > 0) {
    memory.copy(tail, x, usize(count) << 2);
    v128.store(tail, evaluate(code, v128.load(tail), none));
    memory.copy(x, tail, usize(count) << 2);
  }
}

/** PReLU on x [rows, width] in place; slope [slopes], one for all channels or one a channel. */
export function prelu(x: usize, rows: i32, width: i32, slope: usize, slopes: i32): void {
  const one = v128.load32_splat(slope);
  for (let row = 0; row < rows; row++) {
    let from = slope;
    let count = width;
    for (; count >= 4; count -= 4) {
      v128.store(x, evaluate(PRELU, v128.load(x), slopes == 1 ? one : v128.load(from)));
      x += 16;
      from += 16;
    }
    if (count > 0) {
      const bytes = usize(count) << 2;
      memory.copy(tail, x, bytes);
      if (slopes == 1) v128.store(tail, one, 16);
      else memory.copy(tail + 16, from, bytes);
      v128.store(tail, evaluate(PRELU, v128.load(tail), v128.load(tail, 16)));
      memory.copy(x, tail, bytes);
      x += bytes;
    }
  }
}
