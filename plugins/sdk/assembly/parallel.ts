// Several networks as one: f = Σ weights[i] · fᵢ, all reading the same x. Exact, since the hidden layers stand side by side.
import { addScaled } from '../../../wasm/assembly/residual';
import { ACTIVATION, activationOf, inputsOf, kindOf, LINEAR } from './layer';
import { Network } from './network';
import { fail, failure, OK, REFUSED } from './status';
import { Layer, noLayers, Stack, wrongLayer } from './stack';

const MAX_SETS: i32 = 8;
/** The layer of each set that is being joined, pointers. */
const cursors: usize = memory.data(32, 4);

// @ts-ignore: decorator
@inline
function layerOf(index: i32): Layer | null {
  return changetype<Layer | null>(load<usize>(cursors + (usize(index) << 2)));
}

/**
 * Builds set `target` of this width and side from the sets `first` … `first + count − 1` and their float32 `weights`. The first
 * linear layers read the same x, the hidden ones become blocks on a diagonal, the last are scaled and added. They must be of
 * equal depth, with the same activations between, without layer norm and slopes, and end in a linear layer; otherwise it is
 * refused in words. Status 3 where no set has this width.
 */
export function mix(target: i32, width: i32, side: i32, first: i32, count: i32, weights: usize): i32 {
  if (count < 1 || count > MAX_SETS) return fail(REFUSED, 'one to eight sets can be mixed');
  let present = 0;
  for (let i = 0; i < count; i++) {
    const stack = Network.find(first + i, width, side);
    const layer: usize = stack == null ? 0 : changetype<usize>(stack.first);
    store<usize>(cursors + (usize(i) << 2), layer);
    if (layer != 0) present += 1;
  }
  if (present == 0) return noLayers(width);
  if (present < count) return fail(REFUSED, 'not all sets have the same widths');
  const stack = Network.begin(target, width, side);
  if (stack == null) return failure();

  // Until the first linear layer all sets share x; behind it each has columns of its own.
  let shared = true;
  while (true) {
    const lead = layerOf(0)!;
    const kind = lead.kind;
    const code = activationOf(lead.block);
    const isLast = lead.next == null;
    for (let i = 0; i < count; i++) {
      const layer = layerOf(i);
      if (layer == null || layer.kind != kind || activationOf(layer.block) != code || (layer.next == null) != isLast) {
        return wrongLayer('the sets are built differently', width, stack.count);
      }
    }
    if (kind == LINEAR) {
      if (!joinLinear(stack, count, shared, isLast, weights)) return failure();
      shared = false;
    } else if (kind == ACTIVATION && inputsOf(lead.block) == 0 && !isLast) {
      if (!stack.activation(code)) return failure();
    } else {
      return wrongLayer('sets with layer norm, slopes or an activated output cannot be mixed', width, stack.count);
    }
    if (isLast) return OK;
    for (let i = 0; i < count; i++) {
      store<usize>(cursors + (usize(i) << 2), changetype<usize>(layerOf(i)!.next));
    }
  }
}

/** Appends the linear layer that holds those of all sets; false after `fail`. */
function joinLinear(stack: Stack, count: i32, shared: bool, isLast: bool, weights: usize): bool {
  const inputs = stack.outputs;
  let outputs: i32 = isLast ? stack.width : 0;
  for (let i = 0; i < count; i++) {
    const layer = layerOf(i)!;
    if (!isLast) outputs += layer.outputs;
    else if (layer.outputs != outputs) {
      wrongLayer('a set does not end in its width', stack.width, stack.count);
      return false;
    }
  }
  const weight = stack.linear(outputs);
  if (weight == 0) return false;
  const bias = weight + ((usize(inputs) * usize(outputs)) << 2);
  memory.fill(weight, 0, (usize(inputs) * usize(outputs) + usize(outputs)) << 2);
  let row = 0;
  let column = 0;
  for (let i = 0; i < count; i++) {
    const layer = layerOf(i)!;
    const factor: f32 = isLast ? load<f32>(weights + (usize(i) << 2)) : 1;
    let source = layer.values;
    for (let output = 0; output < layer.outputs; output++) {
      const at = usize(row + output) * usize(inputs) + usize(column);
      addScaled(weight + (at << 2), source, layer.inputs, factor);
      source += usize(layer.inputs) << 2;
    }
    addScaled(bias + (usize(row) << 2), source, layer.outputs, factor);
    if (!isLast) row += layer.outputs;
    if (!shared) column += layer.inputs;
  }
  return true;
}
