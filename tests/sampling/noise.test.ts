// Noise must be PyTorch's, number by number.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randnCpu } from '../../client/sampling/cpu-noise.ts';
import { mt19937 } from '../../client/sampling/mt19937.ts';
import {
  checkSeed,
  MAX_SEED,
  type NormalGenerator,
  pictureNoise,
  randomSeed,
} from '../../client/sampling/noise.ts';
import { randnPhilox } from '../../client/sampling/philox-noise.ts';
import { type NoiseCase, readGolden } from './golden.ts';

const golden = readGolden<{ torch_cpu: NoiseCase[]; philox: NoiseCase[] }>('noise.json');

function expectClose(found: Float32Array, expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(1e-6);
}

function holdAgainst(
  generator: NormalGenerator,
  { shape, first, last, sum, second_call_first }: NoiseCase,
): void {
  const count = shape.reduce((product, length) => product * length, 1);
  const values = generator.normal(count);
  expectClose(values, first);
  if (last !== undefined) expectClose(values.slice(-last.length), last);
  if (sum !== undefined) expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 3);
  expectClose(generator.normal(count), second_call_first);
}

describe('randnCpu', () => {
  it.each(golden.torch_cpu)('agrees with torch.randn for seed $seed, shape $shape', (row) => {
    holdAgainst(randnCpu(BigInt(row.seed)), row);
  });

  it('takes the low 32 bits of a seed, as PyTorch does', () => {
    expect(randnCpu(5n + 2n ** 33n).normal(64)).toEqual(randnCpu(5n).normal(64));
    expect(randnCpu(6n).normal(64)).not.toEqual(randnCpu(5n).normal(64));
  });

  it('keeps the second of a pair over calls below sixteen values', () => {
    const whole = randnCpu(7n).normal(6);
    const generator = randnCpu(7n);
    expect([...generator.normal(3), ...generator.normal(3)]).toEqual([...whole]);
  });
});

describe('mt19937', () => {
  it('gives the published sequence of seed 5489', () => {
    const bits = mt19937(5489n);
    expect([bits(), bits(), bits()]).toEqual([3499211612, 581869302, 3890346734]);
    for (let i = 3; i < 9999; i++) bits();
    expect(bits()).toBe(4123659995);
  });
});

describe('randnPhilox', () => {
  it.each(golden.philox)('agrees with the CUDA generator for seed $seed, shape $shape', (row) => {
    holdAgainst(randnPhilox(BigInt(row.seed)), row);
  });

  it('uses all 64 bits of a seed', () => {
    expect(randnPhilox(5n + 2n ** 33n).normal(8)).not.toEqual(randnPhilox(5n).normal(8));
  });
});

describe('pictureNoise', () => {
  it('gives each picture of a batch its own generator', () => {
    const draw = pictureNoise([42n, 43n], 64);
    const first = draw();
    const second = draw();
    const alone = randnCpu(43n);
    expect(first.slice(64)).toEqual(alone.normal(64));
    expect(second.slice(64)).toEqual(alone.normal(64));
  });

  it('draws from Philox when asked', () => {
    expect(pictureNoise([42n], 12, 'nv')()).toEqual(randnPhilox(42n).normal(12));
  });
});

describe('checkSeed', () => {
  it('takes whole numbers from 0 to 2⁶⁴−1', () => {
    fc.assert(fc.property(fc.bigInt(0n, MAX_SEED), (seed) => checkSeed(seed) === seed));
    expect(checkSeed(12)).toBe(12n);
  });

  it.each([-1, -1n, 0.5, Number.NaN, 2 ** 60, MAX_SEED + 1n])('refuses %s', (seed) => {
    expect(() => checkSeed(seed)).toThrow(/seed is out of range.*18446744073709551615/);
  });

  it('accepts its own random seeds', () => {
    const seed = randomSeed();
    expect(checkSeed(seed)).toBe(seed);
    expect(seed).toBeLessThan(2n ** 32n);
  });
});
