// A VAE over tiles: where they lie, how they blend, how far the picture is from one that is drawn whole.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { toPicture } from '../../client/engine/picture.ts';
import { spansOf, type Tiling, tiledSession } from '../../client/engine/tiles.ts';
import { planTiles, WHOLE_RUN_BYTES } from '../../client/engine/vae.ts';
import { decodePng } from '../../client/formats/png.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { buildDecoder } from '../../client/models/decoder.ts';
import { buildEncoder } from '../../client/models/encoder.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import { vaeRunBytes } from '../../client/models/vae-memory.ts';
import type { EmittedGraph } from '../../client/onnx/graph.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Session } from '../../client/runtime/session.ts';
import { pictureNoise } from '../../client/sampling/noise.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { openGoldenModel, openParts } from '../models/golden-model.ts';
import { rolled } from '../models/rolled.ts';

const tiling = (side: number, overlap: number, wraps = false): Tiling => ({ side, overlap, wraps });

/** A session that repeats each latent `factor` times in both directions, and counts its runs. */
function enlarging(factor: number): Session & { readonly shapes: string[] } {
  const shapes: string[] = [];
  return {
    shapes,
    backend: 'wasm',
    inputNames: ['latent'],
    outputNames: ['image'],
    release: async () => {},
    async run({ latent }) {
      const [, c, h, w] = latent!.shape as [number, number, number, number];
      shapes.push(`${h}x${w}`);
      const image = tensor([1, c, h * factor, w * factor]);
      for (let i = 0; i < image.data.length; i++) {
        const [x, y] = [i % (w * factor), Math.floor(i / (w * factor))];
        const from = (Math.floor(y / factor) % h) * w + Math.floor(x / factor);
        image.data[i] = latent!.data[Math.floor(y / (h * factor)) * h * w + from]!;
      }
      return { image };
    },
  };
}

const JOB = { input: 'latent', output: 'image', inputScale: 1, outputScale: 2 } as const;
const noise = (...shape: number[]): Tensor =>
  tensor(
    shape,
    pictureNoise(
      [1n],
      shape.reduce((a, b) => a * b),
    )(),
  );

describe('spansOf', () => {
  it.each([
    [64, tiling(64, 16), [0]],
    [40, tiling(64, 16), [0]],
    [65, tiling(64, 16), [0, 1]],
    [112, tiling(64, 16), [0, 48]],
    [128, tiling(64, 16), [0, 32, 64]],
    [128, tiling(64, 16, true), [0, 43, 85]],
    [64, tiling(64, 16, true), [0, 32]],
  ])('covers %i latents with %j', (size, how, starts) => {
    const spans = spansOf(size, how);
    expect(spans.map(({ start }) => start)).toEqual(starts);
    expect(new Set(spans.map(({ length }) => length))).toEqual(new Set([Math.min(size, 64)]));
  });

  it('leaves each span over the next by the overlap at least, and ends where the axis does', () => {
    for (const wraps of [false, true]) {
      for (let size = 2; size < 300; size++) {
        const spans = spansOf(size, tiling(24, 8, wraps));
        const least = Math.min(8, spans[0]!.length - 1);
        for (let i = 1; i < spans.length; i++) {
          const [before, span] = [spans[i - 1]!, spans[i]!];
          expect(before.start + before.length - span.start).toBeGreaterThanOrEqual(least);
        }
        const end = spans.at(-1)!.start + spans.at(-1)!.length;
        if (wraps) expect(end - size).toBeGreaterThanOrEqual(least);
        else expect(end).toBe(size);
      }
    }
  });
});

describe('tiledSession', () => {
  it.each([
    [20, 33, false],
    [20, 33, true],
    [7, 50, false],
    [8, 8, true],
  ])('puts %i by %i latents together again (around the edges: %s)', async (height, width, wraps) => {
    const latent = noise(1, 3, height, width);
    const session = enlarging(2);
    const { image } = await tiledSession(session, { ...JOB, tiling: tiling(12, 4, wraps) }).run({ latent });
    const { image: whole } = await enlarging(2).run({ latent });
    expect(image!.shape).toEqual([1, 3, 2 * height, 2 * width]);
    const worst = whole!.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - image!.data[i]!)),
      0,
    );
    expect(worst).toBeLessThan(1e-6);
    expect(new Set(session.shapes)).toEqual(new Set([`${Math.min(12, height)}x${Math.min(12, width)}`]));
  });

  it('blends in a straight line where two tiles lie over each other', async () => {
    let tiles = 0;
    const constant: Session = {
      ...enlarging(1),
      async run({ latent }) {
        const image = tensor(latent!.shape);
        image.data.fill(tiles++);
        return { image };
      },
    };
    const run = tiledSession(constant, { ...JOB, outputScale: 1, tiling: tiling(6, 4) });
    const { image } = await run.run({ latent: noise(1, 1, 1, 8) });
    expect([...image!.data].map((value) => Math.round(value * 1000) / 1000)).toEqual([
      0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1,
    ]);
  });

  it('stops between two tiles', async () => {
    const controller = new AbortController();
    const session = enlarging(2);
    const aborting: Session = {
      ...session,
      run: (feeds) => {
        controller.abort(new Error('enough'));
        return session.run(feeds);
      },
    };
    const { signal } = controller;
    const run = tiledSession(aborting, { ...JOB, tiling: tiling(12, 4), signal });
    await expect(run.run({ latent: noise(1, 1, 20, 20) })).rejects.toThrow('enough');
    expect(session.shapes.length).toBe(1);
  });
});

