// Models of every layout through the whole engine in Node: 2.x, a diffusers folder, inpainting, parts in files in hand.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../client/engine/model.ts';
import { currentPlatform } from '../../client/engine/platform.ts';
import { Sessions } from '../../client/engine/sessions.ts';
import type { StoredTensor } from '../../client/formats/entry.ts';
import { writeSafetensors } from '../../client/formats/safetensors.ts';
import {
  bytesSource,
  createEngine,
  type GenerateRequest,
  type ModelSource,
  openSafetensors,
  relativeError,
  type Tensor,
} from '../../client/index.ts';

const GOLDEN = 'tests/golden';

async function expectedOf(model: string): Promise<(name: string) => Promise<Tensor>> {
  const bytes = await readFile(`${GOLDEN}/${model}/expected.safetensors`);
  const file = await openSafetensors(bytesSource('expected', bytes));
  return (name) => file.read(name);
}

/** Draws the golden prompt; gives the error of the final latent. */
async function drawn(
  model: ModelSource,
  golden: string,
  styles: GenerateRequest['styles'] = [],
): Promise<number> {
  const expected = await expectedOf(golden);
  const engine = await createEngine({ model, backend: 'wasm', threads: 1 });
  try {
    const { latents } = await engine.generate({
      prompt: 'a photo of a red apple, best quality',
      negativePrompt: 'blurry',
      sampler: 'ddim',
      steps: 5,
      guidance: 7.5,
      width: 64,
      height: 64,
      styles,
      noise: await expected('init_noise'),
    });
    const wanted = await expected(styles.length === 0 ? 'ddim_latent' : 'ddim_latent_hypernetworks');
    return relativeError(latents.data, wanted.data);
  } finally {
    await engine.close();
  }
}

async function sdTiny(): Promise<Map<string, StoredTensor>> {
  const bytes = await readFile(`${GOLDEN}/sd-tiny/checkpoint.safetensors`);
  const file = await openSafetensors(bytesSource('checkpoint', bytes));
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, offset, byteLength } of file.entries.values()) {
    tensors.set(name, { dtype, shape, bytes: await file.source.read(offset, byteLength) });
  }
  return tensors;
}

async function filesOf(tensors: ReadonlyMap<string, StoredTensor>) {
  const text = (name: string) => readFile(`${GOLDEN}/sd-tiny/${name}`, 'utf8');
  return {
    manifest: JSON.parse(await text('model.json')) as Record<string, unknown>,
    checkpoint: new Blob([writeSafetensors(tensors)]),
    vocab: await text('vocab.json'),
    merges: await text('merges.txt'),
  };
}

