// Normal noise in the order of PyTorch's CUDA generator: Philox 4×32-10 (Salmon et al. 2011), imitated on the CPU.
import type { NormalGenerator } from './noise.ts';

const ROUNDS = 10;
const MULTIPLIERS = [0xd2511f53n, 0xcd9e8d57n] as const;
const KEY_STEPS = [0x9e3779b9, 0xbb67ae85] as const;

// The reference multiplies in doubles by these float32 constants.
const TWO_TO_MINUS_32 = Math.fround(2.3283064e-10);
const TWO_PI_TO_MINUS_32 = Math.fround(2.3283064e-10 * 6.2831855);

/**
 * The generator that AUTOMATIC1111's web UI calls `NV`. Draw number n (from 0) of value i enciphers the counter
 * (n, 0, i, 0) with the 64-bit seed as the key; the first two words give one value by Box & Muller.
 */
export function randnPhilox(seed: bigint): NormalGenerator {
  const key = [Number(BigInt.asUintN(32, seed)), Number(BigInt.asUintN(32, seed >> 32n))] as const;
  let draws = 0;
  return {
    normal(count) {
      const values = new Float32Array(count);
      for (let i = 0; i < count; i++) {
        const [first, second] = philox(draws, i, key);
        const u = first * TWO_TO_MINUS_32 + TWO_TO_MINUS_32 / 2;
        const angle = second * TWO_PI_TO_MINUS_32 + TWO_PI_TO_MINUS_32 / 2;
        values[i] = Math.sqrt(-2 * Math.log(u)) * Math.sin(angle);
      }
      draws++;
      return values;
    },
  };
}

/** The first two of the four enciphered words of the counter (draw, 0, index, 0). */
function philox(draw: number, index: number, key: readonly [number, number]): [number, number] {
  let [a, b, c, d] = [draw, 0, index, 0];
  let [keyA, keyB] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const fromA = BigInt(a) * MULTIPLIERS[0];
    const fromC = BigInt(c) * MULTIPLIERS[1];
    a = (Number(fromC >> 32n) ^ b ^ keyA) >>> 0;
    b = Number(fromC & 0xffffffffn);
    c = (Number(fromA >> 32n) ^ d ^ keyB) >>> 0;
    d = Number(fromA & 0xffffffffn);
    keyA = (keyA + KEY_STEPS[0]) >>> 0;
    keyB = (keyB + KEY_STEPS[1]) >>> 0;
  }
  return [a, b];
}
