// Captions, pictures, batches and chances, without any model.
import { expect, test } from 'vitest';
import { encodePng } from '../../client/formats/png.ts';
import { ALPHAS_CUMULATIVE } from '../../client/sampling/diffusion.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { BatchOrder, type NoiseOptions, noisedBatch, spreadTimestep } from '../../client/training/batches.ts';
import { captionOfFileName, decodeCaption, drawPrompt } from '../../client/training/captions.ts';
import type { Example } from '../../client/training/examples.ts';
import { LossWatch } from '../../client/training/loss-watch.ts';
import {
  bucketSizes,
  decodePicture,
  fitPicture,
  latentWeights,
  nearestSize,
} from '../../client/training/pictures.ts';
import { randomStream } from '../../client/training/random.ts';

test('captions come from files of any encoding and from names', () => {
  expect(decodeCaption(new TextEncoder().encode('\uFEFFa red\n apple '))).toBe('a red apple');
  expect(decodeCaption(Uint8Array.of(0x63, 0x61, 0x66, 0xe9))).toBe('café');
  expect(decodeCaption(Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x62, 0))).toBe('ab');
  expect(captionOfFileName('set/012-3 red_apple.png')).toBe('red apple');
});

test('prompts are drawn from templates, tags shuffled and dropped', () => {
  const options = { templates: ['[filewords] by [name]'], shuffleTags: false, tagDropout: 0, emptyShare: 0 };
  const draw = (change: object, seed = 1n) =>
    drawPrompt('a, b, c, d', 'x', { ...options, ...change }, randomStream(seed, 1));
  expect(draw({})).toBe('a, b, c, d by x');
  expect(draw({ emptyShare: 1 })).toBe('');
  expect(draw({ tagDropout: 1 })).toBe('by x');
  const shuffled = Array.from({ length: 20 }, (_, seed) => draw({ shuffleTags: true }, BigInt(seed)));
  expect(new Set(shuffled).size).toBeGreaterThan(5);
  for (const prompt of shuffled) expect(prompt.slice(0, -5).split(', ').sort()).toEqual(['a', 'b', 'c', 'd']);
});

/** Left half red, right half blue; the lower half transparent. */
function flag(width: number, height: number) {
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    pixels.set([x < width / 2 ? 255 : 0, 0, x < width / 2 ? 0 : 255, y < height / 2 ? 255 : 0], 4 * i);
  }
  return { width, height, pixels };
}

test('pictures are cut from the centre, scaled, mirrored, and weighed by alpha', () => {
  const { image, alpha } = fitPicture(flag(320, 128), { width: 64, height: 64 });
  const at = (data: Float32Array, channel: number, x: number, y: number) => data[channel * 4096 + y * 64 + x];
  expect(at(image.data, 0, 10, 10)).toBeCloseTo(1);
  expect(at(image.data, 2, 10, 10)).toBeCloseTo(-1);
  expect(at(image.data, 2, 50, 10)).toBeCloseTo(1);
  expect(at(image.data, 0, 10, 50)).toBeCloseTo(1);
  expect(at(image.data, 1, 10, 50)).toBeCloseTo(1);
  const mirrored = fitPicture(flag(320, 128), { width: 64, height: 64 }, { flipped: true }).image.data;
  expect(at(mirrored, 0, 50, 10)).toBeCloseTo(1);
  expect([...latentWeights(alpha, 32).data]).toEqual([1, 1, 0, 0]);
});

test('buckets keep the area and take the nearest shape', () => {
  const sizes = bucketSizes({ width: 512, height: 512 }, 64);
  expect(sizes[0]).toEqual({ width: 512, height: 512 });
  for (const { width, height } of sizes) {
    expect(width * height).toBeLessThanOrEqual(512 * 512);
    expect(Math.max(width / height, height / width)).toBeLessThanOrEqual(2);
    expect((width % 64) + (height % 64)).toBe(0);
  }
  expect(nearestSize({ width: 1600, height: 900 }, sizes)).toEqual({ width: 640, height: 384 });
});

test('what is no picture, too small, or not readable without a decoder is told', async () => {
  const png = encodePng(flag(32, 80));
  await expect(decodePicture(png, 'small.png')).rejects.toThrow(/too small.*64.*32 × 80/s);
  await expect(decodePicture(Uint8Array.of(0xff, 0xd8, 0xff, 0), 'a.jpg')).rejects.toThrow(
    /only PNG is read outside a browser/,
  );
  await expect(decodePicture(Uint8Array.of(1, 2, 3), 'a.txt')).rejects.toThrow(/not a picture/);
  await expect(decodePicture(png.slice(0, 40), 'cut.png')).rejects.toThrow(/cut.png/);
});

function example(name: string, side = 2): Example {
  const latent = [4, side, side];
  return {
    name,
    caption: name,
    mean: tensor(latent, new Float32Array(4 * side * side).fill(0.5)),
    deviation: tensor(latent, new Float32Array(4 * side * side).fill(0.1)),
    weight: tensor(
      [1, side, side],
      Float32Array.from({ length: side * side }, (_, i) => (i === 0 ? 1 : 0)),
    ),
  };
}

