// What a style does at each sampling step: `tincture_schedule` writes one entry for each.

/** Writes step `step`: the factor for the strength (finite), and the phase, 0 … 63. */
export function writeStep(out: usize, step: i32, factor: f32, phase: i32): void {
  const entry = out + (usize(step) << 3);
  store<f32>(entry, factor);
  store<i32>(entry, phase, 4);
}

/** How far the picture is at a step: 0 at the first, 1 at the last; 0 where there is but one. */
export function progress(step: i32, steps: i32): f32 {
  return steps < 2 ? 0 : f32(step) / f32(steps - 1);
}
