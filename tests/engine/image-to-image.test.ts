// Pictures that begin on a picture: size, encoding, strength and refusals, on the golden model and from the command line.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestOf } from '../../client/cli/generate-request.ts';
import { MAX_START_BYTES, readStartPicture } from '../../client/cli/start-picture.ts';
import type { Finding } from '../../client/engine/find-model.ts';
import { openModel } from '../../client/engine/model.ts';
import { decodeLatent, encodeMean } from '../../client/engine/picture.ts';
import { currentPlatform } from '../../client/engine/platform.ts';
import { resample } from '../../client/engine/resample.ts';
import { Sessions } from '../../client/engine/sessions.ts';
import { MAX_START_PIXELS } from '../../client/engine/start-picture.ts';
import {
  createEngine,
  decodePng,
  type Engine,
  encodePng,
  type GenerateRequest,
  openSafetensors,
  type Picture,
  parseParameters,
  readPngText,
  relativeError,
  type Tensor,
  tensor,
} from '../../client/index.ts';
import { tinctureJson } from '../cli/run.ts';
import { goldenSource } from '../formats/golden.ts';

const MODEL = 'tests/golden/sd-tiny';
const SCALE = 0.18215;
/** The noise level of timestep 0. */
const LOWEST_NOISE = 0.0292;
const quick = { prompt: 'cat', seed: 7, steps: 4, sampler: 'euler', guidance: 1 } as const;

let engine: Engine;
let sessions: Sessions;
let folder: string;
const generate = (change: Partial<GenerateRequest>) => engine.generate({ ...quick, ...change });

beforeAll(async () => {
  engine = await createEngine({ model: MODEL, backend: 'wasm', threads: 1 });
  const platform = await currentPlatform();
  const finding: Finding = { platform, registry: undefined, signal: undefined, onProgress: undefined };
  sessions = new Sessions(await openModel(MODEL, finding), 'wasm');
  folder = mkdtempSync(join(tmpdir(), 'tincture-image-'));
});
afterAll(async () => {
  await engine.close();
  await sessions.release();
  rmSync(folder, { recursive: true });
});

/** Colours that differ at each place and fall slowly. */
function picture(width: number, height: number, alpha = 255): Picture {
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [(i % width) / width, Math.floor(i / width) / height];
    pixels.set([255 * x, 255 * y, 128 + 100 * Math.sin(6 * x * y), alpha], 4 * i);
  }
  return { width, height, pixels };
}

const encode = async (image: Tensor) => encodeMean(image, SCALE, await sessions.encoder('plain'));

describe('the latent', () => {
  it('is the golden mean times the scale', async () => {
    const golden = await openSafetensors(goldenSource('sd-tiny/expected.safetensors'));
    const latent = await encode(await golden.read('encode_input'));
    const { shape, data } = await golden.read('encode_moments');
    expect(latent.shape).toEqual([shape[0], 4, shape[2], shape[3]]);
    const mean = data.slice(0, latent.data.length).map((value) => value * SCALE);
    expect(relativeError(latent.data, mean)).toBeLessThan(1e-4);
  });

  it('comes from an encoder that is made anew once it was freed', async () => {
    const before = await sessions.encoder('plain');
    expect(await sessions.encoder('plain')).toBe(before);
    await sessions.releaseEncoders();
    await expect(before.run({ image: tensor([1, 3, 64, 64]) })).rejects.toThrow();
    expect(await sessions.encoder('plain')).not.toBe(before);
  });
});

