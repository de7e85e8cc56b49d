// Two hypernetworks, one slider: y = x + (1 − mix) · f₀(x) · strength + mix · f₁(x) · strength.
import { declare, describe, described, mix, Network, OK, parameter } from 'tincture';
export {
  tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_load, tincture_parameter,
} from 'tincture';

const MIX = 0;
/** The set that is built of sets 0 and 1. */
const BLENDED = 100;
/** Shares of the two sets, float32. */
const shares: usize = memory.data(8, 4);

export function tincture_describe(): usize {
  describe('Blend', 'Two styles and a slider between them.');
  declare('mix', 0.5, 0, 1);
  return described();
}

function blend(width: i32, side: i32): i32 {
  store<f32>(shares, 1 - parameter(MIX));
  store<f32>(shares, parameter(MIX), 4);
  return mix(BLENDED, width, side, 0, 2, shares);
}

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const keys = blend(width, 0);
  if (keys != OK) return keys;
  const values = blend(width, 1);
  return values == OK ? Network.apply(BLENDED, width, rows, k, v, strength) : values;
}

export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  const status = blend(width, side);
  return status == OK ? Network.layers(BLENDED, width, side, out) : status;
}
