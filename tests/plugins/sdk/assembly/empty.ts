// The smallest plugin: it adds nothing.
import { OK } from '../../../../plugins/sdk/assembly/index';
export { tincture_abi_1, tincture_alloc, tincture_error, tincture_free } from '../../../../plugins/sdk/assembly/index';

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  return OK;
}
