// The standard plugin: applies hypernetworks that the host hands over, and gives their layers back. y = x + f(x) · strength.
import { Network } from 'tincture';
export {
  tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_load,
} from 'tincture';

/** Applies the stacks of `width` in place to k and v, [rows, width] float32 each. */
export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  return Network.apply(0, width, rows, k, v, strength);
}

/** Gives the layers of `width` as they were loaded. */
export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  return Network.layers(0, width, side, out);
}
