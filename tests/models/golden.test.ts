// The graphs against the numbers of CompVis's and OpenAI's own programs on the golden model.
import { beforeAll, describe, expect, test } from 'vitest';
import type { TensorFile } from '../../client/formats/entry.ts';
import { applyReference } from '../../client/hypernetwork/apply.ts';
import type { StrengthenedHypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import type { AttentionLowering } from '../../client/models/attention.ts';
import { attentionProbe } from '../../client/models/attention-probe.ts';
import { type ModelConfig, readModelConfig } from '../../client/models/config.ts';
import { buildDecoder } from '../../client/models/decoder.ts';
import { buildEncoder } from '../../client/models/encoder.ts';
import { styleFeeds, styleSignature } from '../../client/models/styles.ts';
import { buildTextEncoder } from '../../client/models/text-encoder.ts';
import { buildUnet } from '../../client/models/unet.ts';
import type { EmittedGraph } from '../../client/onnx/graph.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Feed } from '../../client/runtime/session.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import {
  changedCheckpoint,
  sdTinyCheckpoint,
  sdTinyExpected,
  sdTinyManifest,
  sdTinyStyles,
} from './sd-tiny.ts';

const TOLERANCE = 1e-4;
let file: TensorFile;
let config: ModelConfig;
let expected: (name: string) => Promise<Tensor>;
let styles: StrengthenedHypernetwork[];

beforeAll(async () => {
  file = await sdTinyCheckpoint();
  config = readModelConfig(file, await sdTinyManifest());
  expected = await sdTinyExpected();
  styles = await sdTinyStyles();
});

async function run(graph: EmittedGraph, feeds: Record<string, Feed>): Promise<Tensor> {
  const session = await createSession(graph, { backend: 'wasm' });
  try {
    return (await session.run(feeds))[graph.outputs[0]!.name]!;
  } finally {
    await session.release();
  }
}

async function errorOf(found: Tensor, name: string): Promise<number> {
  const wanted = await expected(name);
  expect(found.shape).toEqual(wanted.shape);
  return relativeError(found.data, wanted.data);
}

async function inputIds(): Promise<Feed> {
  const { shape, data } = await expected('input_ids');
  return { shape, data: Int32Array.from(data) };
}

/** The golden context as the styles' keys or values read it. */
async function bentContext(active: readonly StrengthenedHypernetwork[], kind: 'k' | 'v'): Promise<Tensor> {
  const { shape, data } = await expected('context');
  const [batch, tokens, width] = shape as [number, number, number];
  let rows = tensor([batch * tokens, width], data);
  for (const { hypernetwork, strength } of active) {
    const pair = hypernetwork.widths.get(width);
    if (pair !== undefined) rows = applyReference(pair[kind], rows, strength);
  }
  return tensor(shape, rows.data);
}

async function noisePrediction(
  checkpoint: TensorFile,
  attention: AttentionLowering,
  active: readonly StrengthenedHypernetwork[],
): Promise<Tensor> {
  const signature = styleSignature(active, config);
  return run(buildUnet(checkpoint, config, { attention, signature }), {
    sample: await expected('sample'),
    timestep: await expected('timestep'),
    context_k: await bentContext(active, 'k'),
    context_v: await bentContext(active, 'v'),
    ...styleFeeds(active, signature),
  });
}

test('the text encoder gives the context', async () => {
  const context = await run(buildTextEncoder(file, config), { input_ids: await inputIds() });
  expect(await errorOf(context, 'context')).toBeLessThan(TOLERANCE);
});

describe.each(['fused', 'plain'] as const)('the UNet with %s attention', (attention) => {
  test.each([
    ['no style', 0, 'noise_pred'],
    ['one style', 1, 'noise_pred_hypernetworks_1'],
    ['two styles in order', 2, 'noise_pred_hypernetworks_2'],
  ] as const)('predicts the noise with %s', async (_, count, name) => {
    const found = await noisePrediction(file, attention, styles.slice(0, count));
    expect(await errorOf(found, name)).toBeLessThan(TOLERANCE);
  });
});

test('the order and the strengths of styles matter', async () => {
  const swapped = await noisePrediction(file, 'fused', [...styles].reverse());
  expect(await errorOf(swapped, 'noise_pred_hypernetworks_2')).toBeGreaterThan(10 * TOLERANCE);
  const weaker = await noisePrediction(
    file,
    'fused',
    styles.map((style) => ({ ...style, strength: style.strength / 2 })),
  );
  expect(await errorOf(weaker, 'noise_pred_hypernetworks_2')).toBeGreaterThan(10 * TOLERANCE);
});

describe.each(['fused', 'plain'] as const)('the VAE with %s attention', (attention) => {
  test('draws the picture to 2/255', async () => {
    const image = await run(buildDecoder(file, config, { attention }), { latent: await expected('latent') });
    expect(await errorOf(image, 'image')).toBeLessThan(TOLERANCE);
    const wanted = (await expected('image')).data;
    const worst = image.data.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
    expect(worst / 2).toBeLessThan(2 / 255);
  });

  test('encodes to mean and log variance', async () => {
    const moments = await run(buildEncoder(file, config, { attention }), {
      image: await expected('encode_input'),
    });
    expect(await errorOf(moments, 'encode_moments')).toBeLessThan(TOLERANCE);
  });
});

test('the attention probe agrees here, and notices a difference', async () => {
  const { graph, feeds, agrees } = attentionProbe(config);
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
  const session = await createSession(buildUnet(file, config), { backend: 'wasm' });
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
  expect(readModelConfig(half, await sdTinyManifest())).toEqual(config);
  const context = await run(buildTextEncoder(half, config), { input_ids: await inputIds() });
  expect(await errorOf(context, 'context')).toBeLessThan(2e-3);
  expect(await errorOf(await noisePrediction(half, 'fused', []), 'noise_pred')).toBeLessThan(2e-3);
  const image = await run(buildDecoder(half, config), { latent: await expected('latent') });
  expect(await errorOf(image, 'image')).toBeLessThan(2e-3);
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
  expect(other.text.prefix).toBe('cond_stage_model.transformer');
  expect(await errorOf(await noisePrediction(variant, 'fused', []), 'noise_pred')).toBeLessThan(TOLERANCE);
  const context = await run(buildTextEncoder(variant, other), { input_ids: await inputIds() });
  expect(await errorOf(context, 'context')).toBeLessThan(TOLERANCE);
});
