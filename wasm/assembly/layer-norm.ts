// LayerNorm over the last axis, eps 1e-5: y = (x − mean) / √(variance + eps) · weight + bias, in place.

const EPSILON: f32 = 1e-5;

// @ts-ignore: decorator
@inline
function lanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** Normalises each row of x [rows, width] with weight [width] and bias [width]. Two passes: the variance is exact about the mean. */
export function layerNorm(x: usize, rows: i32, width: i32, weight: usize, bias: usize): void {
  const whole = usize(width & ~3) << 2;
  const bytes = usize(width) << 2;
  for (let row = 0; row < rows; row++) {
    let sums = f32x4.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 16) sums = f32x4.add(sums, v128.load(x + at));
    let sum = lanes(sums);
    for (; at < bytes; at += 4) sum += load<f32>(x + at);
    const mean = sum / f32(width);

    const means = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (at = 0; at < whole; at += 16) {
      const off = f32x4.sub(v128.load(x + at), means);
      squares = f32x4.add(squares, f32x4.mul(off, off));
    }
    let square = lanes(squares);
    for (; at < bytes; at += 4) {
      const off = load<f32>(x + at) - mean;
      square += off * off;
    }
    const scale: f32 = f32(1) / sqrt<f32>(square / f32(width) + EPSILON);

    const scales = f32x4.splat(scale);
    for (at = 0; at < whole; at += 16) {
      const normal = f32x4.mul(f32x4.sub(v128.load(x + at), means), scales);
      v128.store(x + at, f32x4.add(f32x4.mul(normal, v128.load(weight + at)), v128.load(bias + at)));
    }
    for (; at < bytes; at += 4) {
      const normal = (load<f32>(x + at) - mean) * scale;
      store<f32>(x + at, normal * load<f32>(weight + at) + load<f32>(bias + at));
    }
    x += bytes;
  }
}
