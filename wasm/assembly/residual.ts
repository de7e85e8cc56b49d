// The residual of a hypernetwork: x += change · strength, in place.

/** Adds `change` · `strength` to the `count` values at x. */
export function addScaled(x: usize, change: usize, count: i32, strength: f32): void {
  const strengths = f32x4.splat(strength);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(x, f32x4.add(v128.load(x), f32x4.mul(v128.load(change), strengths)));
    x += 16;
    change += 16;
  }
  for (; i < count; i++) {
    store<f32>(x, load<f32>(x) + load<f32>(change) * strength);
    x += 4;
    change += 4;
  }
}