describe('planTiles', () => {
  const config = {
    latentFactor: 8,
    vae: { channels: 128, levels: [128, 256, 512, 512], resBlocks: 2, embedding: 4 },
  };
  const at = (side: number, mode: 'auto' | 'on' | 'off', width = side) =>
    planTiles(config, { width, height: side }, mode, false) !== undefined;

  it('takes Stable Diffusion whole up to 832 pixels a side', () => {
    expect([512, 768, 832, 896, 4096].map((side) => at(side, 'auto'))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(vaeRunBytes(config, { width: 832, height: 832 })).toBe(2_126_512_128);
    expect(WHOLE_RUN_BYTES).toBe(2_147_483_648);
  });

  it('counts the scores of long pictures', () => {
    expect(vaeRunBytes(config, { width: 2048, height: 1024 })).toBe(2 * 4 * (256 * 128) ** 2);
  });

  it('does as it is told', () => {
    expect([at(512, 'on'), at(520, 'on'), at(512, 'on', 520), at(4096, 'off')]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

/** Peak signal to noise of 8-bit pictures, and the largest difference of a level. */
function difference(a: Tensor, b: Tensor): { decibels: number; worst: number } {
  const [first, second] = [toPicture(a).pixels, toPicture(b).pixels];
  let [sum, worst] = [0, 0];
  for (let i = 0; i < first.length; i++) {
    const error = Math.abs(first[i]! - second[i]!);
    sum += error ** 2;
    worst = Math.max(worst, error);
  }
  // A quarter of the values are alphas, which never differ.
  return { decibels: 10 * Math.log10(255 ** 2 / (sum / (0.75 * first.length))), worst };
}

/** A model's VAE whole and over tiles of `side` latents, half of a tile under the next. */
async function openVae(name: string, side: number, overlap: number) {
  const { file, config } = name === 'sd-tiny' ? await openGoldenModel(name) : await openDefaultModel();
  const open = (graph: EmittedGraph) => createSession(graph, { backend: 'wasm' });
  const decoder = await open(buildDecoder(file, config, { attention: 'plain' }));
  const encoder = await open(buildEncoder(file, config, { attention: 'plain' }));
  const { latentFactor: factor } = config;
  const decoding = { input: 'latent', output: 'image', inputScale: 1, outputScale: factor } as const;
  const encoding = { input: 'image', output: 'moments', inputScale: factor, outputScale: 1 } as const;
  const over = (wraps: boolean) => ({ tiling: tiling(side, overlap, wraps) });
  const decode = async (session: Session, latent: Tensor) => (await session.run({ latent }))['image']!;
  const encode = async (session: Session, image: Tensor) => (await session.run({ image }))['moments']!;
  return {
    factor,
    decode: (latent: Tensor) => decode(decoder, latent),
    decodeTiles: (latent: Tensor, wraps = false) =>
      decode(tiledSession(decoder, { ...decoding, ...over(wraps) }), latent),
    encode: (image: Tensor) => encode(encoder, image),
    encodeTiles: (image: Tensor) => encode(tiledSession(encoder, { ...encoding, ...over(false) }), image),
    release: () => Promise.all([decoder.release(), encoder.release()]),
  };
}

const DEFAULT_MODEL = new URL('../../client/default-model/', import.meta.url).pathname;

async function openDefaultModel() {
  const file = await openParts([`${DEFAULT_MODEL}checkpoint.safetensors`]);
  const manifest = parseModelManifest(
    JSON.parse(await readFile(`${DEFAULT_MODEL}model.json`, 'utf8')),
    'model.json',
  );
  return { file, config: readModelConfig(file, manifest) };
}

/** The upper left of the default model's sheet of pictures, in −1 … 1. */
async function sheet(side: number): Promise<Tensor> {
  const { width, pixels } = decodePng(await readFile(`${DEFAULT_MODEL}grid.png`));
  const image = tensor([1, 3, side, side]);
  for (let i = 0; i < image.data.length; i++) {
    const place = i % side ** 2;
    const at = Math.floor(place / side) * width + (place % side);
    image.data[i] = pixels[4 * at + Math.floor(i / side ** 2)]! / 127.5 - 1;
  }
  return image;
}

/** Of a tensor of the VAE's means and log variances, the means. */
const meanOf = ({ shape: [, both, h, w], data }: Tensor): Tensor =>
  tensor([1, both! / 2, h!, w!], data.subarray(0, data.length / 2));

describe('a VAE over tiles', () => {
  it('of random weights on random latents is off by what its norms and its attention see of the whole', async () => {
    const vae = await openVae('sd-tiny', 12, 6);
    const latent = noise(1, 4, 12, 24);
    const { decibels } = difference(await vae.decodeTiles(latent), await vae.decode(latent));
    expect(decibels).toBeGreaterThan(24.5);
    // Three spans of six latents each way: moved by one span, the tiles around the torus are the same ones.
    const square = noise(1, 4, 18, 18);
    const moved = await vae.decodeTiles(rolled(square, 6, 6), true);
    const by = 6 * vae.factor;
    expect(difference(moved, rolled(await vae.decodeTiles(square, true), by, by)).worst).toBeLessThanOrEqual(
      1,
    );
    await vae.release();
  });

  it('of the default model is near the whole run on its own pictures', async () => {
    const vae = await openVae('pictograms', 32, 8);
    const image = await sheet(192);
    const [moments, parts] = [await vae.encode(image), await vae.encodeTiles(image)];
    const latent = meanOf(moments);
    expect(relativeError(meanOf(parts).data, latent.data)).toBeLessThan(0.1);
    const whole = await vae.decode(latent);
    expect(difference(await vae.decodeTiles(latent), whole).decibels).toBeGreaterThan(26.5);
    expect(difference(await vae.decode(meanOf(parts)), whole).decibels).toBeGreaterThan(39);
    await vae.release();
  });
});
