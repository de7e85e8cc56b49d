// Hypernetworks stored as thin int8 factors: weight ≈ b · a, with b [outputs, rank], a [rank, inputs] and a scale for each row.
//
// A file has for each width, side (k, v) and linear layer, counted from 0, the tensors WIDTH.SIDE.INDEX.a and .b (int8), .a.scale
// [rank] and .b.scale [outputs] (float), and .bias [outputs]. Between the layers stands relu, or what one tensor `activation` [1]
// names by its code in the ABI.
import { RELU } from '../../../wasm/assembly/activation';
import { tincture_alloc, tincture_free } from './memory';
import { Network } from './network';
import { dequantise, multiply } from './operations';
import { fail, failMemory, failure, OK, REFUSED, UNKNOWN_WIDTH } from './status';
import { Stack } from './stack';
import { beginName, FLOAT32, INT8, Tensor, Tensors } from './tensor';
import { say, sayNumber } from './words';

/** How `unpackLowRank` lays a layer out. */
export const THIN: bool = false;
export const WHOLE: bool = true;

/** A tensor of a layer; null after `fail`. */
function part(set: i32, width: i32, side: i32, index: i32, name: string): Tensor | null {
  beginName('');
  sayNumber(width);
  say(side == 0 ? '.k.' : '.v.');
  sayNumber(index);
  say(name);
  return Tensors.named(set);
}

/**
 * Makes the stacks of one width from the tensors of the same set, both sides, unless they are there already: `THIN`, two linear layers
 * x · aᵀ · bᵀ + bias with fewer multiplications, or `WHOLE`, one layer with the weight b · a. Status 3 where the file lacks the width.
 */
export function unpackLowRank(set: i32, width: i32, form: bool): i32 {
  const ready = Network.find(set, width, 1);
  if (ready != null && ready.count > 0) return OK;
  if (part(set, width, 0, 0, '.a') == null) return UNKNOWN_WIDTH;
  for (let side = 0; side < 2; side++) {
    const stack = Network.begin(set, width, side);
    if (stack == null) return failure();
    for (let index = 0; part(set, width, side, index, '.a') != null; index++) {
      if (addLayer(stack, set, index, form)) continue;
      stack.clear();
      return failure();
    }
  }
  return OK;
}

/** Appends layer `index`, behind the activation where it is not the first; false after `fail`. */
function addLayer(stack: Stack, set: i32, index: i32, form: bool): bool {
  const width = stack.width;
  const side = stack.side;
  const inputs = stack.outputs;
  const a = part(set, width, side, index, '.a');
  const b = part(set, width, side, index, '.b');
  if (a == null || b == null) return false;
  const aScales = part(set, width, side, index, '.a.scale');
  if (aScales == null) return false;
  const bScales = part(set, width, side, index, '.b.scale');
  if (bScales == null) return false;
  const bias = part(set, width, side, index, '.bias');
  if (bias == null) return false;

  const rank = a.axis(0);
  const outputs = b.axis(0);
  if (rank == 0 || a.dtype != INT8 || b.dtype != INT8 || aScales.dtype != FLOAT32 || bScales.dtype != FLOAT32) {
    fail(REFUSED, 'the factors of a layer must be int8 with float scales');
    return false;
  }
  if (!a.is(rank, inputs) || !b.is(outputs, rank)) return false;
  if (!aScales.is(rank, 1) || !bScales.is(outputs, 1) || !bias.is(outputs, 1)) return false;
  if (index > 0 && !addActivation(stack, set)) return false;
  return form == WHOLE
    ? addWhole(stack, a, aScales, b, bScales, bias)
    : addThin(stack, a, aScales, b, bScales, bias);
}

function addActivation(stack: Stack, set: i32): bool {
  const code = Tensors.find(set, 'activation');
  if (code == null) return stack.activation(RELU);
  return code.is(1, 1) && stack.activation(i32(code.at(0)));
}

function addThin(stack: Stack, a: Tensor, aScales: Tensor, b: Tensor, bScales: Tensor, bias: Tensor): bool {
  const rank = a.axis(0);
  const thin = stack.linear(rank);
  if (thin == 0) return false;
  dequantise(a.data, aScales.data, rank, a.axis(1), thin);
  memory.fill(thin + (usize(a.count) << 2), 0, usize(rank) << 2);
  const wide = stack.linear(b.axis(0));
  if (wide == 0) return false;
  dequantise(b.data, bScales.data, b.axis(0), rank, wide);
  bias.toFloat(wide + (usize(b.count) << 2));
  return true;
}

function addWhole(stack: Stack, a: Tensor, aScales: Tensor, b: Tensor, bScales: Tensor, bias: Tensor): bool {
  const rank = a.axis(0);
  const inputs = a.axis(1);
  const outputs = b.axis(0);
  const weight = stack.linear(outputs);
  if (weight == 0) return false;
  const left = tincture_alloc(b.count << 2);
  const right = tincture_alloc(a.count << 2);
  const fits = left != 0 && right != 0;
  if (fits) {
    dequantise(b.data, bScales.data, outputs, rank, left);
    dequantise(a.data, aScales.data, rank, inputs, right);
    multiply(left, right, outputs, rank, inputs, weight);
    bias.toFloat(weight + ((usize(inputs) * usize(outputs)) << 2));
  } else {
    failMemory('the layers');
  }
  tincture_free(left);
  tincture_free(right);
  return fits;
}
