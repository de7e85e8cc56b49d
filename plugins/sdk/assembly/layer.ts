// A layer block as the host hands it over: header words, then values.
import { halfToFloat } from '../../../wasm/assembly/half';
import { tincture_alloc } from './memory';

export const LINEAR: i32 = 1;
export const ACTIVATION: i32 = 2;
export const LAYER_NORM: i32 = 3;

const HEADER: usize = 32;
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

/** Values that follow the header, by its kind; above 2³¹ where the header lies. */
export function valueCount(block: usize): i64 {
  const inputs = i64(inputsOf(block));
  const outputs = i64(outputsOf(block));
  switch (kindOf(block)) {
    case LINEAR: return inputs * outputs + outputs;
    case LAYER_NORM: return 2 * inputs;
    case ACTIVATION: return inputs;
  }
  return -1;
}

/** Whether header and `length` agree. */
export function isWhole(block: usize, length: i32): bool {
  if (length < i32(HEADER)) return false;
  const values = load<i32>(block, 4);
  if (values != FLOAT32 && values != FLOAT16) return false;
  if (inputsOf(block) < 0 || outputsOf(block) < 0) return false;
  const count = valueCount(block);
  return count >= 0 && count * (values == FLOAT16 ? 2 : 4) + i64(HEADER) == i64(length);
}

/** Whether `valuesOf` made a copy that the caller must free. */
export function isHalf(block: usize): bool {
  return load<i32>(block, 4) == FLOAT16;
}

/** The values as float32: in place, or widened into a new block; 0 when the memory is full. */
export function valuesOf(block: usize): usize {
  if (!isHalf(block)) return block + HEADER;
  const count = i32(valueCount(block));
  const widened = tincture_alloc(count << 2);
  if (widened != 0) halfToFloat(block + HEADER, count, widened);
  return widened;
}