describe('a start picture', () => {
  it.each(['euler', 'ddim'])('is what a start latent from the same picture is, with %s', async (sampler) => {
    const image = picture(64, 64);
    const initLatent = await encode(resample(image, image));
    const more = { sampler, denoisingStrength: 0.6, batchSize: 2 };
    // As it crosses to a Worker.
    const drawn = await generate(structuredClone({ ...more, image }));
    expect(drawn.latents.data).toEqual((await generate({ ...more, initLatent })).latents.data);
    expect(drawn.notices).toEqual([]);
    const told = parseParameters(drawn.parameters);
    expect(told).toMatchObject({ denoisingStrength: 0.6, size: { width: 64, height: 64 } });
  });

  it('comes back at strength 0 as the VAE gives it back, and hardly matters at strength 1', async () => {
    const image = picture(64, 64);
    const other = { ...image, pixels: image.pixels.map((value, i) => (i % 4 === 3 ? value : 255 - value)) };
    const latent = await encode(resample(image, image));
    const kept = await generate({ image, denoisingStrength: 0 });
    // One step is taken, at the lowest noise: what that adds, the network guesses and takes away.
    const squares = kept.latents.data.reduce((sum, value, i) => sum + (value - latent.data[i]!) ** 2, 0);
    expect(Math.sqrt(squares / latent.data.length)).toBeLessThan(2 * LOWEST_NOISE);
    const round = await decodeLatent(latent, SCALE, await sessions.decoder('plain'));
    const from = (found: Picture) =>
      found.pixels.reduce((sum, value, i) => sum + Math.abs(value - round.pixels[i]!), 0);
    const anew = await generate({ image, denoisingStrength: 1 });
    expect(from(kept.picture)).toBeLessThan(from(anew.picture) / 2);

    const distance = async (denoisingStrength: number) =>
      relativeError(
        (await generate({ image, denoisingStrength })).latents.data,
        (await generate({ image: other, denoisingStrength })).latents.data,
      );
    expect(await distance(1)).toBeLessThan((await distance(0)) / 4);
  });

  it('gives its size, rounded down, or the shape to the one side that is asked for; and says so', async () => {
    const multiple = engine.model.pixelMultiple;
    const image = picture(2 * multiple + 5, 4 * multiple + 1);
    const own = await generate({ image, steps: 1 });
    expect(own.picture).toMatchObject({ width: 2 * multiple, height: 4 * multiple });
    expect(own.notices).toEqual([
      `The start picture of ${image.width} × ${image.height} was brought to ${2 * multiple} × ${4 * multiple} pixels with a ` +
        'triangle (bilinear) filter, its edges cut to that shape.',
    ]);
    const wide = await generate({ image: picture(40, 20), width: 4 * multiple, steps: 1 });
    expect(wide.picture).toMatchObject({ width: 4 * multiple, height: 2 * multiple });
    expect(wide.notices[0]).toMatch(/filter\.$/);
  });

  it.each([
    [{ noise: tensor([1, 4, 8, 8]) }, /image cannot be used.*noise of its own/],
    [{ initLatent: tensor([1, 4, 8, 8]) }, /image cannot be used.*initLatent/],
    [{ denoisingStrength: 1.01 }, /denoisingStrength.*0 … 1.*1\.01/],
    [{ denoisingStrength: -0.1 }, /denoisingStrength.*0 … 1.*-0\.1/],
    [{ image: { ...picture(8, 8), width: 9 } }, /image.*Uint8ClampedArray of 288 values.*256/],
    [{ image: { ...picture(8, 8), width: 0 } }, /image.*at least one pixel.*0 × 8/],
    [{ image: { ...picture(8, 8), width: MAX_START_PIXELS } }, /image.*at most 67108864 pixels/],
    [{ image: picture(4160, 8) }, /at most 4096 pixels a side.*4160 × \d+.*Give a width and a height/],
  ])('is refused: case %#', async (change, words) => {
    await expect(generate({ image: picture(64, 64), ...change })).rejects.toThrow(words);
  });
});

describe('resampling', () => {
  const levels = ({ data }: Tensor) => Array.from(data, (value) => Math.round((value + 1) * 127.5));
  const grey = (width: number, height: number, values: number[]): Picture => ({
    width,
    height,
    pixels: new Uint8ClampedArray(values.flatMap((value) => [value, value, value, 255])),
  });
  const row = (values: number[]) => grey(values.length, 1, values);

  it('keeps what has the size, and lays alpha over white', () => {
    const image = picture(9, 7);
    const { shape, data } = resample(image, image);
    expect(shape).toEqual([1, 3, 7, 9]);
    for (let i = 0; i < 63; i++) expect(data[i]).toBe(Math.fround(image.pixels[4 * i]! / 127.5 - 1));
    expect(new Set(levels(resample(picture(4, 4, 0), { width: 8, height: 8 })))).toEqual(new Set([255]));
  });

  it('mixes linearly upwards, and over all that falls into a pixel downwards', () => {
    const up = levels(resample(grey(2, 2, [0, 200, 0, 200]), { width: 4, height: 4 })).slice(0, 4);
    expect(up).toEqual([0, 50, 150, 200]);
    const stripes = Array.from({ length: 64 }, (_, i) => ((i % 8) % 2 === 0 ? 0 : 200));
    const down = levels(resample(grey(8, 8, stripes), { width: 2, height: 2 })).slice(0, 4);
    for (const value of down) expect(Math.abs(value - 100)).toBeLessThanOrEqual(8);
  });

  it('cuts the middle out of another shape', () => {
    expect(levels(resample(row([10, 20, 30, 40, 50]), { width: 1, height: 1 }))).toEqual([30, 30, 30]);
  });
});

