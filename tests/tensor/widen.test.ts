// Widening against IEEE 754 and the platform's own conversions.
import { describe, expect, test } from 'vitest';
import { type DType, elementCount, relativeError, tensor } from '../../client/tensor/tensor.ts';
import { widenToFloat32 } from '../../client/tensor/widen.ts';

function bytesOf(values: { buffer: ArrayBuffer }): Uint8Array<ArrayBuffer> {
  return new Uint8Array(values.buffer);
}

describe('widenToFloat32', () => {
  test('all 65536 half precision patterns', () => {
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const widened = widenToFloat32('F16', bytesOf(patterns));
    // Independent formula: (−1)^s · 2^(e−15) · (1 + m/1024), subnormals 2^−14 · m/1024.
    for (let half = 0; half < 65536; half++) {
      const sign = half >= 0x8000 ? -1 : 1;
      const exponent = (half >> 10) & 31;
      const mantissa = half & 1023;
      const magnitude =
        exponent === 31
          ? mantissa === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : exponent === 0
            ? 2 ** -14 * (mantissa / 1024)
            : 2 ** (exponent - 15) * (1 + mantissa / 1024);
      if (!Object.is(widened[half], sign * magnitude)) {
        expect.fail(`pattern ${half.toString(16)}: ${widened[half]} instead of ${sign * magnitude}`);
      }
    }
  });

  test.each<[DType, Uint8Array<ArrayBuffer>, number[]]>([
    ['F32', bytesOf(new Float32Array([1.5, -0])), [1.5, -0]],
    ['F64', bytesOf(new Float64Array([0.1, -1e300])), [Math.fround(0.1), Number.NEGATIVE_INFINITY]],
    ['BF16', bytesOf(new Uint16Array([0x3f80, 0xc049, 0x7f80])), [1, -3.140625, Number.POSITIVE_INFINITY]],
    ['I64', bytesOf(new BigInt64Array([-3n, 2n ** 40n])), [-3, 2 ** 40]],
    ['U64', bytesOf(new BigUint64Array([2n ** 63n])), [2 ** 63]],
    ['I32', bytesOf(new Int32Array([-7])), [-7]],
    ['U32', bytesOf(new Uint32Array([4294967295])), [4294967296]],
    ['I16', bytesOf(new Int16Array([-32768])), [-32768]],
    ['U16', bytesOf(new Uint16Array([65535])), [65535]],
    ['I8', bytesOf(new Int8Array([-128])), [-128]],
    ['U8', new Uint8Array([255]), [255]],
    ['BOOL', new Uint8Array([0, 1, 7]), [0, 1, 1]],
  ])('%s', (dtype, bytes, expected) => {
    expect([...widenToFloat32(dtype, bytes)]).toEqual(expected);
  });

  test('reads unaligned views', () => {
    const buffer = new Uint8Array(9);
    buffer.set(bytesOf(new Float32Array([2.5, -8])), 1);
    expect([...widenToFloat32('F32', buffer.subarray(1))]).toEqual([2.5, -8]);
  });

  test('refuses bytes that hold no whole element', () => {
    expect(() => widenToFloat32('F32', new Uint8Array(6))).toThrow(
      /a multiple of 4 bytes for F32, found 6 bytes/,
    );
  });
});

describe('tensor', () => {
  test('a scalar has one element, an empty axis none', () => {
    expect(elementCount([])).toBe(1);
    expect(elementCount([3, 0, 2])).toBe(0);
  });

  test('refuses data that do not fill the shape', () => {
    expect(() => tensor([2, 3], new Float32Array(5))).toThrow(/6 values for \[2, 3\], found 5 values/);
  });

  test('relative error is ‖a − b‖ / ‖b‖', () => {
    expect(relativeError(new Float32Array([3, 5]), new Float32Array([3, 4]))).toBeCloseTo(0.2, 12);
    expect(relativeError(new Float32Array(2), new Float32Array(3))).toBe(Number.POSITIVE_INFINITY);
  });
});
