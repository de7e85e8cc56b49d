// Pictures by prompts that change and join, by batches, seeds and start latents: each held against what it must equal.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Conditioning } from '../../client/engine/conditioning.ts';
import { StepStyles } from '../../client/engine/step-styles.ts';
import type { ReadyStyle } from '../../client/engine/styles.ts';
import {
  createEngine,
  type Engine,
  type GenerateRequest,
  parseParameters,
  relativeError,
  tensor,
} from '../../client/index.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ model: 'tests/golden/sd-tiny', backend: 'wasm', threads: 1 });
});
afterAll(() => engine.close());

const quick: GenerateRequest = { prompt: 'cat', seed: 7, steps: 4, sampler: 'euler', guidance: 3 };
const generate = (change: Partial<GenerateRequest>) => engine.generate({ ...quick, ...change });
const draw = async (change: Partial<GenerateRequest>) => (await generate(change)).latents.data;

describe('prompts that change', () => {
  it('read another text from their run on', async () => {
    const edited = await draw({ prompt: '[cat:dog:2]' });
    expect(await draw({ prompt: '[cat|cat|dog|dog]' })).toEqual(edited);
    expect(await draw({ prompt: '[cat:dog:99]' })).toEqual(await draw({}));
    expect(await draw({ prompt: '[cat:dog:0]' })).toEqual(await draw({ prompt: 'dog' }));
    for (const prompt of ['cat', 'dog']) {
      expect(relativeError(await draw({ prompt }), edited)).toBeGreaterThan(1e-5);
    }
  });

  it('count each run of a second-order sampler', async () => {
    const heun = { sampler: 'heun', steps: 2, guidance: 1 };
    // Three runs of four: the last alone reads the second text.
    const edited = await draw({ ...heun, prompt: '[cat:dog:0.25]' });
    expect(await draw({ ...heun, prompt: '[cat:dog:1]' })).toEqual(edited);
    expect(await draw({ ...heun, prompt: '[cat:dog:2]' })).toEqual(await draw({ ...heun, prompt: 'cat' }));
  });

  it('have a style bend each different context once', async () => {
    const context = (value: number) => tensor([77, 24], new Float32Array(77 * 24).fill(value));
    const conditioning: Conditioning = {
      contexts: [context(1), context(2), context(3)],
      weights: [1],
      tokens: 77,
      rows: 2,
      embeddings: [],
      notices: [],
      at: (run) => ({ prompts: [run % 2], negative: 2 }),
    };
    const bent: number[] = [];
    const style: ReadyStyle = {
      name: 'counting',
      strength: 1,
      factors: {},
      overSteps: [],
      parameters: {},
      hash: '',
      ask: (question) =>
        question({
          parameters: [],
          begin: async () => undefined,
          network: async () => ({ description: { name: 'counting' }, widths: new Map() }),
          bend: async (_phase, pair) => {
            bent.push(pair.k[0]!);
            return { ...pair, k: pair.k.slice() };
          },
          close: async () => {},
        }),
    };
    const styles = await StepStyles.begin([style], conditioning, 6);
    for (let run = 0; run < 6; run++) {
      const { groups } = await styles.at(run, run);
      expect(groups.map(({ k }) => [k.data[0], k.data.at(-1)])).toEqual([[1 + (run % 2), 3]]);
    }
    expect(bent).toEqual([1, 3, 2]);
  });
});

describe('prompts joined by AND', () => {
  it('pull as strongly as they weigh', async () => {
    const double = await draw({ prompt: 'cat AND cat', guidance: 1.5 });
    expect(relativeError(double, await draw({}))).toBeLessThan(1e-5);
    // The longer part is read as it is; the shorter one, filled up, counts nothing.
    const none = await draw({ prompt: 'cat BREAK dog AND house :0', guidance: 1 });
    expect(relativeError(none, await draw({ prompt: 'cat BREAK dog', guidance: 1 }))).toBeLessThan(1e-5);
  });

  it('leave out tags of other networks, and say so', async () => {
    const { notices, latents } = await generate({ prompt: 'cat<lora:fur:0.7>' });
    expect(notices.join()).toMatch(/<lora:fur:0\.7> is no kind of style/);
    expect(latents.data).toEqual(await draw({}));
  });

  it('tell when a number at the end weighs a whole prompt', async () => {
    const { notices, latents } = await generate({ prompt: 'cat :2', guidance: 1.5 });
    expect(notices.join()).toMatch(/ends in “:2”/);
    expect(relativeError(latents.data, await draw({}))).toBeLessThan(1e-5);
  });
});

