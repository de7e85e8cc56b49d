// The noise of a batch: one generator a picture, the first draw is the start noise, later ones the ancestral noise.
import { randnCpu } from './cpu-noise.ts';
import { SamplingError } from './error.ts';
import { randnPhilox } from './philox-noise.ts';

/** Seeds are 64 bits, as in PyTorch. */
export const MAX_SEED = 2n ** 64n - 1n;

/** Normal values, mean 0 and variance 1. The size of each draw is part of the sequence: draw what the reference draws. */
export interface NormalGenerator {
  normal(count: number): Float32Array<ArrayBuffer>;
}

/** `cpu`: PyTorch's CPU generator (web UI: `RNG: CPU`). `nv`: its CUDA generator, imitated (`RNG: NV`). */
export type RandomSource = 'cpu' | 'nv';

/** Throws `sampling/seed` unless the seed is a whole number in 0 … 2⁶⁴−1. */
export function checkSeed(seed: bigint | number): bigint {
  const whole = typeof seed === 'bigint' || Number.isSafeInteger(seed);
  const value = whole ? BigInt(seed) : -1n;
  if (value < 0n || value > MAX_SEED) {
    throw new SamplingError('sampling/seed', 'the seed is out of range', {
      expected: `a whole number from 0 to ${MAX_SEED} (as a bigint above 2⁵³)`,
      found: String(seed),
    });
  }
  return value;
}

/** A seed for those who name none: 32 random bits, as the web UI chooses them. */
export function randomSeed(): bigint {
  return BigInt(crypto.getRandomValues(new Uint32Array(1))[0]!);
}

/** A generator at its first draw. Throws `sampling/seed`. */
export function seededNormal(seed: bigint, source: RandomSource): NormalGenerator {
  return source === 'cpu' ? randnCpu(checkSeed(seed)) : randnPhilox(checkSeed(seed));
}

/**
 * Gives draw after draw for a batch of pictures: each call returns [pictures · valuesPerPicture] values, picture i
 * from its own generator. Picture i of a batch has `seeds[i]` (the web UI: first seed + i).
 */
export function pictureNoise(
  seeds: readonly bigint[],
  valuesPerPicture: number,
  source: RandomSource = 'cpu',
): () => Float32Array<ArrayBuffer> {
  const generators = seeds.map((seed) => seededNormal(seed, source));
  return () => {
    const values = new Float32Array(generators.length * valuesPerPicture);
    for (const [i, generator] of generators.entries()) {
      values.set(generator.normal(valuesPerPicture), i * valuesPerPicture);
    }
    return values;
  };
}
