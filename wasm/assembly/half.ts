// IEEE half precision to float32, exactly: subnormals, infinities and NaN included.

/** 2¹¹²: moves a half's exponent, read as a float32's, to its place; exact for subnormals too. */
const REBIAS: f32 = 5.192296858534828e33;
/** The float32 bits of 2¹⁶, the first value that a finite half cannot have. */
const PAST_HALF: i32 = (127 + 16) << 23;

/** Widens four halves in the low 64 bits. */
// @ts-ignore: decorator
@inline
function widen(halves: v128): v128 {
  const bits = i32x4.extend_low_i16x8_u(halves);
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
  const magnitude = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13);
  const scaled = f32x4.mul(magnitude, f32x4.splat(REBIAS));
  // Infinity and NaN: their exponent becomes float32's largest; the fraction is already in place.
  const special = v128.and(i32x4.ge_s(scaled, i32x4.splat(PAST_HALF)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(scaled, special), sign);
}

/** Widens `count` halves at `source` to float32 at `target`. The two may not overlap. */
export function halfToFloat(source: usize, count: i32, target: usize): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(target, widen(v128.load64_zero(source)));
    source += 8;
    target += 16;
  }
  for (; i < count; i++) {
    v128.store_lane<f32>(target, widen(v128.load16_lane(source, i16x8.splat(0), 0)), 0);
    source += 2;
    target += 4;
  }
}
