// Whole trajectories through the golden model's UNet, against CompVis's DDIM and k-diffusion's samplers.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { TensorFile } from '../../client/formats/entry.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { parseModelManifest } from '../../client/models/manifest.ts';
import { buildTextEncoder } from '../../client/models/text-encoder.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { createTokenizer } from '../../client/prompt/tokenizer.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Session } from '../../client/runtime/session.ts';
import { pictureNoise } from '../../client/sampling/noise.ts';
import { sample } from '../../client/sampling/sample.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';

interface PictureCase {
  readonly negative: string;
  readonly guidance: number;
  readonly seed: number;
  readonly batch?: number;
  readonly sampler: string;
  readonly schedule: string;
  readonly steps: number;
}

const bytes = (path: string) => readFileSync(new URL(`../golden/${path}`, import.meta.url));
const text = (path: string) => bytes(path).toString('utf8');
const open = (path: string) => openSafetensors(bytesSource(path, bytes(path)));

const tokenizer = createTokenizer(text('sd-tiny/vocab.json'), text('sd-tiny/merges.txt'));
const cases = JSON.parse(text('pictures/cases.json')) as PictureCase[];
let encoder: Session;
let unet: Session;
let tiny: TensorFile;
let pictures: TensorFile;

beforeAll(async () => {
  const checkpoint = await open('sd-tiny/checkpoint.safetensors');
  const manifest = parseModelManifest(JSON.parse(text('sd-tiny/model.json')), 'model.json');
  const config = readModelConfig(checkpoint, manifest);
  encoder = await createSession(buildTextEncoder(checkpoint, config), { backend: 'wasm' });
  unet = await createSession(buildUnet(checkpoint, config), { backend: 'wasm' });
  tiny = await open('sd-tiny/expected.safetensors');
  pictures = await open('pictures/expected.safetensors');
});

afterAll(async () => {
  await encoder.release();
  await unet.release();
});

async function encode(prompt: string): Promise<Tensor> {
  const { context } = await encoder.run({
    input_ids: { shape: [1, 77], data: tokenizer.window(prompt).ids },
  });
  return context!;
}

/** The UNet on rows [rows · 4 · 8 · 8] that all read one context [1, tokens, width]. */
async function runUnet(rows: Float32Array, timestep: Float32Array, context: Tensor): Promise<Float32Array> {
  const count = timestep.length;
  const repeated = new Float32Array(count * context.data.length);
  for (let row = 0; row < count; row++) repeated.set(context.data, row * context.data.length);
  const contexts = tensor([count, ...context.shape.slice(1)], repeated);
  const { noise_pred } = await unet.run({
    sample: tensor([count, 4, 8, 8], rows),
    timestep: tensor([count], timestep),
    context_k: contexts,
    context_v: contexts,
  });
  return noise_pred!.data;
}

/** The prompt's half and the negative prompt's half, run apart since their contexts may differ in length. */
function guided(prompt: Tensor, negative: Tensor) {
  return async (rows: Float32Array, timestep: Float32Array, which: 'prompt' | 'prompt-and-negative') => {
    if (which === 'prompt') return runUnet(rows, timestep, prompt);
    const half = rows.length / 2;
    const count = timestep.length / 2;
    const prediction = new Float32Array(rows.length);
    prediction.set(await runUnet(rows.slice(0, half), timestep.slice(0, count), prompt));
    prediction.set(await runUnet(rows.slice(half), timestep.slice(count), negative), half);
    return prediction;
  };
}

describe('sample on the golden model', () => {
  it('meets CompVis’s DDIM', async () => {
    const { prompt, negative_prompt, ddim_steps, guidance_scale } = JSON.parse(
      text('sd-tiny/config.json'),
    ) as {
      prompt: string;
      negative_prompt: string;
      ddim_steps: number;
      guidance_scale: number;
    };
    const latents = await sample({
      sampler: 'ddim',
      steps: ddim_steps,
      guidance: guidance_scale,
      prediction: 'epsilon',
      pictures: 1,
      noise: (await tiny.read('init_noise')).data,
      draw: () => new Float32Array(),
      unet: guided(await encode(prompt), await encode(negative_prompt)),
    });
    expect(relativeError(latents, (await tiny.read('ddim_latent')).data)).toBeLessThan(1e-4);
  });

  // Those of the golden pictures whose contexts need no more than the plain text encoder.
  it.each([
    [0, 'Euler a with its noise'],
    [2, 'Euler over three chunks'],
    [3, 'DPM2 a, one σ left out, a seed past 2³²'],
    [4, 'Heun on three pictures without guidance'],
  ])('meets k-diffusion on golden picture %i: %s', async (index) => {
    const { sampler, schedule, steps, guidance, seed, batch = 1, negative } = cases[index]!;
    const seeds = Array.from({ length: batch }, (_, i) => BigInt(seed + i));
    const draw = pictureNoise(seeds, 4 * 8 * 8);
    const context = await pictures.read(`${index}.context`);
    const latents = await sample({
      sampler,
      schedule,
      steps,
      guidance,
      prediction: 'epsilon',
      pictures: batch,
      noise: draw(),
      draw,
      unet: guided(context, await encode(negative)),
    });
    expect(relativeError(latents, (await pictures.read(`${index}.latents`)).data)).toBeLessThan(1e-4);
  });
});
