// Normal noise bit for bit in the order of PyTorch's CPU generator: `torch.randn` on a seeded torch.Generator.
import { mt19937, type RandomBits } from './mt19937.ts';
import type { NormalGenerator } from './noise.ts';

/** PyTorch draws by vectorised blocks of this many values, and one by one below it. */
const BLOCK = 16;
const HALF_BLOCK = BLOCK / 2;
const TWO_PI_FLOAT = Math.fround(2 * Math.PI);

/**
 * PyTorch's CPU generator after `manual_seed(seed)`. Values agree with torch.randn to 1e-6 absolute: the same
 * random bits and the same float32 roundings; only the last bit of `log`, `sin` and `cos` is the machine's own.
 */
export function randnCpu(seed: bigint): NormalGenerator {
  const bits = mt19937(seed);
  const pairs = boxMullerPairs(bits);
  return {
    normal(count) {
      const values = new Float32Array(count);
      if (count < BLOCK) {
        for (let i = 0; i < count; i++) values[i] = pairs();
      } else {
        fillBlocks(values, bits);
      }
      return values;
    },
  };
}

/** Box & Muller in doubles: the cosine now, the sine kept for the next draw, even over calls. */
function boxMullerPairs(bits: RandomBits): () => number {
  let kept: number | undefined;
  return () => {
    if (kept !== undefined) {
      const value = kept;
      kept = undefined;
      return value;
    }
    const angle = 2 * Math.PI * uniformDouble(bits);
    const radius = Math.sqrt(-2 * Math.log1p(-uniformDouble(bits)));
    kept = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Uniform floats over the whole array, turned in place into normal values block by block; a tail is drawn anew. */
function fillBlocks(values: Float32Array, bits: RandomBits): void {
  for (let i = 0; i < values.length; i++) values[i] = uniformFloat(bits);
  const whole = values.length - (values.length % BLOCK);
  for (let start = 0; start < whole; start += BLOCK) transformBlock(values, start);
  if (whole === values.length) return;
  const tail = values.length - BLOCK;
  for (let i = tail; i < values.length; i++) values[i] = uniformFloat(bits);
  transformBlock(values, tail);
}

/** Values i and i + 8 are one Box–Muller pair. Rounded to float32 where the vector code rounds. */
function transformBlock(values: Float32Array, start: number): void {
  for (let i = start; i < start + HALF_BLOCK; i++) {
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * Math.fround(Math.log(1 - values[i]!)))));
    const angle = Math.fround(TWO_PI_FLOAT * values[i + HALF_BLOCK]!);
    values[i] = radius * Math.cos(angle);
    values[i + HALF_BLOCK] = radius * Math.sin(angle);
  }
}

/** [0, 1) in steps of 2⁻²⁴, from the low 24 of 32 bits. */
function uniformFloat(bits: RandomBits): number {
  return (bits() & 0xffffff) * 2 ** -24;
}

/** [0, 1) in steps of 2⁻⁵³, from the low 53 of 64 bits, the first word being the upper one. */
function uniformDouble(bits: RandomBits): number {
  const upper = bits() & 0x1fffff;
  return (upper * 2 ** 32 + bits()) * 2 ** -53;
}
