// Every kernel against plain float64 loops, in both builds, at sizes that are no multiple of any tile.
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { relativeError } from '../../client/tensor/tensor.ts';
import { ABI_ACTIVATIONS } from '../../plugins/contract/abi.ts';
import { REFERENCE } from './activation-reference.ts';
import { BUILDS, type Build, type KernelBench, startKernels, values } from './kernel-module.ts';

let bench: KernelBench;

/** Whole numbers in −8 … 8. */
function wholes(count: number, seed: number): Float32Array {
  return values(count, seed).map((value) => Math.round(8 * value));
}

/** x [rows, inputs] · weightᵀ + bias, summed in float64. */
function product(x: Float32Array, weight: Float32Array, bias: Float32Array, rows: number): Float32Array {
  const [inputs, outputs] = [x.length / rows, bias.length];
  return Float32Array.from({ length: rows * outputs }, (_, at) => {
    const [row, output] = [Math.floor(at / outputs), at % outputs];
    let sum = bias[output]!;
    for (let i = 0; i < inputs; i++) sum += x[row * inputs + i]! * weight[output * inputs + i]!;
    return sum;
  });
}

for (const build of Object.keys(BUILDS) as Build[]) {
  describe(`${build} build`, () => {
    beforeEach(async () => {
      bench = await startKernels(
        await readFile(new URL(`../../build/wasm/${BUILDS[build]}`, import.meta.url)),
      );
    });

    for (const [rows, inputs, outputs] of [
      [1, 1, 1],
      [1, 3, 5],
      [2, 8, 8],
      [4, 7, 9],
      [5, 16, 24],
      [6, 5, 8],
      [7, 33, 15],
      [12, 12, 16],
      [13, 64, 31],
      [77, 96, 193],
      [3, 1, 17],
      [25, 2, 7],
    ] as const) {
      // biome-ignore format: a table
      test(`gemm ${rows} × ${inputs} → ${outputs}`, () => {
        const [x, weight, bias] = [values(rows * inputs, 2), values(outputs * inputs, 3), values(outputs, 4)];
        const expected = product(x, weight, bias, rows);
        const { kernels } = bench;
        const packed = bench.alloc(kernels.packedBytes(inputs, outputs));
        kernels.packWeight(bench.put(weight), bench.put(bias), inputs, outputs, packed);
        const blocks = bench.alloc(kernels.blockBytes(rows, inputs));
        const [from, y] = [bench.put(x), bench.alloc(4 * rows * outputs)];
        kernels.gemm(from, rows, inputs, packed, outputs, y, blocks);
        expect(relativeError(bench.get(y, rows * outputs), expected)).toBeLessThan(5e-7);
        expect(bench.get(from, rows * inputs)).toEqual(x);
        expect(bench.guardsHold()).toBe(true);
      });
    }

    // Whole numbers whose sums stay below 2²⁴: float32 is exact, so both builds must give the very same values.
    for (const [rows, inputs, outputs] of [
      [77, 1, 13],
      [6, 20_000, 9],
      [5, 4099, 8],
      [11, 1536, 17],
    ] as const) {
      test(`gemm ${rows} × ${inputs} → ${outputs} is exact, from rows at any multiple of 4 bytes`, () => {
        const [x, weight, bias] = [
          wholes(rows * inputs, 14),
          wholes(outputs * inputs, 15),
          wholes(outputs, 16),
        ];
        const { kernels } = bench;
        const apart = (data: Float32Array) => {
          const at = bench.put([0, ...data]) + 4;
          expect(at % 16).toBe(4);
          return at;
        };
        const packed = bench.alloc(kernels.packedBytes(inputs, outputs));
        kernels.packWeight(apart(weight), apart(bias), inputs, outputs, packed);
        const blocks = bench.alloc(kernels.blockBytes(rows, inputs));
        const y = bench.alloc(4 * rows * outputs + 4) + 4;
        kernels.gemm(apart(x), rows, inputs, packed, outputs, y, blocks);
        expect(bench.get(y, rows * outputs)).toEqual(product(x, weight, bias, rows));
        expect(bench.guardsHold()).toBe(true);
      });
    }

    test('gemm may write over its input', () => {
      const { kernels } = bench;
      const weight = values(9 * 9, 5);
      const packed = bench.alloc(kernels.packedBytes(9, 9));
      kernels.packWeight(bench.put(weight), bench.put(new Float32Array(9)), 9, 9, packed);
      const blocks = bench.alloc(kernels.blockBytes(7, 9));
      const [x, apart] = [bench.put(values(63, 6)), bench.alloc(4 * 63)];
      kernels.gemm(x, 7, 9, packed, 9, apart, blocks);
      kernels.gemm(x, 7, 9, packed, 9, x, blocks);
      expect(bench.get(x, 63)).toEqual(bench.get(apart, 63));
    });

    for (const [name, reference] of Object.entries(REFERENCE)) {
      test(`${name} to 1e-6 at every point`, () => {
        // 1003 points: the last three are no whole vector. Tiny values show cancellation near zero.
        const points = Float32Array.from({ length: 1003 }, (_, i) =>
          i < 900 ? (i - 450) / 32 : (i % 2 === 0 ? 1 : -1) * 10 ** (-(i - 900) / 12),
        );
        const x = bench.put(points);
        bench.kernels.activate(ABI_ACTIVATIONS.indexOf(name as keyof typeof REFERENCE), x, points.length);
        const found = bench.get(x, points.length);
        const worst = points.reduce(
          (most, point, i) => {
            const expected = reference(point);
            const error = Math.abs(found[i]! - expected) / Math.max(Math.abs(expected), 1e-30);
            return error > most.error ? { error, point } : most;
          },
          { error: 0, point: 0 },
        );
        expect(worst.error, `at ${worst.point}`).toBeLessThanOrEqual(1e-6);
        expect(bench.guardsHold()).toBe(true);
      });

      test(`${name} at the ends: saturates, and passes NaN on`, () => {
        const ends = Float32Array.of(-1e30, -200, -90, 90, 200, 1e30, Number.NaN);
        const x = bench.put(ends);
        bench.kernels.activate(ABI_ACTIVATIONS.indexOf(name as keyof typeof REFERENCE), x, ends.length);
        const found = bench.get(x, ends.length);
        ends.forEach((point, i) => {
          if (Number.isNaN(point)) {
            if (name !== 'hardshrink') expect(found[i]).toBeNaN();
            return;
          }
          const expected = reference(point);
          // Below the smallest normal float32 a clamped exponential is as good as zero.
          expect(Math.abs(found[i]! - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-6 + 1e-35);
        });
      });
    }

    for (const [rows, width, slopes] of [
      [1, 1, 1],
      [3, 7, 1],
      [3, 7, 7],
      [2, 12, 12],
      [5, 6, 6],
    ] as const) {
      test(`prelu [${rows}, ${width}] with ${slopes} slopes`, () => {
        const [x, slope] = [values(rows * width, 7), values(slopes, 8)];
        const at = bench.put(x);
        bench.kernels.prelu(at, rows, width, bench.put(slope), slopes);
        const expected = x.map((value, i) =>
          value < 0 ? value * slope[slopes === 1 ? 0 : i % width]! : value,
        );
        expect(bench.get(at, x.length)).toEqual(expected);
        expect(bench.guardsHold()).toBe(true);
      });
    }

    for (const [rows, width] of [
      [1, 1],
      [2, 3],
      [3, 4],
      [5, 7],
      [2, 96],
      [3, 301],
    ] as const) {
      test(`layer norm [${rows}, ${width}]`, () => {
        const x = values(rows * width, 9).map((value) => 3 * value + 1);
        const [weight, bias] = [values(width, 10), values(width, 11)];
        const at = bench.put(x);
        bench.kernels.layerNorm(at, rows, width, bench.put(weight), bench.put(bias));
        const expected = new Float32Array(rows * width);
        for (let row = 0; row < rows; row++) {
          const line = Array.from(x.subarray(row * width, (row + 1) * width));
          const mean = line.reduce((sum, value) => sum + value, 0) / width;
          const variance = line.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
          line.forEach((value, i) => {
            expected[row * width + i] = ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[i]! + bias[i]!;
          });
        }
        expect(relativeError(bench.get(at, x.length), expected)).toBeLessThan(1e-6);
        expect(bench.guardsHold()).toBe(true);
      });
    }

    test('half to float: all 65536 values, exactly', () => {
      const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
      const source = bench.alloc(halves.byteLength);
      const target = bench.alloc(4 * halves.length);
      new Uint16Array(bench.kernels.memory.buffer, source, halves.length).set(halves);
      bench.kernels.halfToFloat(source, halves.length, target);
      expect(bench.get(target, halves.length)).toEqual(new Float32Array(new Float16Array(halves.buffer)));
      for (const count of [1, 2, 3, 5]) {
        const short = bench.alloc(4 * count);
        bench.kernels.halfToFloat(source + 2 * 0x3bff, count, short);
        expect(bench.get(short, count)).toEqual(
          new Float32Array(new Float16Array(halves.buffer, 2 * 0x3bff, count)),
        );
      }
      expect(bench.guardsHold()).toBe(true);
    });

    for (const count of [1, 3, 4, 11]) {
      test(`adds ${count} scaled values`, () => {
        const [x, change] = [values(count, 12), values(count, 13)];
        const at = bench.put(x);
        bench.kernels.addScaled(at, bench.put(change), count, -0.75);
        expect(bench.get(at, count)).toEqual(x.map((value, i) => value + Math.fround(change[i]! * -0.75)));
        expect(bench.guardsHold()).toBe(true);
      });
    }
  });
}
