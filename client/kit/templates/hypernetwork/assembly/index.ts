// A hypernetwork with a slider: y = x + f(x) · strength, keys and values weighted by `balance`.
import { declare, describe, described, failWith, Network, OK, parameter, UNKNOWN_WIDTH } from 'tincture';
// The host calls these; the SDK has them ready. tincture_load takes the hypernetwork, tincture_parameter the slider.
export {
  tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_load, tincture_parameter,
} from 'tincture';

/** The first parameter. */
const BALANCE = 0;

export function tincture_describe(): usize {
  describe('Hypernetwork', 'A trained hypernetwork with a slider between keys and values.');
  // Name, default, minimum, maximum. -1: only what attention looks for (keys); 1: only what it takes (values).
  declare('balance', 0, -1, 1);
  return described();
}

/** Bends both contexts in place; k and v are [rows, width] float32. */
export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const keys = Network.find(0, width, 0);
  const values = Network.find(0, width, 1);
  // Status 3 tells the host that this width is left alone.
  if (keys == null || values == null) return failWith(UNKNOWN_WIDTH, 'no layers for width ', width, '');
  const balance = parameter(BALANCE);
  const status = keys.apply(rows, k, strength * min<f32>(1, 1 - balance));
  return status == OK ? values.apply(rows, v, strength * min<f32>(1, 1 + balance)) : status;
}

/** The layers of the UNet's other widths, as they were loaded: the host runs them in the UNet's graph. */
export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  return Network.layers(0, width, side, out);
}
