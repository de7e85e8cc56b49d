// A hypernetwork kept as thin int8 factors: each weight is b · a, with a scale for every row. relu between the layers.
import { describe, described, Network, OK, THIN, unpackLowRank } from 'tincture';
// The host calls these; the SDK has them ready. tincture_tensor takes the weights file, tensor by tensor.
export {
  tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_tensor,
} from 'tincture';

export function tincture_describe(): usize {
  describe('Low rank', 'A hypernetwork kept as thin int8 factors.');
  return described();
}

/** Bends both contexts in place; k and v are [rows, width] float32. */
export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  // Tensors WIDTH.SIDE.INDEX.a, .b and so on become the layers of set 0, once: two thin ones for each. WHOLE would multiply them out.
  const status = unpackLowRank(0, width, THIN);
  return status == OK ? Network.apply(0, width, rows, k, v, strength) : status;
}

/** The layers of the UNet's other widths: the host runs them in the UNet's graph. */
export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  const status = unpackLowRank(0, width, THIN);
  return status == OK ? Network.layers(0, width, side, out) : status;
}
