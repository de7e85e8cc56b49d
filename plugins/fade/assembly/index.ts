// A hypernetwork whose strength changes from the first step to the last, on a curve.
import { declare, describe, described, Network, OK, parameter, progress, writeStep } from 'tincture';
export {
  tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_load, tincture_parameter,
} from 'tincture';

const FROM = 0;
const TO = 1;
const CURVE = 2;

export function tincture_describe(): usize {
  describe('Fade', 'A style that is strong at first and weak at the end, or the other way round.');
  declare('from', 1, -2, 2);
  declare('to', 0, -2, 2);
  declare('curve', 1, 0.25, 4);
  return described();
}

/** factor = from + (to − from) · progress^curve. */
export function tincture_schedule(steps: i32, out: usize): i32 {
  for (let step = 0; step < steps; step++) {
    const way = Mathf.pow(progress(step, steps), parameter(CURVE));
    writeStep(out, step, parameter(FROM) + (parameter(TO) - parameter(FROM)) * way, 0);
  }
  return OK;
}

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  return Network.apply(0, width, rows, k, v, strength);
}

export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  return Network.layers(0, width, side, out);
}
