// Masks of start pictures: levels, latents and fills against the reference's numbers, then through the engine on the golden model.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../client/engine/find-model.ts';
import { maskInputs } from '../../client/engine/inpainting.ts';
import { latentMask, layOver, maskLevels, type PlannedMask } from '../../client/engine/mask.ts';
import { fillMasked } from '../../client/engine/mask-fill.ts';
import { openModel } from '../../client/engine/model.ts';
import { encodeMean, toPicture } from '../../client/engine/picture.ts';
import { currentPlatform } from '../../client/engine/platform.ts';
import { resample } from '../../client/engine/resample.ts';
import { Sessions } from '../../client/engine/sessions.ts';
import {
  createEngine,
  type Engine,
  type GenerateRequest,
  type Picture,
  parseParameters,
  relativeError,
  tensor,
} from '../../client/index.ts';

const MODEL = 'tests/golden/sd-tiny';
const SCALE = 0.18215;
const SIDE = 64;
const PLACES = 64;
const quick = { prompt: 'cat', seed: 7, steps: 4, sampler: 'euler', guidance: 1, denoisingStrength: 0.8 };

function picture(side: number, colour: (x: number, y: number) => readonly number[]): Picture {
  const pixels = new Uint8ClampedArray(4 * side * side);
  for (let i = 0; i < side * side; i++) pixels.set(colour(i % side, Math.floor(i / side)), 4 * i);
  return { width: side, height: side, pixels };
}
const grey = (level: number) => [level, level, level, 255];

const image = picture(SIDE, (x, y) => [
  Math.round((255 * x) / SIDE),
  Math.round((255 * y) / SIDE),
  Math.round(128 + 100 * Math.sin((((6 * x) / SIDE) * y) / SIDE)),
  255,
]);
const inside = (x: number, y: number): boolean =>
  (x - 20) ** 2 + (y - 30) ** 2 < 14 ** 2 || (x > 44 && x <= 58 && y > 5 && y < 50);
/** A disc and a bar. */
const mask = picture(SIDE, (x, y) => grey(inside(x, y) ? 255 : 0));
const planned = (change: Partial<PlannedMask> = {}): PlannedMask => ({
  picture: mask,
  blur: 4,
  content: 'original',
  ...change,
});
const size = { width: SIDE, height: SIDE };

describe('a mask', () => {
  it('is blurred as OpenCV’s Gaussian of 21 taps does it', () => {
    const { values } = maskLevels(planned(), size);
    // numpy: a normalised kernel of ±⌊2.5 · 4 + ½⌋, edges mirrored, rounded after rows and after columns.
    const row = [...values.subarray(30 * SIDE, 31 * SIDE)];
    expect(row.slice(0, 24)).toEqual([
      22, 25, 32, 45, 63, 85, 109, 134, 159, 182, 202, 219, 231, 240, 246, 251, 253, 255, 255, 255, 255, 255,
      255, 255,
    ]);
    expect(row.slice(32, 40)).toEqual([159, 134, 109, 86, 66, 51, 42, 39]);
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(314133);
    expect(maskLevels(planned({ blur: 0 }), size).values).toEqual(mask.pixels.filter((_, i) => i % 4 === 0));
  });

  it('is reduced to latents as Pillow’s bicubic does it, and rounded', () => {
    expect([...latentMask(maskLevels(planned(), size), { width: 8, height: 8 })]).toEqual([
      0, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 1, 0,
      0, 0, 1, 1, 0, 0, 1, 0,
      0, 1, 1, 1, 0, 0, 1, 0,
      0, 1, 1, 1, 0, 0, 1, 0,
      0, 0, 0, 0, 0, 0, 1, 0,
      0, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 0, 0, 0, 0, 0,
    ]); // biome-ignore format: rows
  });

  it('is read by its opacity where it has some transparency, else by its luminance', () => {
    const levels = (colour: readonly number[], corner = colour) =>
      maskLevels(planned({ picture: picture(2, (x, y) => (x + y === 0 ? corner : colour)), blur: 0 }), {
        width: 2,
        height: 2,
      }).values[3];
    expect(levels([255, 0, 0, 255])).toBe(76);
    expect(levels([0, 255, 0, 255])).toBe(150);
    expect(levels([0, 0, 0, 129], [255, 255, 255, 255])).toBe(255);
    expect(levels([255, 255, 255, 128], [255, 255, 255, 255])).toBe(0);
  });

  it('is filled as Pillow’s blurs, laid over each other, fill it', () => {
    const filled = toPicture(fillMasked(resample(image, image), maskLevels(planned(), size))).pixels;
    const reference: readonly (readonly [y: number, x: number, rgb: readonly number[]])[] = [
      [30, 20, [80, 120, 170]],
      [30, 10, [33, 120, 164]],
      [20, 50, [192, 81, 209]],
      [30, 33, [133, 119, 226]],
      [2, 2, [8, 8, 129]],
      [45, 57, [229, 180, 66]],
    ];
    // Pillow rounds opacities and colours to 8 bits after each of its six passes.
    for (const [y, x, rgb] of reference) {
      for (const [c, value] of rgb.entries()) {
        expect(Math.abs(filled[4 * (y * SIDE + x) + c]! - value), `${x}, ${y}`).toBeLessThanOrEqual(3);
      }
    }
  });

  it('lets through twice its level', () => {
    const [black, white] = [picture(2, () => grey(0)), picture(2, () => grey(255))];
    const values = new Uint8ClampedArray([0, 51, 127, 128]);
    const { pixels } = layOver(white, black, { width: 2, height: 2, values });
    expect([...pixels.filter((_, i) => i % 4 === 0)]).toEqual([0, 102, 254, 255]);
  });
});

