// Which stored tensors a graph can point at, and which it can read once they are copied as float32.
import type { TensorEntry } from '../formats/entry.ts';

/** Whether an initializer may be these bytes as they lie in the file. */
export function isPointable({ dtype, strides, source }: TensorEntry): boolean {
  return (dtype === 'F32' || dtype === 'F16') && strides === undefined && source?.scattered !== true;
}

/** Whether a copy of the tensor in float32 stands for it: exactly, or for F64 to the nearest. */
export function isConvertible({ dtype }: TensorEntry): boolean {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
}