describe('the command line', () => {
  it('draws on a PNG file', async () => {
    const [from, to] = [join(folder, 'from.png'), join(folder, 'to.png')];
    const image = picture(70, 70);
    writeFileSync(from, encodePng(image));
    const facts = await tinctureJson(
      'generate', 'cat', '--model', MODEL, '--seed', '7', '--steps', '2', '--image', from, '--denoise', '0.5',
      '--sampler', 'Euler', '--guidance', '1', '--backend', 'wasm', '--output', to,
    ); // biome-ignore format: pairs
    expect(facts).toMatchObject({
      width: 64,
      height: 64,
      notices: [expect.stringMatching(/70 × 70.*64 × 64/)],
    });
    const { parameters, png } = await generate({ image, steps: 2, denoisingStrength: 0.5 });
    expect(readPngText(readFileSync(to))['parameters']).toBe(parameters);
    expect(parameters).toContain('Denoising strength: 0.5');
    expect(readFileSync(to).equals(png)).toBe(true);
  });

  it.each([
    [{ image: 'a.png', noise: 'n' }, /--image and --noise exclude/],
    [{ image: 'a.png', 'init-latent': 'l' }, /--image and --init-latent exclude/],
    [{ image: 'a.png', denoise: '1.5' }, /--denoise must be a number from 0 to 1/],
    [{ denoise: '0.5' }, /without --image or --init-latent/],
    [{ image: 'nowhere.png' }, /no such file/],
    [{ mask: 'm.png' }, /--mask needs --image/],
    [{ image: 'a.png', 'mask-blur': '3' }, /--mask-blur changes nothing without --mask/],
    [{ image: 'a.png', 'masked-content': 'fill' }, /--masked-content changes nothing without --mask/],
  ])('refuses %o', async (values, words) => {
    await expect(requestOf('cat', values)).rejects.toThrow(words);
  });

  it('draws within a mask', async () => {
    const [from, black, to] = ['kept.png', 'black.png', 'masked.png'].map((name) => join(folder, name));
    const image = picture(64, 64);
    writeFileSync(from!, encodePng(image));
    writeFileSync(
      black!,
      encodePng({ ...image, pixels: image.pixels.map((_, i) => 255 * Number(i % 4 === 3)) }),
    );
    const values = { image: from!, mask: black!, 'mask-blur': '2.5', 'masked-content': 'latent-noise' };
    const { request, inputs } = await requestOf('cat', values);
    expect(request).toMatchObject({ maskBlur: 2.5, maskedContent: 'latent noise' });
    expect(inputs).toEqual([from, black]);
    await expect(requestOf('cat', { ...values, 'mask-blur': '65' })).rejects.toThrow(
      /--mask-blur .* 0 to 64/,
    );
    await expect(requestOf('cat', { ...values, 'masked-content': 'x' })).rejects.toThrow(
      /latent-nothing, not "x"/,
    );
    await tinctureJson(
      'generate', 'cat', '--model', MODEL, '--steps', '2', '--image', from!, '--mask', black!, '--mask-blur', '2.5',
      '--masked-content', 'latent-noise', '--backend', 'wasm', '--output', to!,
    ); // biome-ignore format: pairs
    const png = readFileSync(to!);
    expect(decodePng(png, 'masked.png').pixels).toEqual(image.pixels);
    expect(readPngText(png)['parameters']).toMatch(
      /Denoising strength: 0.75, Mask blur: 2.5, Masked content: latent noise/,
    );
  });

  it('says what is wrong with a file that is no picture, and reads none that is too large', async () => {
    const jpeg = join(folder, 'photo.png');
    writeFileSync(jpeg, new Uint8Array([0xff, 0xd8, 0xff, 0xe0]));
    await expect(readStartPicture(jpeg)).rejects.toThrow(
      /the picture cannot be read; photo\.png|photo\.png: the picture cannot be read/,
    );
    const huge = join(folder, 'huge.png');
    writeFileSync(huge, '');
    truncateSync(huge, MAX_START_BYTES + 1);
    await expect(readStartPicture(huge)).rejects.toThrow(/too large/);
  });
});
