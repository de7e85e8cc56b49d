// A hypernetwork kept as thin int8 factors: each weight is b · a, with a scale for every row. relu between the layers.
import {
  beginName, describe, described, failure, LowRank, Network, OK, RELU, say, sayNumber, Stack, Tensor, Tensors, UNKNOWN_WIDTH,
} from 'tincture';
// The host calls these; the SDK has them ready. tincture_tensor takes the weights file, tensor by tensor.
export {
  tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_tensor,
} from 'tincture';

export function tincture_describe(): usize {
  describe('Low rank', 'A hypernetwork kept as thin int8 factors.');
  return described();
}

/** Tensor WIDTH.SIDE.INDEX.PART of the file, such as `96.k.0.a.scale`; null where there is none. */
function part(width: i32, side: i32, index: i32, name: string): Tensor | null {
  beginName('');
  sayNumber(width);
  say(side == 0 ? '.k.' : '.v.');
  sayNumber(index);
  say('.');
  say(name);
  return Tensors.named(0);
}

/** Unpacks both sides of a width when it is first needed. */
function unpack(width: i32): i32 {
  const ready = Network.find(0, width, 1);
  if (ready != null && ready.count > 0) return OK;
  if (part(width, 0, 0, 'a') == null) return UNKNOWN_WIDTH;
  for (let side = 0; side < 2; side++) {
    const stack = Network.begin(0, width, side);
    if (stack == null) return failure();
    if (!fill(stack, width, side)) {
      stack.clear();
      return failure();
    }
  }
  return OK;
}

/** Appends layer after layer, until the file has no further one. */
function fill(stack: Stack, width: i32, side: i32): bool {
  const layer = LowRank.place;
  for (let index = 0; part(width, side, index, 'a') != null; index++) {
    if (index > 0 && !stack.activation(RELU)) return false;
    layer.a = part(width, side, index, 'a');
    layer.aScales = part(width, side, index, 'a.scale');
    layer.b = part(width, side, index, 'b');
    layer.bScales = part(width, side, index, 'b.scale');
    layer.bias = part(width, side, index, 'bias');
    if (!layer.addThin(stack)) return false;
  }
  return true;
}

/** Bends both contexts in place; k and v are [rows, width] float32. */
export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const status = unpack(width);
  return status == OK ? Network.apply(0, width, rows, k, v, strength) : status;
}

/** The layers of the UNet's other widths: the host runs them in the UNet's graph. */
export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  const status = unpack(width);
  return status == OK ? Network.layers(0, width, side, out) : status;
}
