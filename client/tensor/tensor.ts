// A tensor in memory: dtype, shape, and a flat row-major typed array.
import { TinctureError } from '../../plugins/contract/error.ts';

/** Element types that files may hold, in safetensors' spelling. */
export type DType =
  | 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U64' | 'U32' | 'U16' | 'U8' | 'BOOL'; // biome-ignore format: one line reads as a table

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<DType, number>> = {
  F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1,
}; // biome-ignore format: one line reads as a table

/** A float32 tensor, the working type of everything that computes. `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Number of elements of a shape; the empty shape is a scalar with one. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const length of shape) count *= length;
  return count;
}

/** Makes a tensor; without `data`, zeros. Throws `tensor/shape` when the data does not fill the shape. */
export function tensor(shape: readonly number[], data?: Float32Array): Tensor {
  const count = elementCount(shape);
  const filled = data ?? new Float32Array(count);
  if (filled.length !== count) {
    throw new TinctureError('tensor/shape', 'data does not fill the shape', {
      expected: `${count} values for [${shape.join(', ')}]`,
      found: `${filled.length} values`,
    });
  }
  return { shape, data: filled };
}

/** ‖a − b‖₂ / ‖b‖₂, the relative error that golden cases are held to; b is the reference. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return Math.sqrt(difference) / Math.sqrt(norm);
}