describe('inpainting', () => {
  let engine: Engine;
  let sessions: Sessions;
  let startLatent: Float32Array;
  let drawnAt: Float32Array;
  const generate = (change: Partial<GenerateRequest>) =>
    engine.generate(structuredClone({ ...quick, image, ...change }));

  beforeAll(async () => {
    engine = await createEngine({ model: MODEL, backend: 'wasm', threads: 1 });
    const finding: Finding = {
      platform: await currentPlatform(),
      registry: undefined,
      signal: undefined,
      onProgress: undefined,
    };
    sessions = new Sessions(await openModel(MODEL, finding), 'wasm');
    startLatent = (await encodeMean(resample(image, image), SCALE, await sessions.encoder('plain'))).data;
    drawnAt = latentMask(maskLevels(planned(), size), { width: 8, height: 8 });
  });
  afterAll(async () => {
    await engine.close();
    await sessions.release();
  });

  it('shows an inpainting checkpoint the rounded mask at each latent’s corner, and the picture with grey under it', async () => {
    const levels = maskLevels(planned(), size);
    const pixels = resample(image, image);
    const encoder = await sessions.encoder('plain');
    const inputs = await maskInputs({ image: pixels, levels }, [4, 8, 8], size, SCALE, encoder);
    expect(inputs.mask!.shape).toEqual([1, 1, 8, 8]);
    const corners = [...inputs.mask!.data.keys()].map(
      (i) => levels.values[8 * (i % 8) + 8 * SIDE * Math.floor(i / 8)]!,
    );
    expect([...inputs.mask!.data]).toEqual(corners.map((level) => Math.round(level / 255)));
    expect(new Set(inputs.mask!.data)).toEqual(new Set([0, 1]));
    const seen = pixels.data.map(
      (value, i) => value * (1 - Math.round(levels.values[i % (SIDE * SIDE)]! / 255)),
    );
    const latent = await encodeMean(tensor([1, 3, SIDE, SIDE], seen), SCALE, encoder);
    expect(inputs.masked_latent!.data).toEqual(latent.data);
    // A mask of ones is the whole picture: ones, and the latent of grey.
    const ones = { ...size, values: new Uint8ClampedArray(SIDE * SIDE).fill(255) };
    const whole = await maskInputs(undefined, [4, 8, 8], size, SCALE, encoder);
    expect(await maskInputs({ image: pixels, levels: ones }, [4, 8, 8], size, SCALE, encoder)).toEqual(whole);
  });

  it.each(['euler', 'euler a', 'dpm++ 2m', 'dpm2', 'lcm', 'ddim'])(
    'with %s draws within the mask and keeps the rest, latents and pixels',
    async (sampler) => {
      const { latents, pictures } = await generate({ sampler, mask, batchSize: 2 });
      const whole = await generate({ sampler, batchSize: 2 });
      let changed = 0;
      for (const [i, value] of latents.data.entries()) {
        if (drawnAt[i % PLACES] === 0) expect(value).toBe(startLatent[i % startLatent.length]);
        else if (value !== whole.latents.data[i]) changed++;
      }
      // What is drawn sees what is kept: it is not the picture that is drawn without a mask.
      expect(changed).toBeGreaterThan(40);
      const levels = maskLevels(planned(), size).values;
      for (const { picture: drawn } of pictures) {
        const differs = [...levels.keys()].filter((i) =>
          [0, 1, 2].some((c) => drawn.pixels[4 * i + c] !== image.pixels[4 * i + c]),
        );
        expect(differs.length).toBeGreaterThan(1000);
        expect(differs.filter((i) => levels[i] === 0)).toEqual([]);
      }
    },
  );

  it('gives the start picture where nothing is masked, and image to image where all is', async () => {
    const black = picture(SIDE, () => grey(0));
    const nothing = await generate({ mask: black });
    expect(nothing.picture.pixels).toEqual(image.pixels);
    expect(nothing.latents.data).toEqual(startLatent);
    const white = picture(SIDE, () => grey(255));
    const all = await generate({ mask: white });
    const whole = await generate({});
    expect(all.latents.data).toEqual(whole.latents.data);
    expect(all.picture.pixels).toEqual(whole.picture.pixels);
  });

  it('begins on the content that is asked for, and tells it', async () => {
    const at = async (maskedContent: NonNullable<GenerateRequest['maskedContent']>) => {
      // At strength 0 one step is taken, at the lowest noise: what it begins on is nearly what comes out.
      const drawn = await generate({ mask, maskedContent, maskBlur: 2, denoisingStrength: 0 });
      const told = parseParameters(drawn.parameters);
      expect(told).toMatchObject({ denoisingStrength: 0, maskBlur: 2 });
      expect(told.maskedContent).toBe(maskedContent === 'original' ? undefined : maskedContent);
      const mean = (values: Float32Array) => {
        const drawnAt2 = latentMask(maskLevels(planned({ blur: 2 }), size), { width: 8, height: 8 });
        const masked = values.filter((_, i) => drawnAt2[i % PLACES] === 1);
        return Math.sqrt(masked.reduce((sum, value) => sum + value ** 2, 0) / masked.length);
      };
      return {
        size: mean(drawn.latents.data),
        apart: mean(drawn.latents.data.map((v, i) => v - startLatent[i]!)),
      };
    };
    const [original, noise, nothing] = [
      await at('original'),
      await at('latent noise'),
      await at('latent nothing'),
    ];
    expect(original.apart).toBeLessThan(0.1);
    expect(nothing.size).toBeLessThan(0.1);
    expect(noise.size).toBeGreaterThan(0.8);
    expect(noise.size).toBeLessThan(1.2);
  });

  it('fills as if the filled picture had been given', async () => {
    const levels = maskLevels(planned({ blur: 2 }), size);
    const filled = toPicture(fillMasked(resample(image, image), levels));
    const more = { mask, maskBlur: 2, denoisingStrength: 0.3 };
    const found = await generate({ ...more, maskedContent: 'fill' });
    const given = (await generate({ ...more, image: filled })).latents.data;
    expect(parseParameters(found.parameters).maskedContent).toBe('fill');
    // The given one was rounded to 8 bits.
    expect(relativeError(found.latents.data, given)).toBeLessThan(5e-3);
    expect(relativeError((await generate(more)).latents.data, given)).toBeGreaterThan(0.01);
  });

  it('scales the mask with the picture', async () => {
    const [large, largeMask] = [image, mask].map((small) =>
      picture(2 * SIDE, (x, y) => {
        const at = 4 * ((y >> 1) * SIDE + (x >> 1));
        return [...small.pixels.subarray(at, at + 4)];
      }),
    );
    const { picture: drawn, notices } = await generate({
      image: large!,
      mask: largeMask!,
      maskBlur: 0,
      width: SIDE,
      height: SIDE,
    });
    expect(notices).toEqual([expect.stringMatching(/128 × 128 was brought to 64 × 64/)]);
    // The triangle reaches one pixel over an edge of the mask, so the facts are told a little away from it.
    for (const [x, y, changes] of [[2, 2, false], [62, 62, false], [20, 30, true], [51, 20, true]] as const) {
      const at = 4 * (y * SIDE + x);
      const apart = [0, 1, 2].some((c) => Math.abs(drawn.pixels[at + c]! - image.pixels[at + c]!) > 4);
      expect(apart, `${x}, ${y}`).toBe(changes);
    } // biome-ignore format: a table
  });

  it.each([
    [{ image: undefined }, /mask cannot be used; expected an image that it masks, found none/],
    [
      { mask: picture(32, () => grey(255)) },
      /mask.*expected the picture’s 64 × 64 pixels, found 32 × 32.*Scale the mask/,
    ],
    [{ mask: { ...mask, pixels: mask.pixels.slice(1) } }, /mask.*16384 values, RGBA.*16383/],
    [{ maskBlur: 65 }, /maskBlur.*0 … 64.*65/],
    [{ maskBlur: Number.NaN }, /maskBlur.*0 … 64.*NaN/],
    [
      { maskedContent: 'flowers' as 'fill' },
      /maskedContent.*original or fill or latent noise or latent nothing.*flowers/,
    ],
  ])('is refused: case %#', async (change, words) => {
    await expect(engine.generate({ ...quick, image, mask, ...change } as GenerateRequest)).rejects.toThrow(
      words,
    );
  });
});
