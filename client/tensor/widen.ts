// Widening of stored elements to float32, the one type that everything computes in.
import { TinctureError } from '../../plugins/contract/error.ts';
import { DTYPE_BYTES, type DType } from './tensor.ts';

/**
 * Reads `bytes` (little-endian, contiguous) as elements of `dtype` and gives them as float32.
 * F16, BF16, BOOL and integers of up to 16 bits widen exactly; F64 and wider integers round to nearest.
 * May return a view of `bytes` when they are float32 and aligned. Throws `tensor/dtype` when the bytes do
 * not hold whole elements.
 */
export function widenToFloat32(dtype: DType, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const size = DTYPE_BYTES[dtype];
  if (bytes.byteLength % size !== 0) {
    throw new TinctureError('tensor/dtype', 'the bytes do not hold whole elements', {
      expected: `a multiple of ${size} bytes for ${dtype}`,
      found: `${bytes.byteLength} bytes`,
    });
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const count = aligned.byteLength / size;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, count);
    case 'F16':
      return widenHalf(new Uint16Array(buffer, byteOffset, count));
    case 'BF16':
      return widenBfloat(new Uint16Array(buffer, byteOffset, count));
    case 'F64':
      return new Float32Array(new Float64Array(buffer, byteOffset, count));
    case 'I64':
      return widenBigints(new BigInt64Array(buffer, byteOffset, count));
    case 'U64':
      return widenBigints(new BigUint64Array(buffer, byteOffset, count));
    case 'I32':
      return new Float32Array(new Int32Array(buffer, byteOffset, count));
    case 'U32':
      return new Float32Array(new Uint32Array(buffer, byteOffset, count));
    case 'I16':
      return new Float32Array(new Int16Array(buffer, byteOffset, count));
    case 'U16':
      return new Float32Array(new Uint16Array(buffer, byteOffset, count));
    case 'I8':
      return new Float32Array(new Int8Array(buffer, byteOffset, count));
    case 'U8':
      return new Float32Array(aligned);
    case 'BOOL':
      return new Float32Array(aligned).map((value) => (value === 0 ? 0 : 1));
  }
}

/** Float32 bit patterns of all half precision values; built at the first use (256 KiB). */
let halfBits: Uint32Array | undefined;

function widenHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  halfBits ??= buildHalfBits();
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halfBits[halves[i]!]!;
  return new Float32Array(bits.buffer);
}

/** IEEE 754 binary16 → binary32: 1 sign, 5 exponent bits (bias 15), 10 mantissa bits. */
function buildHalfBits(): Uint32Array {
  const table = new Uint32Array(1 << 16);
  const scratch = new Float32Array(1);
  const scratchBits = new Uint32Array(scratch.buffer);
  for (let half = 0; half < table.length; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    let magnitude: number;
    if (exponent === 0x1f) {
      magnitude = 0x7f800000 | (mantissa << 13);
    } else if (exponent === 0) {
      scratch[0] = mantissa * 2 ** -24;
      magnitude = scratchBits[0]!;
    } else {
      magnitude = ((exponent + 112) << 23) | (mantissa << 13);
    }
    table[half] = sign | magnitude;
  }
  return table;
}

/** bfloat16 is the upper half of a float32. */
function widenBfloat(values: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = values[i]! << 16;
  return new Float32Array(bits.buffer);
}

function widenBigints(values: BigInt64Array | BigUint64Array): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = Number(values[i]!);
  return result;
}