describe('the reference’s DDIM latent', () => {
  it('of 2.x: OpenCLIP’s text, its padding, v prediction; without and with a style', async () => {
    const model = `${GOLDEN}/sd2-tiny`;
    expect(await drawn(model, 'sd2-tiny')).toBeLessThan(1e-3);
    expect(await drawn(model, 'sd2-tiny', [{ style: `${model}/style-c.pt`, strength: 0.7 }])).toBeLessThan(
      1e-3,
    );
  });

  it('of a folder in the diffusers layout', async () => {
    expect(await drawn(`${GOLDEN}/sd-tiny-diffusers`, 'sd-tiny')).toBeLessThan(1e-3);
  });

  it('of files in hand whose VAE is a file of its own', async () => {
    const tensors = await sdTiny();
    const vae = new Map([...tensors].filter(([name]) => name.startsWith('first_stage_model.')));
    for (const name of vae.keys()) tensors.delete(name);
    const files = await filesOf(tensors);
    await expect(drawn(files, 'sd-tiny')).rejects.toThrow('the model has no VAE');
    expect(await drawn({ ...files, vae: new Blob([writeSafetensors(vae)]) }, 'sd-tiny')).toBeLessThan(1e-3);
  });

  it('of an inpainting checkpoint that takes no notice of the mask', async () => {
    const tensors = await sdTiny();
    const name = 'model.diffusion_model.input_blocks.0.0.weight';
    const { shape, bytes } = tensors.get(name)!;
    const [out, channels] = shape as [number, number];
    const old = new Float32Array(bytes.buffer);
    const wide = new Float32Array(out * 9 * 9);
    for (let o = 0; o < out; o++) {
      wide.set(old.subarray(o * channels * 9, (o + 1) * channels * 9), o * 81);
    }
    tensors.set(name, { dtype: 'F32', shape: [out, 9, 3, 3], bytes: new Uint8Array(wide.buffer) });
    expect(await drawn(await filesOf(tensors), 'sd-tiny')).toBeLessThan(1e-3);
    // With weights on the mask's channel the picture is another one: the ones arrive.
    for (let o = 0; o < out; o++) wide.fill(0.05, o * 81 + 36, o * 81 + 45);
    expect(await drawn(await filesOf(tensors), 'sd-tiny')).toBeGreaterThan(1e-2);
    const engine = await createEngine({ model: await filesOf(tensors), backend: 'wasm', threads: 1 });
    try {
      const grey = (level: (i: number) => number) => ({
        width: 64,
        height: 64,
        pixels: Uint8ClampedArray.from({ length: 4 * 64 ** 2 }, (_, i) =>
          i % 4 === 3 ? 255 : level(i >> 2),
        ),
      });
      const image = grey((i) => i % 200);
      const latents = async (mask?: GenerateRequest['mask']) => {
        const request = { prompt: 'cat', seed: 1, steps: 2, guidance: 1, maskBlur: 0, image };
        return (await engine.generate({ ...request, ...(mask && { mask }) })).latents.data;
      };
      const whole = await latents();
      expect(await latents(grey(() => 255))).toEqual(whole);
      const { latents: large } = await engine.generate({ prompt: 'cat', steps: 2, hires: { scale: 2 } });
      expect(large.shape).toEqual([1, 4, 16, 16]);
    } finally {
      await engine.close();
    }
  });
});

it('of a model too large for two sessions at once, only one is alive', async () => {
  const platform = await currentPlatform();
  const finding = { platform, registry: undefined, signal: undefined, onProgress: undefined };
  const sessions = new Sessions(await openModel(`${GOLDEN}/sd-tiny`, finding), 'wasm', 'float32', 1_000_000);
  const text = await sessions.textEncoder();
  const decoder = await sessions.decoder('plain');
  await expect(text.run({})).rejects.toMatchObject({ code: 'runtime/released' });
  expect(await sessions.decoder('plain')).toBe(decoder);
  const unet = await sessions.unet({ key: '', widths: [] }, 'plain');
  await expect(decoder.run({})).rejects.toMatchObject({ code: 'runtime/released' });
  await sessions.release();
  await expect(unet.run({})).rejects.toMatchObject({ code: 'runtime/released' });
});

describe('refused, in words:', () => {
  it('a manifest that calls an OpenCLIP text encoder 1.x', async () => {
    const read = (name: string) => readFile(`${GOLDEN}/sd2-tiny/${name}`);
    const manifest = { ...JSON.parse(String(await read('model.json'))), architecture: 'stable-diffusion-v1' };
    const model = {
      manifest,
      checkpoint: new Blob([await read('checkpoint.safetensors')]),
      vocab: String(await read('vocab.json')),
      merges: String(await read('merges.txt')),
    };
    await expect(createEngine({ model, backend: 'wasm', threads: 1 })).rejects.toThrow(
      'architecture contradicts the text encoder; expected stable-diffusion-v2 for an OpenCLIP text encoder',
    );
  });

  it('a tokenizer with more tokens than the text encoder', async () => {
    const files = await filesOf(await sdTiny());
    const vocab = JSON.stringify({ ...JSON.parse(files.vocab), extra: 600 });
    await expect(createEngine({ model: { ...files, vocab }, backend: 'wasm', threads: 1 })).rejects.toThrow(
      'the tokenizer is another model’s; expected at most 600 tokens, as the text encoder has, found 601',
    );
  });
});
