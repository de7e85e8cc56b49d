// The standard plugin: applies hypernetworks that the host describes as layers. y = x + f(x) · strength on K and V.
import { OK } from '../../sdk/assembly/index';
import { load } from './network';
import { run } from './run';
export { tincture_abi_1, tincture_alloc, tincture_error, tincture_free } from '../../sdk/assembly/index';

/** Takes layer `index` of the stack for `width` and `side`; index 0 begins it anew. The block stays the host's. */
export function tincture_load(width: i32, side: i32, index: i32, block: usize, length: i32): i32 {
  return load(width, side, index, block, length);
}

/** Applies the stacks of `width` in place to k and v, [rows, width] float32 each. */
export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const status = run(width, 0, rows, k, strength);
  return status == OK ? run(width, 1, rows, v, strength) : status;
}
