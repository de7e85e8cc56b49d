// The noise of batches: variations by spherical interpolation, and a seed of its own for later noise.
import { describe, expect, it } from 'vitest';
import { batchNoise, slerp } from '../../client/sampling/batch-noise.ts';
import { randnCpu } from '../../client/sampling/cpu-noise.ts';
import { MAX_SEED } from '../../client/sampling/noise.ts';
import { randnPhilox } from '../../client/sampling/philox-noise.ts';
import { relativeError } from '../../client/tensor/tensor.ts';

const shape = [4, 8, 8];

describe('batchNoise', () => {
  it('goes on drawing from each picture’s generator', () => {
    const noise = batchNoise({ seeds: [1n, 2n], shape });
    const alone = randnCpu(2n);
    expect(noise.start.slice(256)).toEqual(alone.normal(256));
    expect(noise.draw().slice(256)).toEqual(alone.normal(256));
  });

  it('begins later noise anew at the seed and the delta', () => {
    const noise = batchNoise({ seeds: [5n], shape, source: 'nv', laterSeedDelta: 31337 });
    expect(noise.start).toEqual(randnPhilox(5n).normal(256));
    expect(noise.draw()).toEqual(randnPhilox(31342n).normal(256));
    const wrapped = batchNoise({ seeds: [MAX_SEED], shape, laterSeedDelta: 2 });
    expect(wrapped.draw()).toEqual(randnCpu(1n).normal(256));
  });

  it('leaves the first generator where variations do not reach', () => {
    const noise = batchNoise({ seeds: [1n], shape, variation: { seeds: [9n], strength: 0.4 } });
    const alone = randnCpu(1n);
    const first = alone.normal(256);
    expect(noise.start).toEqual(slerp(0.4, first, randnCpu(9n).normal(256), shape));
    expect(noise.draw()).toEqual(alone.normal(256));
  });
});

describe('slerp', () => {
  const [low, high] = [randnCpu(1n).normal(256), randnCpu(2n).normal(256)];

  it('runs from one end to the other', () => {
    expect(relativeError(slerp(0, low, high, shape), low)).toBeLessThan(1e-6);
    expect(relativeError(slerp(1, low, high, shape), high)).toBeLessThan(1e-6);
  });

  it('keeps columns of one length at that length', () => {
    const unit = (data: Float32Array) => {
      const result = data.slice();
      for (let channel = 0; channel < 4; channel++) {
        for (let x = 0; x < 8; x++) {
          const places = Array.from({ length: 8 }, (_, y) => (channel * 8 + y) * 8 + x);
          const length = Math.hypot(...places.map((i) => data[i]!));
          for (const i of places) result[i] = data[i]! / length;
        }
      }
      return result;
    };
    const mixed = slerp(0.3, unit(low), unit(high), shape);
    expect(relativeError(unit(mixed), mixed)).toBeLessThan(1e-6);
  });

  it('is a straight line between noises that are nearly one', () => {
    expect(relativeError(slerp(0.25, low, low, shape), low)).toBeLessThan(1e-6);
  });
});
