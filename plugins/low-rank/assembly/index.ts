// A hypernetwork stored as thin int8 factors, `96.k.0.a` and so on: multiplied in their thin form, relu between the layers.
import {
  beginName, failure, LowRank, Network, OK, RELU, say, sayNumber, Stack, Tensor, Tensors, UNKNOWN_WIDTH,
} from '../../sdk/assembly/index';
export {
  tincture_abi_1, tincture_alloc, tincture_error, tincture_free, tincture_tensor,
} from '../../sdk/assembly/index';

/** `WIDTH.SIDE.INDEX.PART`; null where the file has none. */
function part(width: i32, side: i32, index: i32, name: string): Tensor | null {
  beginName('');
  sayNumber(width);
  say(side == 0 ? '.k.' : '.v.');
  sayNumber(index);
  say('.');
  say(name);
  return Tensors.named(0);
}

/** Unpacks both sides of a width, once. */
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

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const status = unpack(width);
  return status == OK ? Network.apply(0, width, rows, k, v, strength) : status;
}

export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  const status = unpack(width);
  return status == OK ? Network.layers(0, width, side, out) : status;
}
