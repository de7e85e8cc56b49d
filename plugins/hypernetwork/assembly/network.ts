// The stacks in memory: linked records, weights packed for the kernels.
import {
  ACTIVATION, ACTIVATION_COUNT, activationOf, fail, inputsOf, isHalf, isWhole, kindOf, LAYER_NORM, LINEAR, OK, OUT_OF_MEMORY,
  outputsOf, packedBytes, packWeight, PRELU, REFUSED, say, sayNumber, tincture_alloc, tincture_free, valueCount, valuesOf,
} from '../../sdk/assembly/index';

@unmanaged
export class Layer {
  next: Layer | null;
  kind: i32;
  /** Width of what goes in and comes out. */
  inputs: i32;
  outputs: i32;
  activation: i32;
  /** PReLU's slopes, 0 without. */
  slopes: i32;
  /** Packed weight and bias, norm's weight and bias, or slopes. */
  values: usize;
}

@unmanaged
export class Stack {
  next: Stack | null;
  width: i32;
  side: i32;
  count: i32;
  /** Width after the last layer so far. */
  outputs: i32;
  first: Layer | null;
  last: Layer | null;
}

let stacks: Stack | null = null;

/** The stack of this width and side, if it was loaded. */
export function find(width: i32, side: i32): Stack | null {
  let stack = stacks;
  while (stack != null && (stack.width != width || stack.side != side)) stack = stack.next;
  return stack;
}

function empty(stack: Stack): void {
  let layer = stack.first;
  while (layer != null) {
    const next = layer.next;
    tincture_free(layer.values);
    tincture_free(changetype<usize>(layer));
    layer = next;
  }
  stack.first = null;
  stack.last = null;
  stack.count = 0;
  stack.outputs = stack.width;
}

function open(width: i32, side: i32): Stack | null {
  let stack = find(width, side);
  if (stack == null) {
    const record = tincture_alloc(offsetof<Stack>());
    if (record == 0) return null;
    stack = changetype<Stack>(record);
    stack.next = stacks;
    stack.width = width;
    stack.side = side;
    stack.first = null;
    stacks = stack;
  }
  empty(stack);
  return stack;
}

function wrong(what: string, width: i32, index: i32): i32 {
  fail(REFUSED, what);
  say(' in layer ');
  sayNumber(index);
  say(' of width ');
  sayNumber(width);
  return REFUSED;
}

function full(): i32 {
  return fail(OUT_OF_MEMORY, 'the layers do not fit in the memory');
}

/** Takes one layer into its stack, or says why not. */
export function load(width: i32, side: i32, index: i32, block: usize, length: i32): i32 {
  if (width <= 0 || (side != 0 && side != 1)) return wrong('bad width or side', width, index);
  if (!isWhole(block, length)) return wrong('header and length disagree', width, index);
  const stack = index == 0 ? open(width, side) : find(width, side);
  if (stack == null) return index == 0 ? full() : wrong('no layer before', width, index);
  if (index != stack.count) return wrong('layers out of order', width, index);

  const kind = kindOf(block);
  const inputs = inputsOf(block);
  const outputs = outputsOf(block);
  const activation = activationOf(block);
  let bytes: usize = 0;
  if (kind == LINEAR) {
    if (inputs != stack.outputs || outputs == 0) return wrong('linear does not fit', width, index);
    bytes = packedBytes(inputs, outputs);
  } else if (kind == LAYER_NORM) {
    if (inputs != stack.outputs) return wrong('layer norm does not fit', width, index);
    bytes = usize(valueCount(block)) << 2;
  } else {
    if (activation < 0 || activation >= ACTIVATION_COUNT) return wrong('unknown activation', width, index);
    const fits = activation == PRELU ? inputs == 1 || inputs == stack.outputs : inputs == 0;
    if (!fits) return wrong('slopes do not fit', width, index);
    bytes = usize(inputs) << 2;
  }

  const values = valuesOf(block);
  const record = tincture_alloc(offsetof<Layer>());
  const kept = tincture_alloc(i32(bytes));
  if (values == 0 || record == 0 || kept == 0) {
    if (isHalf(block)) tincture_free(values);
    tincture_free(record);
    tincture_free(kept);
    return full();
  }
  if (kind == LINEAR) {
    packWeight(values, values + ((usize(inputs) * usize(outputs)) << 2), inputs, outputs, kept);
  } else {
    memory.copy(kept, values, bytes);
  }
  if (isHalf(block)) tincture_free(values);

  const layer = changetype<Layer>(record);
  layer.next = null;
  layer.kind = kind;
  layer.inputs = stack.outputs;
  layer.outputs = kind == LINEAR ? outputs : stack.outputs;
  layer.activation = activation;
  layer.slopes = kind == ACTIVATION ? inputs : 0;
  layer.values = kept;
  const last = stack.last;
  if (last == null) stack.first = layer;
  else last.next = layer;
  stack.last = layer;
  stack.outputs = layer.outputs;
  stack.count += 1;
  return OK;
}
