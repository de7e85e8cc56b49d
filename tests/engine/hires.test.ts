// A second pass at a larger size: enlarging, two explicit passes for one request, prompts and styles, metadata, refusals.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestOf } from '../../client/cli/generate-request.ts';
import type { HiresRequest } from '../../client/engine/engine.ts';
import { enlargeLatents } from '../../client/engine/enlarge.ts';
import type { Finding } from '../../client/engine/find-model.ts';
import { openModel } from '../../client/engine/model.ts';
import { encodeMean } from '../../client/engine/picture.ts';
import { currentPlatform } from '../../client/engine/platform.ts';
import { resample } from '../../client/engine/resample.ts';
import { LANCZOS } from '../../client/engine/resample-filter.ts';
import { Sessions } from '../../client/engine/sessions.ts';
import {
  createEngine,
  type Engine,
  type GenerateRequest,
  parseParameters,
  readPngText,
  relativeError,
  tensor,
} from '../../client/index.ts';
import { promptVersions } from '../../client/prompt/editing.ts';
import { tinctureJson } from '../cli/run.ts';

const MODEL = 'tests/golden/sd-tiny';
const SCALE = 0.18215;
const quick = { prompt: 'cat', seed: 7, steps: 4, sampler: 'euler', guidance: 1, width: 64, height: 64 };

let engine: Engine;
let folder: string;
const generate = (change: Partial<GenerateRequest>) =>
  engine.generate(structuredClone({ ...quick, ...change }));