describe('batches', () => {
  it('count seeds up, and draw the pictures that each seed draws alone', async () => {
    const done: number[] = [];
    const { pictures, latents, seed } = await engine.generate(
      { ...quick, batchSize: 2, batchCount: 2, sampler: 'euler_ancestral', steps: 2 },
      { onProgress: (progress) => progress.stage === 'unet' && done.push(progress.done!) },
    );
    expect(pictures.map((picture) => picture.seed)).toEqual([7n, 8n, 9n, 10n]);
    expect(pictures.map(({ parameters }) => parseParameters(parameters).seed)).toEqual([7n, 8n, 9n, 10n]);
    expect(seed).toBe(7n);
    expect(latents.shape).toEqual([4, 4, 8, 8]);
    expect(done).toEqual([0, 1, 2, 2, 3, 4]);
    const alone = await draw({ seed: 10, sampler: 'euler_ancestral', steps: 2 });
    expect(relativeError(latents.data.slice(3 * 256), alone)).toBeLessThan(1e-5);
  });

  it('with a variation keep the seed and count variation seeds', async () => {
    const varied = { variationSeed: 20, variationStrength: 1, batchSize: 2 };
    const { pictures, latents } = await generate(varied);
    expect(pictures.map(({ parameters }) => parseParameters(parameters))).toMatchObject([
      { seed: 7n, variationSeed: 20n, variationStrength: 1 },
      { seed: 7n, variationSeed: 21n, variationStrength: 1 },
    ]);
    // At strength 1 nothing of the seed is left.
    expect(relativeError(latents.data.slice(256), await draw({ seed: 21 }))).toBeLessThan(1e-4);
  });
});

describe('noise and start', () => {
  it('come from the generator that is asked for, and say so', async () => {
    const { latents, parameters } = await generate({ rng: 'nv' });
    expect(relativeError(latents.data, await draw({}))).toBeGreaterThan(0.1);
    expect(parseParameters(parameters).rng).toBe('NV');
  });

  it('a seed delta moves ancestral noise alone', async () => {
    const ancestral = { sampler: 'euler_ancestral', laterSeedDelta: 31337 };
    const { latents, parameters } = await generate(ancestral);
    expect(parseParameters(parameters).ensd).toBe(31337);
    expect(relativeError(latents.data, await draw({ ...ancestral, laterSeedDelta: 0 }))).toBeGreaterThan(
      0.01,
    );
    const still = await generate({ laterSeedDelta: 31337 });
    expect(still.latents.data).toEqual(await draw({}));
    expect(still.parameters).not.toContain('ENSD');
  });

  it.each(['euler', 'ddim'])('%s begins on a latent under noise, in its last steps', async (sampler) => {
    const latent = tensor([1, 4, 8, 8], new Float32Array(256).fill(0.5));
    const started = await generate({ sampler, initLatent: latent, denoisingStrength: 0.3, steps: 10 });
    expect(parseParameters(started.parameters).denoisingStrength).toBe(0.3);
    const distance = (data: Float32Array) => relativeError(data, latent.data);
    const more = await draw({ sampler, initLatent: latent, denoisingStrength: 0.9, steps: 10 });
    expect(distance(started.latents.data)).toBeLessThan(distance(more));
  });

  it('a latent of nothing at full strength is no start at all', async () => {
    const nothing = { initLatent: tensor([1, 4, 8, 8]), denoisingStrength: 1 };
    expect(await draw(nothing)).toEqual(await draw({}));
  });

  it.each([
    [{ batchSize: 17 }, /batchSize.*1 … 16.*17/],
    [{ batchCount: 0 }, /batchCount/],
    [{ batchSize: 5, width: 4096, height: 4096 }, /batchSize.*at most 4 pictures of this size.*5/],
    [{ batchCount: 17, width: 4096, height: 4096 }, /batchCount.*at most 16 pictures of this size.*17/],
    [{ clipSkip: 3 }, /clipSkip.*1 … 2.*3/],
    [{ variationStrength: 2 }, /variationStrength.*0 … 1.*2/],
    [{ rng: 'gpu' as 'cpu' }, /rng.*cpu or nv.*gpu/],
    [{ seed: 2n ** 64n - 1n, batchSize: 2 }, /seed is out of range/],
    [{ noise: tensor([1, 4, 8, 8]), batchSize: 2 }, /noise.*\[2, 4, 8, 8\]/],
    [{ initLatent: tensor([1, 4, 8, 9]) }, /initLatent.*\[1, 4, 8, 8\]/],
    [{ denoisingStrength: Number.NaN }, /denoisingStrength/],
    [{ prompt: `[${Array.from({ length: 200 }, (_, i) => `${i} BREAK ${i} BREAK a`).join('|')}]`, steps: 999 }, /too many chunks/],
    [{ prompt: Array<string>(9).fill('a').join(' AND ') }, /joined by AND.*at most 8/],
  ])('refuses %o', async (change, words) => {
    await expect(generate(change)).rejects.toThrow(words);
  }); // biome-ignore format: a table
});
