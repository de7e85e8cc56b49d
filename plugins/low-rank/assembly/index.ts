// A hypernetwork stored as thin int8 factors, about an eighth of its float32 file, run in its thin form.
import { describe, described, Network, OK, THIN, unpackLowRank } from 'tincture';
export {
  tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_tensor,
} from 'tincture';

export function tincture_describe(): usize {
  describe('Low rank', 'A trained style in an eighth of its size.');
  return described();
}

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const status = unpackLowRank(0, width, THIN);
  return status == OK ? Network.apply(0, width, rows, k, v, strength) : status;
}

export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  const status = unpackLowRank(0, width, THIN);
  return status == OK ? Network.layers(0, width, side, out) : status;
}
