// Hypernetworks: for each set, context width and side one stack of layers, loaded by the host or built by the plugin.
import { halfToFloat } from '../../../wasm/assembly/half';
import {
  activationOf, inputsOf, isHalf, isWhole, kindOf, LAYER_HEADER, outputsOf, valueCount,
} from './layer';
import { tincture_alloc } from './memory';
import { failMemory, failure, OK } from './status';
import { noLayers, Stack, wrongLayer } from './stack';

let stacks: Stack | null = null;

/** Every stack of this plugin. Sets that the host does not number, say 100, are free for what the plugin builds itself. */
export class Network {
  /** The stack of this set, width and side, if it was begun. */
  static find(set: i32, width: i32, side: i32): Stack | null {
    let stack = stacks;
    while (stack != null && (stack.width != width || stack.side != side || stack.set != set)) stack = stack.next;
    return stack;
  }

  /** An empty stack for this set, width and side; null after `fail`. */
  static begin(set: i32, width: i32, side: i32): Stack | null {
    let stack = Network.find(set, width, side);
    if (stack == null) {
      const record = tincture_alloc(offsetof<Stack>());
      if (record == 0) {
        failMemory('the layers');
        return null;
      }
      stack = changetype<Stack>(record);
      stack.next = stacks;
      stack.set = set;
      stack.width = width;
      stack.side = side;
      stack.first = null;
      stacks = stack;
    }
    stack.clear();
    return stack;
  }

  /** What `tincture_load` is to do: takes layer `index`, or says why not. The block stays the host's. */
  static load(set: i32, width: i32, side: i32, index: i32, block: usize, length: i32): i32 {
    if (width <= 0 || (side != 0 && side != 1)) return wrongLayer('bad width or side', width, index);
    if (!isWhole(block, length)) return wrongLayer('header and length disagree', width, index);
    const stack = index == 0 ? Network.begin(set, width, side) : Network.find(set, width, side);
    if (stack == null) return index == 0 ? failure() : wrongLayer('no layer before', width, index);
    if (index != stack.count) return wrongLayer('layers out of order', width, index);

    const inputs = inputsOf(block);
    const outputs = outputsOf(block);
    const values = stack.add(kindOf(block), inputs, outputs, activationOf(block));
    if (values == 0) return failure();
    const count = i32(valueCount(kindOf(block), inputs, outputs));
    if (isHalf(block)) halfToFloat(block + LAYER_HEADER, count, values);
    else memory.copy(values, block + LAYER_HEADER, usize(count) << 2);
    return OK;
  }

  /** What `tincture_apply` is to do with one set: k and v [rows, width] float32, in place. */
  static apply(set: i32, width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
    const keys = Network.find(set, width, 0);
    const values = Network.find(set, width, 1);
    if (keys == null || values == null || keys.count == 0 || values.count == 0) return noLayers(width);
    const status = keys.apply(rows, k, strength);
    return status == OK ? values.apply(rows, v, strength) : status;
  }

  /** What `tincture_layers` is to do with one set. */
  static layers(set: i32, width: i32, side: i32, out: usize): i32 {
    const stack = Network.find(set, width, side);
    return stack == null || stack.count == 0 ? noLayers(width) : stack.produce(out);
  }
}

/** Takes every set's layers into `Network`. Re-export it to accept hypernetwork files. */
export function tincture_load(set: i32, width: i32, side: i32, index: i32, block: usize, length: i32): i32 {
  return Network.load(set, width, side, index, block, length);
}
