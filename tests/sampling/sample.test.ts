// The whole of sampling around a network: scalings, guidance, DDIM, and the one call the engine makes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ddimTimesteps, walkDdim } from '../../client/sampling/ddim.ts';
import { createDenoiser, guidanceShares, type UnetRun } from '../../client/sampling/denoiser.ts';
import { ALPHAS_CUMULATIVE, sigmaToTimestep, timestepToSigma } from '../../client/sampling/diffusion.ts';
import { PLAIN_MATH } from '../../client/sampling/latent.ts';
import { SAMPLERS } from '../../client/sampling/names.ts';
import { pictureNoise } from '../../client/sampling/noise.ts';
import { sample, stepsTaken } from '../../client/sampling/sample.ts';
import { relativeError } from '../../client/tensor/tensor.ts';

const latent = pictureNoise([1n], 64)();

type PlainUnet = UnetRun<Float32Array>;

/** The same answer for the prompt and, where it has a say, the negative prompt. */
function answering(answer: (input: Float32Array, timestep: number) => Float32Array): PlainUnet {
  return async (input, timestep, rows) => {
    const predicted = answer(input, timestep);
    return rows === 'prompt' ? [predicted] : [predicted, predicted];
  };
}

/** The perfect network for a world that holds one picture only: it knows the clean latent. */
function knowing(clean: Float32Array, prediction: 'epsilon' | 'v'): PlainUnet {
  return answering((input, timestep) => {
    const alpha = 1 / (timestepToSigma(timestep) ** 2 + 1);
    return input.map((x, i) => {
      const noise = (x - Math.sqrt(alpha) * clean[i]!) / Math.sqrt(1 - alpha);
      return prediction === 'epsilon' ? noise : Math.sqrt(alpha) * noise - Math.sqrt(1 - alpha) * clean[i]!;
    });
  });
}

describe('ALPHAS_CUMULATIVE', () => {
  it('are the checkpoint’s own', () => {
    expect(ALPHAS_CUMULATIVE[0]).toBeCloseTo(0.99915, 6);
    expect(ALPHAS_CUMULATIVE[999]).toBeCloseTo(0.00466, 6);
  });
});

describe('createDenoiser', () => {
  it.each(['epsilon', 'v'] as const)('undoes the scalings of %s prediction', async (prediction) => {
    const denoiser = createDenoiser({
      math: PLAIN_MATH,
      unet: knowing(latent, prediction),
      prediction,
      guidance: 1,
    });
    const noise = pictureNoise([2n], 64)();
    for (const sigma of [0.5, 3, 14]) {
      const x = latent.map((value, i) => value + sigma * noise[i]!);
      expect(relativeError(await denoiser.denoise(x, sigma, 0), latent)).toBeLessThan(2e-4);
    }
    const alpha = ALPHAS_CUMULATIVE[400]!;
    const x = latent.map((value, i) => Math.sqrt(alpha) * value + Math.sqrt(1 - alpha) * noise[i]!);
    expect(relativeError(await denoiser.predictNoise(x, 400, 0), noise)).toBeLessThan(1e-5);
  });

  it('shows the network the scaled latent and the timestep of σ', async () => {
    const seen: unknown[] = [];
    const unet: PlainUnet = async (input, timestep, rows, step) => {
      seen.push([[...input], timestep, rows, step]);
      return [input, input];
    };
    const denoiser = createDenoiser({ math: PLAIN_MATH, unet, prediction: 'epsilon', guidance: 7 });
    await denoiser.denoise(Float32Array.of(3, 6), Math.sqrt(8), 5);
    expect(seen).toEqual([[[1, 2], sigmaToTimestep(Math.sqrt(8)), 'prompt-and-negative', 5]]);
  });

  it('asks for the prompt alone when guidance is 1', async () => {
    const rowsSeen: string[] = [];
    const unet: PlainUnet = async (input, _timestep, rows) => {
      rowsSeen.push(rows);
      return [input];
    };
    const denoiser = createDenoiser({ math: PLAIN_MATH, unet, prediction: 'epsilon', guidance: 1 });
    await denoiser.denoise(latent, 1, 0);
    expect(rowsSeen).toEqual(['prompt']);
  });

  it('mixes the prompt’s prediction, which comes first, with the negative prompt’s', async () => {
    const unet: PlainUnet = async () => [Float32Array.of(1), Float32Array.of(3)];
    const denoiser = createDenoiser({ math: PLAIN_MATH, unet, prediction: 'epsilon', guidance: 4 });
    const guided = 3 + 4 * (1 - 3);
    expect([...(await denoiser.predictNoise(Float32Array.of(0), 1, 0))]).toEqual([guided]);
    expect([...(await denoiser.denoise(Float32Array.of(10), 2, 0))]).toEqual([10 - 2 * guided]);
  });

  it.each([
    [[new Float32Array(3)], '3'],
    [[latent, latent], '64 + 64'],
  ])('refuses predictions of another size or number', async (predictions, found) => {
    const unet: PlainUnet = async () => predictions;
    const denoiser = createDenoiser({ math: PLAIN_MATH, unet, prediction: 'epsilon', guidance: 1 });
    await expect(denoiser.denoise(latent, 1, 0)).rejects.toThrow(`expected 1 × 64 values, found ${found}`);
  });
});

