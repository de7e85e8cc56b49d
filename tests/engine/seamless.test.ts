// Pictures whose edges meet, and pictures whose VAE runs over tiles, through the engine.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine, type Picture, type Tensor } from '../../client/index.ts';
import { pictureNoise } from '../../client/sampling/noise.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { rolled } from '../models/rolled.ts';

/** Pixels of a latent. */
const FACTOR = 8;
let engine: Engine;

beforeAll(async () => {
  engine = await createEngine({ model: 'tests/golden/sd-tiny', backend: 'wasm', threads: 1 });
});
afterAll(() => engine.close());

/** RGBA as a tensor [1, 1, height, 4·width], so that it can be moved around. */
const flat = ({ width, height, pixels }: Picture): Tensor =>
  tensor([1, 1, height, 4 * width], Float32Array.from(pixels));

const worst = (a: Tensor, b: Tensor): number =>
  a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);

describe('tiling', () => {
  const side = 64;
  const request = { prompt: 'red apple', steps: 2, sampler: 'Euler', guidance: 3, width: side, height: side };

  it.each([true, false])(
    '%s: noise moved around the torus gives the picture moved, or not',
    async (tiling) => {
      const latents = side / FACTOR;
      const noise = tensor([1, 4, latents, latents], pictureNoise([3n], 4 * latents ** 2)());
      const step = engine.model.pixelMultiple;
      const plain = await engine.generate({ ...request, noise, tiling });
      const moved = await engine.generate({
        ...request,
        tiling,
        noise: rolled(noise, step / FACTOR, step / FACTOR),
      });
      const difference = worst(flat(moved.picture), rolled(flat(plain.picture), step, 4 * step));
      if (tiling) expect(difference).toBeLessThanOrEqual(1);
      else expect(difference).toBeGreaterThan(20);
      expect(plain.parameters.includes('Tiling: True')).toBe(tiling);
    },
  );

  it('is refused in words where it is no truth value', async () => {
    const wrong = { ...request, tiling: 'yes' as unknown as boolean };
    await expect(engine.generate(wrong)).rejects.toThrow('tiling cannot be used; expected true or false');
  });
});

describe('vaeTiling', () => {
  /** One latent more than a tile is long. */
  const request = { prompt: 'red apple', seed: 1, steps: 1, width: FACTOR * 66, height: 16 };

  it('changes the picture a little where it is larger than a tile, and tells of it', async () => {
    const whole = await engine.generate(request);
    const off = await engine.generate({ ...request, vaeTiling: 'off' });
    expect(off.picture).toEqual(whole.picture);
    const tiled = await engine.generate({ ...request, vaeTiling: 'on' });
    expect(tiled.latents).toEqual(whole.latents);
    expect(tiled.picture).not.toEqual(whole.picture);
    const difference = flat(tiled.picture).data.map((value, i) => value - flat(whole.picture).data[i]!);
    const squares = difference.reduce((sum, value) => sum + value ** 2, 0);
    expect(Math.sqrt(squares / difference.length)).toBeLessThan(1.5);
    expect(whole.parameters).not.toContain('VAE tiling');
    expect(tiled.parameters).toContain('VAE tiling: on');
    const small = { ...request, width: 64 } as const;
    const { picture } = await engine.generate(small);
    expect((await engine.generate({ ...small, vaeTiling: 'on' })).picture).toEqual(picture);
  });

  it('names the choices', async () => {
    const wrong = { ...request, vaeTiling: 'maybe' as unknown as 'auto' };
    await expect(engine.generate(wrong)).rejects.toThrow(
      'vaeTiling cannot be used; expected auto or on or off',
    );
  });
});
