// What an author must not do: build a string at run time, which needs memory that nobody manages.
import { fail, REFUSED } from 'tincture';
export { tincture_abi_1, tincture_alloc, tincture_error, tincture_free } from 'tincture';

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  return fail(REFUSED, 'width ' + width.toString());
}
