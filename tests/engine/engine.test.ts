// The engine in Node on the golden model: the reference's trajectories, styles, cancellation, and errors in words.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPngText } from '../../client/formats/png-text.ts';
import {
  bytesSource,
  createEngine,
  type Engine,
  type GenerateRequest,
  openSafetensors,
  relativeError,
  type Tensor,
} from '../../client/index.ts';

const GOLDEN = 'tests/golden/sd-tiny';
const BOTH_STYLES = [
  { style: `${GOLDEN}/style-a.pt`, strength: 0.8 },
  { style: `${GOLDEN}/style-b.pt`, strength: 0.5 },
];

let engine: Engine;
let expected: (name: string) => Promise<Tensor>;
let request: GenerateRequest;

beforeAll(async () => {
  engine = await createEngine({ model: GOLDEN, backend: 'wasm', threads: 1 });
  const file = await openSafetensors(
    bytesSource('expected', await readFile(`${GOLDEN}/expected.safetensors`)),
  );
  expected = (name) => file.read(name);
  request = {
    prompt: 'a photo of a red apple, best quality',
    negativePrompt: 'blurry',
    sampler: 'ddim',
    steps: 5,
    guidance: 7.5,
    noise: await expected('init_noise'),
  };
});

afterAll(() => engine.close());

describe('golden trajectories', () => {
  it('draws the reference’s DDIM latent and picture', async () => {
    const { latents, picture } = await engine.generate(request);
    expect(relativeError(latents.data, (await expected('ddim_latent')).data)).toBeLessThan(1e-3);
    expect(worstPixel(picture.pixels, await expected('ddim_image'))).toBeLessThanOrEqual(2);
  });

  it('draws it with two styles in order, text part through the sandbox and self-attention in the graph', async () => {
    const { latents, picture } = await engine.generate({ ...request, styles: BOTH_STYLES });
    expect(relativeError(latents.data, (await expected('ddim_latent_hypernetworks')).data)).toBeLessThan(
      1e-3,
    );
    expect(worstPixel(picture.pixels, await expected('ddim_image_hypernetworks'))).toBeLessThanOrEqual(2);
  });

  it('takes styles from the prompt’s tags, and a style’s order matters', async () => {
    const tagged = await engine.generate({
      ...request,
      styles: BOTH_STYLES.slice(0, 1),
      prompt: `${request.prompt} <hypernet:${GOLDEN}/style-b.pt:0.5>`,
    });
    expect(
      relativeError(tagged.latents.data, (await expected('ddim_latent_hypernetworks')).data),
    ).toBeLessThan(1e-3);
    const swapped = await engine.generate({ ...request, styles: BOTH_STYLES.toReversed() });
    expect(relativeError(swapped.latents.data, tagged.latents.data)).toBeGreaterThan(1e-3);
  });
});

describe('what a request means', () => {
  const quick: GenerateRequest = { prompt: 'red apple', seed: 7, steps: 2, sampler: 'euler', guidance: 3 };

  it('draws the same picture for the same seed, and strength 0 changes no pixel', async () => {
    const plain = await engine.generate(quick);
    const again = await engine.generate({
      ...quick,
      styles: BOTH_STYLES.map((use) => ({ ...use, strength: 0 })),
    });
    expect(again.picture.pixels).toEqual(plain.picture.pixels);
    const other = await engine.generate({ ...quick, seed: 8 });
    expect(other.picture.pixels).not.toEqual(plain.picture.pixels);
  });

  it('ignores the negative prompt without guidance', async () => {
    const one = await engine.generate({ ...quick, guidance: 1, negativePrompt: 'blurry' });
    const two = await engine.generate({ ...quick, guidance: 1, negativePrompt: 'green house' });
    expect(two.latents.data).toEqual(one.latents.data);
  });

  it('reports every step, with previews when asked', async () => {
    const steps: number[] = [];
    let previews = 0;
    await engine.generate(
      { ...quick, steps: 3, previewEvery: 2 },
      {
        onProgress: (progress) => {
          if (progress.stage === 'unet' && progress.done !== undefined) steps.push(progress.done);
          if (progress.preview !== undefined) {
            previews++;
            expect([progress.preview.width, progress.preview.height]).toEqual([8, 8]);
          }
        },
      },
    );
    expect(steps).toEqual([0, 1, 2, 3]);
    expect(previews).toBe(1);
  });

  it('writes the parameters into the PNG', async () => {
    const { png, parameters } = await engine.generate({
      ...quick,
      negativePrompt: 'blurry',
      seed: 2n ** 64n - 1n,
    });
    expect(readPngText(png)['parameters']).toBe(parameters);
    expect(parameters).toContain('red apple\nNegative prompt: blurry\nSteps: 2, Sampler: Euler');
    expect(parameters).toContain('Seed: 18446744073709551615');
    expect(parameters).toContain('Size: 64x64');
  });

  it('reads a prompt past 75 tokens, beside a shorter negative prompt', async () => {
    const long = 'apple '.repeat(90);
    const one = await engine.generate({ ...quick, prompt: long, negativePrompt: 'blurry' });
    const other = await engine.generate({ ...quick, prompt: `${long} house`, negativePrompt: 'blurry' });
    expect(relativeError(one.latents.data, other.latents.data)).toBeGreaterThan(1e-4);
  });
});

