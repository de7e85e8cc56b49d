// No weights: every token's vector moves away from the prompt's mean, or towards it. y = x + (x − mean) · amount · strength.
import {
  addScaled, declare, describe, described, failMemory, meanOfRows, OK, parameter, tincture_alloc, tincture_free,
} from 'tincture';
// The host calls these; the SDK has them ready.
export { tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_parameter } from 'tincture';

/** The first parameter. */
const AMOUNT = 0;

export function tincture_describe(): usize {
  describe('Procedural', 'Contrast between the words of a prompt.');
  // Name, default, minimum, maximum.
  declare('amount', 0.5, 0, 2);
  return described();
}

/** Bends both contexts in place; k and v are [rows, width] float32. */
export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  // Whatever is taken must be given back: the memory has a maximum.
  const mean = tincture_alloc(width << 2);
  if (mean == 0) return failMemory('the mean');
  const factor = parameter(AMOUNT) * strength;
  spread(k, rows, width, mean, factor);
  spread(v, rows, width, mean, factor);
  tincture_free(mean);
  return OK;
}

/** x += (x − mean) · factor for the rows of x [rows, width]; `mean` is room for one row. */
function spread(x: usize, rows: i32, width: i32, mean: usize, factor: f32): void {
  meanOfRows(x, rows, width, mean);
  for (let row = 0; row < rows; row++) {
    const at = x + ((usize(row) * usize(width)) << 2);
    addScaled(at, at, width, factor);
    addScaled(at, mean, width, -factor);
  }
}