describe('guidanceShares', () => {
  const values = fc.float({ min: -100, max: 100, noNaN: true });
  it('are u + g (c − u)', () => {
    fc.assert(
      fc.property(values, values, fc.float({ min: 0, max: 30, noNaN: true }), (c, u, g) => {
        const [prompt, negative] = guidanceShares([1], g) as [number, number];
        const expected = u + g * (c - u);
        expect(Math.abs(prompt * c + negative * u - expected)).toBeLessThanOrEqual(
          1e-12 * Math.max(1, 100 * (1 + g)),
        );
      }),
    );
  });

  it('add what each of several prompts asks for', () => {
    const [a, b, u] = [3, -1, 0.5];
    const shares = guidanceShares([1, 0.5], 2);
    expect(shares).toEqual([2, 1, -2]);
    expect(shares[0]! * a + shares[1]! * b + shares[2]! * u).toBe(u + 2 * (a - u) + 2 * 0.5 * (b - u));
  });
});

describe('ddimTimesteps', () => {
  it('are 1, c + 1, 2c + 1 …', () => {
    expect(ddimTimesteps(5)).toEqual([1, 201, 401, 601, 801]);
    expect(ddimTimesteps(1)).toEqual([1]);
    expect(ddimTimesteps(50).length).toBe(50);
  });

  it('take every one that fits, as the reference does', () => {
    expect(ddimTimesteps(30).length).toBe(31);
    expect(ddimTimesteps(7)).toEqual([1, 143, 285, 427, 569, 711, 853, 995]);
  });

  it('never pass the last timestep', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (steps) => {
        const timesteps = ddimTimesteps(steps);
        expect(timesteps[0]).toBe(1);
        expect(Math.max(...timesteps)).toBeLessThanOrEqual(999);
        expect(timesteps.length).toBeGreaterThanOrEqual(steps);
      }),
    );
  });
});

describe('walkDdim', () => {
  it('ends at ᾱ(0): the clean latent and a trace of noise', async () => {
    const noise = pictureNoise([3n], 64)();
    const x = await walkDdim({
      math: PLAIN_MATH,
      timesteps: ddimTimesteps(5),
      x: noise,
      predictNoise: async () => noise,
    });
    const alphaLast = ALPHAS_CUMULATIVE[801]!;
    const clean = (1 - Math.sqrt(1 - alphaLast)) / Math.sqrt(alphaLast);
    const alphaEnd = ALPHAS_CUMULATIVE[0]!;
    const scale = Math.sqrt(alphaEnd) * clean + Math.sqrt(1 - alphaEnd);
    expect(
      relativeError(
        x,
        noise.map((value) => value * scale),
      ),
    ).toBeLessThan(1e-5);
  });

  it('stops when aborted', async () => {
    const controller = new AbortController();
    let runs = 0;
    const predictNoise = async (x: Float32Array) => {
      if (++runs === 2) controller.abort(new Error('enough'));
      return x;
    };
    const walk = walkDdim({
      math: PLAIN_MATH,
      timesteps: ddimTimesteps(5),
      x: latent,
      predictNoise,
      signal: controller.signal,
    });
    await expect(walk).rejects.toThrow('enough');
    expect(runs).toBe(2);
  });
});

describe('sample', () => {
  const base = { math: PLAIN_MATH, prediction: 'epsilon', guidance: 7.5, steps: 12 } as const;

  it.each(SAMPLERS)('$key finds the one picture its network knows', async ({ key }) => {
    const draw = pictureNoise([9n], 64);
    const result = await sample({
      ...base,
      sampler: key,
      unet: knowing(latent, 'epsilon'),
      noise: draw(),
      draw,
    });
    expect(relativeError(result, latent)).toBeLessThan(0.05);
  });

  it.each(SAMPLERS)('$key makes each picture of a batch as if it were alone', async ({ key }) => {
    const unet = answering((input, timestep) => input.map((x) => Math.tanh(x + timestep / 1000)));
    const together = pictureNoise([5n, 6n], 64);
    const batch = await sample({
      ...base,
      steps: 4,
      sampler: key,
      unet,
      noise: together(),
      draw: together,
    });
    const alone = pictureNoise([6n], 64);
    const single = await sample({ ...base, steps: 4, sampler: key, unet, noise: alone(), draw: alone });
    expect(batch.slice(64)).toEqual(single);
  });

  it('is given a last noise level of its own by DPM2', async () => {
    const sigmas: number[] = [];
    const unet = answering((input, timestep) => {
      sigmas.push(timestep);
      return input;
    });
    const draw = pictureNoise([9n], 64);
    await sample({
      ...base,
      guidance: 1,
      steps: 3,
      sampler: 'dpm_2',
      schedule: 'discrete',
      unet,
      noise: draw(),
      draw,
    });
    expect(sigmas.filter((_, i) => i % 2 === 0).map(Math.round)).toEqual([999, 666, 333]);
  });

  it.each([
    ['euler', 3, [0, 1, 2]],
    ['heun', 3, [0, 0, 1, 1, 2]],
    ['dpm_2', 2, [0, 0, 1]],
    ['dpmpp_2s_ancestral', 3, [0, 0, 1, 1, 2]],
    ['ddim', 7, [0, 1, 2, 3, 4, 5, 6, 7]],
  ] as const)('%s tells the UNet which of %i steps it is in', async (sampler, steps, expected) => {
    const seen: number[] = [];
    const unet: PlainUnet = async (input, _timestep, _rows, step) => {
      seen.push(step);
      return [input, input];
    };
    const draw = pictureNoise([9n], 64);
    await sample({ ...base, sampler, steps, unet, noise: draw(), draw });
    expect(seen).toEqual(expected);
    expect(stepsTaken(sampler, steps)).toBe(Math.max(...expected) + 1);
  });

  it('refuses a draw of another size', async () => {
    const unet = answering((input) => input);
    const run = sample({ ...base, sampler: 'Euler a', unet, noise: latent, draw: () => new Float32Array(3) });
    await expect(run).rejects.toThrow(/draw of noise has another size.*expected 64 values, found 3/);
  });
});