test('an epoch has every example once, batches of one size, and follows from the seed', () => {
  const examples = [...'abcdefg'].map((name, i) => example(name, i < 3 ? 2 : 4));
  const order = new BatchOrder(examples, 2, 7n);
  expect(order.perEpoch).toBe(2 + 2);
  const epoch = (number: number) => Array.from({ length: 4 }, (_, i) => order.at(4 * number + i));
  for (const batch of epoch(0)) expect(new Set(batch.map((i) => examples[i]!.mean.shape[1])).size).toBe(1);
  expect(new Set(epoch(0).flat()).size).toBe(7);
  const first = epoch(0);
  expect(epoch(1)).not.toEqual(first);
  expect(Array.from({ length: 4 }, (_, i) => new BatchOrder(examples, 2, 7n).at(i))).toEqual(first);
});

test('noise, target and loss weight of a batch', () => {
  const options = { prediction: 'epsilon', minSnr: 5, snrFloor: undefined, sampled: false } as const;
  const feeds = noisedBatch([example('a')], options, randomStream(1n, 1), () => 100);
  const alpha = ALPHAS_CUMULATIVE[100]!;
  const epsilon = feeds['target']!.data[3]!;
  expect(feeds['sample']!.data[3]).toBeCloseTo(Math.sqrt(alpha) * 0.5 + Math.sqrt(1 - alpha) * epsilon, 5);
  const snr = alpha / (1 - alpha);
  expect(snr).toBeGreaterThan(5);
  // All weight on one of four places, so four times as much there.
  expect([...feeds['loss_weight']!.data].map((value) => value / (5 / snr))).toEqual([
    expect.closeTo(4, 4), 0, 0, 0,
  ]); // biome-ignore format: one line
  const velocity = noisedBatch(
    [example('a')],
    { ...options, prediction: 'v' },
    randomStream(1n, 1),
    () => 100,
  );
  expect(velocity['target']!.data[3]).toBeCloseTo(Math.sqrt(alpha) * epsilon - Math.sqrt(1 - alpha) * 0.5, 5);
  const sampled = noisedBatch([example('a')], { ...options, sampled: true }, randomStream(1n, 1), () => 100);
  expect(sampled['target']!.data[3]).toBe(epsilon);
  expect(sampled['sample']!.data[3]).not.toBe(feeds['sample']!.data[3]);
});

test('the loss weighs the clean latent by its SNR, between the floor and γ', () => {
  const weightAt = (timestep: number, change: Partial<NoiseOptions> = {}) => {
    const options = { prediction: 'epsilon', minSnr: 2, snrFloor: 1, sampled: false, ...change } as const;
    const feeds = noisedBatch([example('a')], options, randomStream(1n, 1), () => timestep);
    return feeds['loss_weight']!.data[0]! / 4;
  };
  const snr = (timestep: number) => ALPHAS_CUMULATIVE[timestep]! / (1 - ALPHAS_CUMULATIVE[timestep]!);
  // From noise that shows next to nothing of the picture to noise that hides next to nothing of it.
  expect([snr(999), snr(350), snr(0)].map((value) => Number(value.toPrecision(4)))).toEqual([
    0.004682, 1.026, 1175,
  ]);
  expect(weightAt(999)).toBeCloseTo(1 / snr(999), 3);
  expect(weightAt(350)).toBeCloseTo(1, 6);
  expect(weightAt(0)).toBeCloseTo(2 / snr(0), 6);
  expect(weightAt(999, { minSnr: undefined })).toBeCloseTo(1 / snr(999), 3);
  expect(weightAt(0, { minSnr: undefined })).toBeCloseTo(1, 6);
  expect(weightAt(999, { prediction: 'v' })).toBeCloseTo(1 / (snr(999) + 1), 6);
});

test('spread timesteps take one from each part of the schedule', () => {
  const random = randomStream(1n, 1);
  const parts = Array.from({ length: 200 }, (_, i) => spreadTimestep(i % 4, 4, random));
  expect(parts.map((timestep) => Math.floor(timestep / 250))).toEqual(parts.map((_, i) => i % 4));
  expect(new Set(parts).size).toBeGreaterThan(150);
  expect(parts.every(Number.isInteger)).toBe(true);
});

test('normal draws have mean 0 and variance 1, and streams differ by purpose', () => {
  const values = randomStream(3n, 1).normal(20_001);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  expect(randomStream(3n, 2).uniform()).not.toBe(randomStream(3n, 1).uniform());
  expect(randomStream(3n + 2n ** 32n, 1).uniform()).not.toBe(randomStream(3n, 1).uniform());
});

test('a loss that is no number or has grown fivefold ends the training', () => {
  expect(new LossWatch().take(Number.NaN)).toMatch(/NaN/);
  const watch = new LossWatch();
  // As those of one picture at a random timestep are: log-normal, the logarithm's deviation 1.23.
  const losses = randomStream(7n, 1)
    .normal(20_000)
    .map((value) => 0.04 * Math.exp(1.23 * value));
  for (const loss of losses) expect(watch.take(loss)).toBeUndefined();
  let words: string | undefined;
  let steps = 0;
  while (words === undefined && steps < 100) {
    words = watch.take(1);
    steps++;
  }
  expect(words).toMatch(/has grown from 0\.0\d+ to 0\.\d/);
  expect(steps).toBeGreaterThan(5);
});