beforeAll(async () => {
  engine = await createEngine({ model: MODEL, backend: 'wasm', threads: 1 });
  folder = mkdtempSync(join(tmpdir(), 'tincture-hires-'));
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

describe('latents are enlarged', () => {
  const latents = tensor([1, 1, 2, 3], Float32Array.of(0, 1, 4, 9, 16, 25));

  it('as PyTorch’s interpolate does it, bilinear and nearest', () => {
    const bilinear = enlargeLatents(latents, { width: 6, height: 4 }, false);
    expect(bilinear.shape).toEqual([1, 1, 4, 6]);
    expect([...bilinear.data]).toEqual([
      0, 0.25, 0.75, 1.75, 3.25, 4,
      2.25, 2.875, 4.125, 5.875, 8.125, 9.25,
      6.75, 8.125, 10.875, 14.125, 17.875, 19.75,
      9, 10.75, 14.25, 18.25, 22.75, 25,
    ]); // biome-ignore format: rows
    const odd = enlargeLatents(latents, { width: 5, height: 3 }, false);
    const rows = [0, 0.4, 1, 2.8, 4, 4.5, 6.1, 8.5, 12.1, 14.5, 9, 11.8, 16, 21.4, 25];
    expect(relativeError(odd.data, Float32Array.from(rows))).toBeLessThan(1e-6);
    expect([...enlargeLatents(latents, { width: 5, height: 3 }, true).data]).toEqual([
      0, 0, 1, 1, 4, 0, 0, 1, 1, 4, 9, 9, 16, 16, 25,
    ]);
    const nearest = enlargeLatents(latents, { width: 5, height: 4 }, true);
    // 5 × 4 is covered by 6 × 4: of each row the first five stay.
    expect([...nearest.data.subarray(0, 5)]).toEqual([0, 0, 1, 1, 4]);
    expect([...nearest.data.subarray(15)]).toEqual([9, 9, 16, 16, 25]);
  });

  it('each picture and channel by itself', () => {
    const two = tensor([2, 2, 1, 1], Float32Array.of(1, 2, 3, 4));
    expect([...enlargeLatents(two, { width: 2, height: 1 }, false).data]).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });
});

describe('a second pass', () => {
  /** Six of eight steps for 0.7, then 0.75 of them. */
  const hires = { scale: 2, steps: 6, denoisingStrength: 0.7 };
  const shape = { width: 128, height: 128, steps: 8, denoisingStrength: 5.5 / 8 };

  it.each(['euler', 'euler a', 'ddim'])(
    'with %s is image to image over the enlarged latents',
    async (sampler) => {
      const more = { sampler, batchSize: 2 };
      const done: (number | undefined)[] = [];
      const found = await engine.generate(
        { ...quick, ...more, batchCount: 2, hires },
        { onProgress: ({ stage, done: steps, total }) => stage === 'unet' && done.push(steps, total) },
      );
      expect(found.pictures.map(({ picture, seed }) => [picture.width, picture.height, seed])).toEqual(
        [7n, 8n, 9n, 10n].map((seed) => [128, 128, seed]),
      );
      expect(found.latents.shape).toEqual([4, 4, 16, 16]);
      const { latents } = await generate({ ...more, batchCount: 2 });
      const large = enlargeLatents(latents, { width: 16, height: 16 }, false).data;
      const one = large.length / 4;
      for (const i of [0, 3]) {
        const initLatent = tensor([1, 4, 16, 16], large.slice(i * one, (i + 1) * one));
        const alone = await generate({ sampler, seed: 7 + i, ...shape, initLatent });
        expect(
          relativeError(found.latents.data.slice(i * one, (i + 1) * one), alone.latents.data),
        ).toBeLessThan(1e-4);
      }
      const [first, second] = sampler === 'ddim' ? [4, 5] : [4, 6];
      expect(Math.max(...done.map((value) => value ?? 0))).toBe(2 * (first! + second!));
      expect(done.at(-1)).toBe(done.at(-2));
    },
  );

  it('over pixels decodes, scales and encodes', async () => {
    const finding: Finding = {
      platform: await currentPlatform(),
      registry: undefined,
      signal: undefined,
      onProgress: undefined,
    };
    const sessions = new Sessions(await openModel(MODEL, finding), 'wasm');
    try {
      const { picture } = await generate({});
      const size = { width: 128, height: 192 };
      const image = resample(picture, size, LANCZOS);
      const initLatent = await encodeMean(image, SCALE, await sessions.encoder('plain'));
      const found = await generate({ hires: { ...size, steps: 6, upscaler: 'pixels' } });
      const alone = await generate({ ...shape, ...size, initLatent });
      expect(relativeError(found.latents.data, alone.latents.data)).toBeLessThan(1e-4);
      expect(parseParameters(found.parameters)).toMatchObject({
        size: { width: 64, height: 64 },
        hiresSize: size,
        hiresSteps: 6,
        hiresUpscaler: 'Lanczos',
        denoisingStrength: 0.7,
      });
    } finally {
      await sessions.release();
    }
  });

  it('shows the styles a picture of its own, in each batch the same', async () => {
    const styles = [{ style: `${MODEL}/style-a.pt`, strength: 1 }];
    const two = await generate({ styles, hires, batchCount: 2 });
    const second = await generate({ styles, hires, seed: 8 });
    const half = two.latents.data.length / 2;
    expect(relativeError(two.latents.data.slice(half), second.latents.data)).toBeLessThan(1e-4);
    const without = await generate({ hires, seed: 8 });
    expect(relativeError(second.latents.data, without.latents.data)).toBeGreaterThan(1e-2);
  });

  it('reads a prompt that changes as the web UI does: shares from 1 on, steps after the first pass’s', async () => {
    const texts = (prompt: string) =>
      promptVersions(prompt, 6, { passes: 1, runs: 4 }).map(({ until, text }) => [until, text]);
    expect(texts('[cat:dog:0.5]')).toEqual([[6, 'dog']]);
    expect(texts('[cat:dog:1.5]')).toEqual([[3, 'cat'], [6, 'dog']]);
    expect(texts('[cat:dog:6]')).toEqual([[2, 'cat'], [6, 'dog']]);
    expect(promptVersions('[cat:dog:1.5]', 4)).toEqual([{ until: 4, text: 'cat' }]);
    const changed = await generate({ prompt: '[cat:dog:0.5]', hires });
    const { latents } = await generate({ prompt: '[cat:dog:0.5]' });
    const initLatent = enlargeLatents(latents, { width: 16, height: 16 }, false);
    const alone = await generate({ prompt: 'dog', ...shape, initLatent });
    expect(relativeError(changed.latents.data, alone.latents.data)).toBeLessThan(1e-4);
  }); // biome-ignore format: pairs

  it('takes a scale that comes to no whole number of places rounded down, and one side with the other after it', async () => {
    const sizeWith = async (change: HiresRequest) => {
      const { picture, parameters } = await generate({
        width: 32,
        height: 64,
        steps: 1,
        hires: { ...change, steps: 1 },
      });
      const { hiresScale, hiresSize } = parseParameters(parameters);
      return [picture.width, picture.height, hiresScale, hiresSize];
    };
    expect(await sizeWith({ scale: 1.3 })).toEqual([32, 80, 1.3, undefined]);
    expect(await sizeWith({ height: 96 })).toEqual([48, 96, undefined, { width: 48, height: 96 }]);
    expect(await sizeWith({})).toEqual([64, 128, 2, undefined]);
  });

  it.each([
    [{ scale: 0.5 }, /hires\.scale.*1 … 8.*0\.5/],
    [{ scale: 9 }, /hires\.scale.*1 … 8.*9/],
    [{ scale: Number.NaN }, /hires\.scale.*NaN/],
    [{ scale: 2, width: 128 }, /hires\.scale.*no hires\.width.*both/],
    [{ width: 100 }, /hires\.width.*multiple of 16.*Use 96/],
    [{ width: 32 }, /hires.*at least the first pass’s 64 × 64.*32 × 32/],
    [{ width: 64, height: 4112 }, /hires\.height.*4096/],
    [{ width: 4096, height: 4096 }, /batchSize.*at most 4 pictures of this size.*found 16/],
    [{ steps: 0 }, /hires\.steps.*1 … 1000.*0/],
    [{ steps: 20, denoisingStrength: 0 }, /hires\.denoisingStrength.*at least 0\.02 with 20 steps.*found 0/],
    [{ denoisingStrength: 1.1 }, /hires\.denoisingStrength.*0 … 1.*1\.1/],
    [{ upscaler: 'magic' as 'latent' }, /hires\.upscaler.*latent or latent-nearest or pixels.*magic/],
  ])('is refused: case %#', async (change, words) => {
    await expect(generate({ hires: change, batchSize: 16 })).rejects.toThrow(words);
  });

  it('is refused over a picture or a latent', async () => {
    const image = { width: 64, height: 64, pixels: new Uint8ClampedArray(4 * 64 * 64) };
    await expect(generate({ image, hires: {} })).rejects.toThrow(
      /hires.*noise alone.*found an image.*larger width/,
    );
    const initLatent = tensor([1, 4, 8, 8]);
    await expect(generate({ initLatent, hires: {} })).rejects.toThrow(/hires.*found an initLatent/);
  });

  it('stops when it is cancelled, and the next picture is drawn', async () => {
    const abort = new AbortController();
    const drawing = engine.generate(
      { ...quick, hires },
      { signal: abort.signal, onProgress: ({ done }) => done === 6 && abort.abort() },
    );
    await expect(drawing).rejects.toThrow(/abort/i);
    expect((await generate({ steps: 1 })).picture.width).toBe(64);
  });
});

describe('the command line', () => {
  it('draws a second pass and tells it', async () => {
    const output = join(folder, 'large.png');
    const facts = await tinctureJson(
      'generate', 'cat', '--model', MODEL, '--seed', '7', '--steps', '2', '--hires-scale', '2', '--hires-steps', '3',
      '--hires-denoise', '0.6', '--hires-upscaler', 'latent-nearest', '--backend', 'wasm', '--output', output,
    ); // biome-ignore format: pairs
    expect(facts).toMatchObject({ width: 128, height: 128 });
    expect(readPngText(readFileSync(output))['parameters']).toMatch(
      /Size: 64x64.*Denoising strength: 0.6, Hires upscale: 2, Hires steps: 3, Hires upscaler: Latent \(nearest\)/,
    );
  });

  it.each([
    [{ 'hires-steps': '3' }, { steps: 3 }],
    [
      { 'hires-scale': '1.5', 'hires-denoise': '0.5' },
      { scale: 1.5, denoisingStrength: 0.5 },
    ],
    [
      { 'hires-width': '128', 'hires-height': '192', 'hires-upscaler': 'pixels' },
      { width: 128, height: 192, upscaler: 'pixels' },
    ],
    [{ steps: '3' }, undefined],
  ])('reads %o', async (values, hires) => {
    expect((await requestOf('cat', values)).request.hires).toEqual(hires);
  });

  it.each([
    [{ 'hires-scale': '9' }, /--hires-scale must be a number from 1 to 8/],
    [{ 'hires-steps': '1001' }, /--hires-steps must be a number from 1 to 1000/],
    [{ 'hires-denoise': '2' }, /--hires-denoise must be a number from 0 to 1/],
    [{ 'hires-upscaler': 'x' }, /--hires-upscaler must be latent, latent-nearest or pixels, not "x"/],
    [
      { 'hires-scale': '2', image: 'a.png' },
      /--hires-scale draws a second time over a picture from noise.*--image/,
    ],
    [{ 'hires-scale': '2', 'hires-width': '128' }, /--hires-scale and --hires-width exclude each other/],
  ])('refuses %o', async (values, words) => {
    await expect(requestOf('cat', values)).rejects.toThrow(words);
  });
});
