// A layer block as host and plugin hand it over: eight header words, then values.
import { ACTIVATION_COUNT, PRELU } from '../../../wasm/assembly/activation';

export const LINEAR: i32 = 1;
export const ACTIVATION: i32 = 2;
export const LAYER_NORM: i32 = 3;

/** Bytes of the header. */
export const LAYER_HEADER: usize = 32;
const FLOAT32: i32 = 0;
const FLOAT16: i32 = 1;

export function kindOf(block: usize): i32 {
  return load<i32>(block);
}
/** Inputs of a linear layer, width of a norm, slopes of an activation (0 without). */
export function inputsOf(block: usize): i32 {
  return load<i32>(block, 8);
}
/** Outputs of a linear layer. */
export function outputsOf(block: usize): i32 {
  return load<i32>(block, 12);
}
export function activationOf(block: usize): i32 {
  return load<i32>(block, 16);
}
export function isHalf(block: usize): bool {
  return load<i32>(block, 4) == FLOAT16;
}

/** Values that follow the header of such a layer; -1 for a kind that is none. */
export function valueCount(kind: i32, inputs: i32, outputs: i32): i64 {
  switch (kind) {
    case LINEAR: return i64(inputs) * i64(outputs) + i64(outputs);
    case LAYER_NORM: return 2 * i64(inputs);
    case ACTIVATION: return i64(inputs);
  }
  return -1;
}

/** Whether header and `length` agree. */
export function isWhole(block: usize, length: i32): bool {
  if (length < i32(LAYER_HEADER)) return false;
  const values = load<i32>(block, 4);
  if (values != FLOAT32 && values != FLOAT16) return false;
  const inputs = inputsOf(block);
  const outputs = outputsOf(block);
  if (inputs < 0 || outputs < 0) return false;
  const count = valueCount(kindOf(block), inputs, outputs);
  return count >= 0 && count * (values == FLOAT16 ? 2 : 4) + i64(LAYER_HEADER) == i64(length);
}

/** Writes the header of a float32 block. */
export function writeHeader(block: usize, kind: i32, inputs: i32, outputs: i32, activation: i32): void {
  memory.fill(block, 0, LAYER_HEADER);
  store<i32>(block, kind);
  store<i32>(block, FLOAT32, 4);
  store<i32>(block, inputs, 8);
  store<i32>(block, outputs, 12);
  store<i32>(block, activation, 16);
}

/** What is wrong with such a layer behind one that gives `width` values a row; an empty text when nothing is. */
export function misfit(kind: i32, inputs: i32, outputs: i32, activation: i32, width: i32): string {
  if (kind == LINEAR) return inputs != width || outputs <= 0 ? 'linear does not fit' : '';
  if (kind == LAYER_NORM) return inputs != width ? 'layer norm does not fit' : '';
  if (activation < 0 || activation >= ACTIVATION_COUNT) return 'unknown activation';
  const fits = activation == PRELU ? inputs == 1 || inputs == width : inputs == 0;
  return fits ? '' : 'slopes do not fit';
}
