// The graphs against the numbers of CompVis's, OpenAI's and Stability's own programs on the golden models.
import { beforeAll, describe, expect, test } from 'vitest';
import { attentionProbe } from '../../client/models/attention-probe.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { buildDecoder } from '../../client/models/decoder.ts';
import { buildEncoder } from '../../client/models/encoder.ts';
import { buildTextEncoder } from '../../client/models/text-encoder.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { createSession } from '../../client/runtime/create.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { errorOf, inputIds, noisePrediction, run, unetFeeds } from './golden-graphs.ts';
import { type GoldenModel, openGoldenModel } from './golden-model.ts';
import { changedCheckpoint, sdTinyManifest } from './sd-tiny.ts';

const TOLERANCE = 1e-4;
let model: GoldenModel;

beforeAll(async () => {
  model = await openGoldenModel('sd-tiny');
});

describe.each(['sd-tiny', 'sd-tiny-diffusers', 'sd2-tiny'])('%s', (name) => {
  let golden: GoldenModel;
  beforeAll(async () => {
    golden = await openGoldenModel(name);
  });

  test('the text encoder gives the context', async () => {
    const context = await run(buildTextEncoder(golden.file, golden.config), {
      input_ids: await inputIds(golden),
    });
    expect(await errorOf(golden, context, 'context')).toBeLessThan(TOLERANCE);
  });

  // The diffusers layout's graphs are the same once its names are read.
  const lowerings = name.endsWith('-diffusers') ? (['plain'] as const) : (['fused', 'plain'] as const);
  describe.each(lowerings)('with %s attention', (attention) => {
    test('the UNet predicts with no style, with one, with all in order', async () => {
      for (let count = 0; count <= golden.styles.length; count++) {
        const found = await noisePrediction(golden, attention, golden.styles.slice(0, count));
        const wanted = count === 0 ? 'noise_pred' : `noise_pred_hypernetworks_${count}`;
        expect(await errorOf(golden, found, wanted), wanted).toBeLessThan(TOLERANCE);
      }
    });

    test('the VAE draws the picture to 2/255', async () => {
      const image = await run(buildDecoder(golden.file, golden.config, { attention }), {
        latent: await golden.expected('latent'),
      });
      expect(await errorOf(golden, image, 'image')).toBeLessThan(TOLERANCE);
      const wanted = (await golden.expected('image')).data;
      const worst = image.data.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
      expect(worst / 2).toBeLessThan(2 / 255);
    });

    test('the VAE encodes to mean and log variance', async () => {
      const moments = await run(buildEncoder(golden.file, golden.config, { attention }), {
        image: await golden.expected('encode_input'),
      });
      expect(await errorOf(golden, moments, 'encode_moments')).toBeLessThan(TOLERANCE);
    });
  });
});

test('the order and the strengths of styles matter', async () => {
  const { styles } = model;
  const swapped = await noisePrediction(model, 'fused', [...styles].reverse());
  expect(await errorOf(model, swapped, 'noise_pred_hypernetworks_2')).toBeGreaterThan(10 * TOLERANCE);
  const weaker = await noisePrediction(
    model,
    'fused',
    styles.map((style) => ({ ...style, strength: style.strength / 2 })),
  );
  expect(await errorOf(model, weaker, 'noise_pred_hypernetworks_2')).toBeGreaterThan(10 * TOLERANCE);
});

test('the attention probe agrees here, and notices a difference', async () => {
  const { graph, feeds, agrees } = attentionProbe(model.config);
  const session = await createSession(graph, { backend: 'wasm' });
  const outputs = await session.run(feeds);
  await session.release();
  expect(Object.keys(outputs)).toEqual(['difference.32', 'difference.64']);
  expect(agrees(outputs)).toBe(true);
  outputs['difference.64']!.data[99] = Number.NaN;
  expect(agrees(outputs)).toBe(false);
  expect(agrees({})).toBe(false);
});

test('one UNet session takes other sizes, batches and token counts', async () => {
  const session = await createSession(buildUnet(model.file, model.config), { backend: 'wasm' });
  const { noise_pred } = await session.run({
    sample: tensor([1, 4, 6, 10]),
    timestep: tensor([1]),
    context_k: tensor([1, 154, 24]),
    context_v: tensor([1, 154, 24]),
  });
  await session.release();
  expect(noise_pred!.shape).toEqual([1, 4, 6, 10]);
});

test('a checkpoint in half precision gives the same to 2e-3', async () => {
  const half = await changedCheckpoint((tensors) => {
    for (const [name, { dtype, shape, bytes }] of tensors) {
      if (dtype !== 'F32') continue;
      const narrow = Float16Array.from(new Float32Array(bytes.buffer));
      tensors.set(name, { dtype: 'F16', shape, bytes: new Uint8Array(narrow.buffer) });
    }
  });
  const { config } = model;
  expect(readModelConfig(half, await sdTinyManifest())).toEqual(config);
  const computed = await run(
    buildUnet(half, config, { attention: 'plain', precision: 'float16' }),
    await unetFeeds(model),
  );
  expect(await errorOf(model, computed, 'noise_pred')).toBeLessThan(1e-2);
  const context = await run(buildTextEncoder(half, config), { input_ids: await inputIds(model) });
  expect(await errorOf(model, context, 'context')).toBeLessThan(2e-3);
  expect(await errorOf(model, await noisePrediction(model, 'fused', [], half), 'noise_pred')).toBeLessThan(
    2e-3,
  );
  const image = await run(buildDecoder(half, config), { latent: await model.expected('latent') });
  expect(await errorOf(model, image, 'image')).toBeLessThan(2e-3);
});

test('linear projections of a transformer are taken for 1×1 convolutions, and text keys without text_model', async () => {
  const variant = await changedCheckpoint((tensors) => {
    for (const [name, stored] of [...tensors]) {
      const short = name.replace('.text_model.', '.');
      tensors.delete(name);
      const shape = /proj_(in|out)\.weight$/.test(name) ? stored.shape.slice(0, 2) : stored.shape;
      tensors.set(short, { ...stored, shape });
    }
  });
  const other = readModelConfig(variant, await sdTinyManifest());
  expect(await errorOf(model, await noisePrediction(model, 'fused', [], variant), 'noise_pred')).toBeLessThan(
    TOLERANCE,
  );
  const context = await run(buildTextEncoder(variant, other), { input_ids: await inputIds(model) });
  expect(await errorOf(model, context, 'context')).toBeLessThan(TOLERANCE);
});
