// eˣ, eˣ − 1 and log(1 + u) of four float32 at once, to about one unit in the last place.
import { madd, splat } from './vector';

const LOG2_E: f32 = 1.4426950408889634;
/** ln 2 in two parts: the first has few enough bits that n times it is exact for every exponent n. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440054690583e-4;
/** Below, eˣ is subnormal; above, 2ⁿ no longer fits in the exponent. */
const LOWEST: f32 = -87.3;
const HIGHEST: f32 = 88.3;

// @ts-ignore: decorator
@inline
function clamp(x: v128): v128 {
  return f32x4.min(f32x4.max(x, splat(LOWEST)), splat(HIGHEST));
}

/** r + r²·(1/2 + r/6 + …) = eʳ − 1 by its Taylor series, exact to 5e-9 for |r| ≤ ln 2 / 2. */
// @ts-ignore: decorator
@inline
function series(r: v128): v128 {
  let q = splat(1.0 / 5040.0);
  q = madd(q, r, splat(1.0 / 720.0));
  q = madd(q, r, splat(1.0 / 120.0));
  q = madd(q, r, splat(1.0 / 24.0));
  q = madd(q, r, splat(1.0 / 6.0));
  q = madd(q, r, splat(0.5));
  return madd(f32x4.mul(r, r), q, r);
}

/** 2ⁿ for whole n in −126 … 127. */
// @ts-ignore: decorator
@inline
function power(n: v128): v128 {
  return i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
}

/** e^(x + rest) for a small `rest` that would be lost in the sum. x is clamped to −87.3 … 88.3; NaN stays NaN. */
export function expSum(x: v128, rest: v128): v128 {
  x = clamp(x);
  const n = f32x4.nearest(f32x4.mul(x, splat(LOG2_E)));
  let r = f32x4.sub(x, f32x4.mul(n, splat(LN2_HIGH)));
  r = f32x4.add(f32x4.sub(r, f32x4.mul(n, splat(LN2_LOW))), rest);
  const scale = power(n);
  return madd(series(r), scale, scale);
}

/** eˣ, x clamped to −87.3 … 88.3. */
export function exp(x: v128): v128 {
  return expSum(x, splat(0));
}

/** eˣ − 1 without cancellation near zero: (2ⁿ − 1) + 2ⁿ·(eʳ − 1). */
export function expm1(x: v128): v128 {
  x = clamp(x);
  const n = f32x4.nearest(f32x4.mul(x, splat(LOG2_E)));
  let r = f32x4.sub(x, f32x4.mul(n, splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, splat(LN2_LOW)));
  const scale = power(n);
  return f32x4.add(f32x4.sub(scale, splat(1)), f32x4.mul(series(r), scale));
}

/** log(1 + u) for u in 0 … 1: 2·artanh(s), s = u / (2 + u) ≤ 1/3, by its odd series. */
export function log1p(u: v128): v128 {
  const s = f32x4.div(u, f32x4.add(u, splat(2)));
  const t = f32x4.mul(s, s);
  let q = splat(2.0 / 15.0);
  q = madd(q, t, splat(2.0 / 13.0));
  q = madd(q, t, splat(2.0 / 11.0));
  q = madd(q, t, splat(2.0 / 9.0));
  q = madd(q, t, splat(2.0 / 7.0));
  q = madd(q, t, splat(2.0 / 5.0));
  q = madd(q, t, splat(2.0 / 3.0));
  q = f32x4.mul(q, t);
  return madd(q, s, f32x4.add(s, s));
}