describe('cancelling and failing', () => {
  it('stops between steps and goes on with the next picture', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const cancelled = engine.generate(
      { prompt: 'x', steps: 50, seed: 1 },
      {
        signal: abort.signal,
        onProgress: ({ stage, done }) => {
          if (stage !== 'unet' || done === undefined) return;
          seen.push(done);
          if (done === 2) abort.abort();
        },
      },
    );
    await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
    expect(Math.max(...seen)).toBe(2);
    await expect(engine.generate({ prompt: 'x', steps: 1, seed: 1 })).resolves.toBeDefined();
  });

  it.each([
    [{ steps: 0 }, /steps.*1 … 1000.*0/],
    [{ steps: 2.5 }, /steps.*whole/],
    [{ width: 63 }, /width.*multiple of 16.*63.*Use 64/],
    [{ height: 100_000 }, /height.*4096/],
    [{ guidance: Number.NaN }, /guidance.*NaN/],
    [{ seed: -1 }, /seed.*-1/],
    [{ seed: 2n ** 64n }, /seed.*18446744073709551616/],
    [{ sampler: 'magic' }, /magic/],
    [{ styles: [{ style: 'nowhere.pt' }] }, /no style nowhere\.pt/],
    [{ styles: [{ style: `${GOLDEN}/style-a.pt`, strength: 1e9 }] }, /strength of style-a/],
    [{ prompt: 'apple <hypernet:missing:1>' }, /no style missing/],
    [{ noise: { shape: [1, 4, 4, 4], data: new Float32Array(64) } }, /noise.*\[1, 4, 8, 8\].*\[1, 4, 4, 4\]/],
  ])('refuses %o in words', async (change, words) => {
    await expect(engine.generate({ prompt: 'apple', steps: 1, ...change })).rejects.toThrow(words);
  });

  it('names a style that makes the picture non-finite', async () => {
    const huge = await engineStyleWithHugeWeights();
    const styles = [BOTH_STYLES[0]!, { style: { name: 'broken.safetensors', file: huge } }];
    await expect(engine.generate({ ...request, styles })).rejects.toThrow(/broken/);
    await expect(engine.generate({ prompt: 'x', steps: 1 })).resolves.toBeDefined();
  });

  it('refuses a closed engine', async () => {
    const short = await createEngine({ model: GOLDEN, backend: 'wasm' });
    await short.close();
    await expect(short.generate({ prompt: 'x' })).rejects.toMatchObject({ code: 'engine/closed' });
  });

  it('says where it looked for a model', async () => {
    await expect(createEngine({ model: 'no/such/model' })).rejects.toThrow(
      /no model no\/such\/model.*registry/,
    );
  });
});

/** Largest difference of 8-bit pixels to a reference image [1, 3, h, w] in 0 … 1. */
function worstPixel(pixels: Uint8ClampedArray, image: Tensor): number {
  const area = pixels.length / 4;
  let worst = 0;
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < 3; channel++) {
      const wanted = image.data[channel * area + i]! * 255;
      worst = Math.max(worst, Math.abs(pixels[i * 4 + channel]! - wanted));
    }
  }
  return worst;
}

/** style-a with self-attention weights so large that the UNet overflows float32, finite in the file. */
async function engineStyleWithHugeWeights() {
  const { readHypernetwork, writeHypernetworkSafetensors } = await import('../../client/index.ts');
  const style = await readHypernetwork(bytesSource('style-a.pt', await readFile(`${GOLDEN}/style-a.pt`)));
  for (const [width, pair] of style.widths) {
    if (width === engine.model.contextWidth) continue;
    for (const layer of [...pair.k, ...pair.v]) if (layer.kind === 'linear') layer.weight.data.fill(3e38);
  }
  return bytesSource('broken.safetensors', writeHypernetworkSafetensors(style));
}
