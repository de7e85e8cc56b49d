// The default model's checkpoint: half precision, another VAE factor, a top level without attention.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fileSource } from '../../client/formats/node-file.ts';
import { decodePng } from '../../client/formats/png.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { buildDecoder } from '../../client/models/decoder.ts';
import { buildEncoder } from '../../client/models/encoder.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import { buildTextEncoder } from '../../client/models/text-encoder.ts';
import { buildTinyDecoder, readTinyDecoder } from '../../client/models/tiny-decoder.ts';
import { buildUnet } from '../../client/models/unet.ts';
import type { EmittedGraph } from '../../client/onnx/graph.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Feed } from '../../client/runtime/session.ts';
import { type Tensor, tensor } from '../../client/tensor/tensor.ts';

const FOLDER = new URL('../../client/default-model/', import.meta.url).pathname;

async function run(graph: EmittedGraph, feeds: Record<string, Feed>): Promise<Tensor> {
  const session = await createSession(graph, { backend: 'wasm' });
  const outputs = await session.run(feeds);
  await session.release();
  return outputs[graph.outputs[0]!.name]!;
}

async function openModel() {
  const manifest = parseModelManifest(
    JSON.parse(await readFile(`${FOLDER}model.json`, 'utf8')),
    'model.json',
  );
  const file = await openSafetensors(await fileSource(`${FOLDER}checkpoint.safetensors`));
  return { file, manifest, config: readModelConfig(file, manifest) };
}

/** The first picture of the model's sheet, in −1 … 1. */
async function firstPicture(): Promise<Tensor> {
  const { width, pixels } = decodePng(await readFile(`${FOLDER}grid.png`));
  const at = (i: number): number =>
    4 * (Math.floor((i % 4096) / 64) * width + (i % 64)) + Math.floor(i / 4096);
  return tensor(
    [1, 3, 64, 64],
    Float32Array.from({ length: 3 * 4096 }, (_, i) => pixels[at(i)]! / 127.5 - 1),
  );
}

/** Peak signal to noise, in decibels, of pictures in −1 … 1. */
function decibels(a: Tensor, b: Tensor): number {
  const clamp = (value: number): number => Math.max(-1, Math.min(1, value));
  const sum = a.data.reduce((all, value, i) => all + (clamp(value) - clamp(b.data[i]!)) ** 2, 0);
  return 10 * Math.log10(4 / (sum / a.data.length));
}

test('its small decoder draws nearly what its own decoder draws', async () => {
  const { file, manifest, config } = await openModel();
  const source = await fileSource(`${FOLDER}${manifest.previewDecoder}`);
  expect(source.size).toBeLessThan(100_000);
  const tiny = readTinyDecoder(await openSafetensors(source), config);
  const moments = await run(buildEncoder(file, config), { image: await firstPicture() });
  const latent = tensor([1, 4, 16, 16], moments.data.subarray(0, 1024));
  const own = await run(buildDecoder(file, config), { latent });
  const small = await run(buildTinyDecoder(tiny, config), {
    latent: tensor(
      latent.shape,
      latent.data.map((value) => value * manifest.latentScale),
    ),
  });
  expect(small.shape).toEqual(own.shape);
  expect(decibels(small, own)).toBeGreaterThan(20);
});

test('the default model is read and all its graphs run', async () => {
  const { file, config } = await openModel();
  expect(config).toMatchObject({
    contextWidth: 96,
    latentChannels: 4,
    latentFactor: 4,
    pixelMultiple: 16,
    selfAttentionWidths: [64, 128],
  });
  expect(config.unet.levels.map(({ channels, transformerDepth }) => [channels, transformerDepth])).toEqual([
    [32, 0],
    [64, 1],
    [128, 1],
  ]);

  const context = await run(buildTextEncoder(file, config), {
    input_ids: { shape: [1, 77], data: new Int32Array(77).fill(7) },
  });
  expect(context.shape).toEqual([1, 77, 96]);
  const noise = await run(buildUnet(file, config), {
    sample: tensor([1, 4, 16, 16], new Float32Array(1024).fill(0.5)),
    timestep: tensor([1], Float32Array.of(999)),
    context_k: context,
    context_v: context,
  });
  expect(noise.shape).toEqual([1, 4, 16, 16]);
  expect(noise.data.every(Number.isFinite)).toBe(true);
  const image = await run(buildDecoder(file, config), { latent: noise });
  expect(image.shape).toEqual([1, 3, 64, 64]);
  const moments = await run(buildEncoder(file, config), { image });
  expect(moments.shape).toEqual([1, 8, 16, 16]);
  expect(moments.data.every(Number.isFinite)).toBe(true);
});
