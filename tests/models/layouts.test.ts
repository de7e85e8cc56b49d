// Checkpoints as people have them: other names, separate files, pickles, inpainting; told apart by their tensors.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { StoredTensor, TensorFile } from '../../client/formats/entry.ts';
import { openTensorFile } from '../../client/formats/open-tensors.ts';
import { openSafetensors, writeSafetensors } from '../../client/formats/safetensors.ts';
import { TorchTensor, type TorchTree, writeTorchFile } from '../../client/formats/torch-write.ts';
import { architectureOf, assembleCheckpoint, type Checkpoint } from '../../client/models/checkpoint.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { diffusersManifest } from '../../client/models/diffusers-config.ts';
import { ModelError } from '../../client/models/errors.ts';
import { proposeManifest } from '../../client/models/propose.ts';
import { buildTextEncoder } from '../../client/models/text-encoder.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import { call, dict, global, int, string, tensorCode, torchPrezip, tuple } from '../formats/torch-builder.ts';
import { errorOf, inputIds, noisePrediction, run, unetFeeds } from './golden-graphs.ts';
import { type GoldenModel, openGoldenModel, openParts } from './golden-model.ts';

const TOLERANCE = 1e-4;
const UNET = 'model.diffusion_model';
let folder: string;
let v1: GoldenModel;
let v2: GoldenModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tincture-layouts-'));
  v1 = await openGoldenModel('sd-tiny');
  v2 = await openGoldenModel('sd2-tiny');
});
afterAll(() => rm(folder, { recursive: true }));

/** A model's tensors as stored, under the names of its file. */
async function storedTensors({ file }: GoldenModel): Promise<Map<string, StoredTensor>> {
  const stored = new Map<string, StoredTensor>();
  const plain = await openSafetensors(file.source);
  for (const { name, dtype, shape, offset, byteLength } of plain.entries.values()) {
    stored.set(name, { dtype, shape, bytes: await plain.source.read(offset, byteLength) });
  }
  return stored;
}

async function fileOf(
  tensors: ReadonlyMap<string, StoredTensor>,
  name = 'a.safetensors',
): Promise<TensorFile> {
  return openSafetensors(bytesSource(name, writeSafetensors(tensors)));
}

function only(tensors: ReadonlyMap<string, StoredTensor>, prefix: string): Map<string, StoredTensor> {
  return new Map([...tensors].filter(([name]) => name.startsWith(prefix)));
}

/** Our names and where each tensor's bytes lie, for comparing two ways to the same model. */
function namesOf({ entries }: Checkpoint): string[] {
  return [...entries].map(([name, { shape }]) => `${name} ${shape.filter((length) => length !== 1)}`).sort();
}

test('the diffusers layout and the single file are the same tensors', async () => {
  const diffusers = await openGoldenModel('sd-tiny-diffusers');
  const ignored = (name: string) => !/position_ids/.test(name);
  expect(namesOf(diffusers.file).filter(ignored)).toEqual(namesOf(v1.file).filter(ignored));
  for (const [name, { shape }] of v1.file.entries) {
    if (shape.length === 1)
      expect((await diffusers.file.read(name)).data, name).toEqual((await v1.file.read(name)).data);
  }
});

test('parts in files of their own, a VAE in the place of the inner one', async () => {
  const all = await storedTensors(v1);
  const withoutVae = new Map([...all].filter(([name]) => !name.startsWith('first_stage_model.')));
  const bare = new Map(
    [...only(all, 'first_stage_model.')].map(([name, stored]) => [
      name.replace('first_stage_model.', ''),
      stored,
    ]),
  );
  const vae = await fileOf(bare, 'vae.safetensors');
  const joined = assembleCheckpoint([await fileOf(withoutVae), vae]);
  expect(readModelConfig(joined, v1.config.manifest)).toEqual(v1.config);

  const replaced = assembleCheckpoint([await fileOf(all), vae]);
  expect(replaced.parts.get('vae')).toMatchObject({ file: 'vae.safetensors', layout: 'compvis' });
  expect(replaced.parts.get('unet')).toMatchObject({ file: 'a.safetensors' });
});

test('2.x is told from 1.x by its tensors', async () => {
  expect(architectureOf(v1.file)).toBe('stable-diffusion-v1');
  expect(architectureOf(v2.file)).toBe('stable-diffusion-v2');
  expect(v2.file.parts.get('text')?.layout).toBe('open-clip');
  // Three layers in the file; the last is read by nothing.
  expect(v2.config.text).toMatchObject({ layers: 2, activation: 'gelu' });
});

test('OpenCLIP’s packed projections are byte ranges of the file', () => {
  const name = 'cond_stage_model.transformer.text_model.encoder.layers.1.self_attn';
  const offsets = ['q_proj', 'k_proj', 'v_proj'].map(
    (part) => v2.file.entries.get(`${name}.${part}.weight`)!,
  );
  const [q, k, v] = offsets as [(typeof offsets)[0], (typeof offsets)[0], (typeof offsets)[0]];
  expect(q.shape).toEqual([32, 32]);
  expect([k.offset - q.offset, v.offset - k.offset, v.byteLength]).toEqual([4096, 4096, 4096]);
  expect(q.source).toBe(v2.file.source);
});

function zipCheckpoint(stored: ReadonlyMap<string, StoredTensor>): Uint8Array {
  const tensors = [...stored].map(([name, tensor]) => [name, new TorchTensor(tensor)] as const);
  const state = new Map<string, TorchTree>(tensors);
  return writeTorchFile('archive', new Map<string, TorchTree>([['epoch', 7], ['state_dict', state]])); // biome-ignore format: short
}

/** As Lightning wrote it before PyTorch 1.6, with its callbacks' states beside the weights. */
function olderCheckpoint(stored: ReadonlyMap<string, StoredTensor>): Uint8Array {
  const storages = new Map<string, { bytes: Uint8Array; elements: number }>();
  const items = [...stored].map(([name, { dtype, shape, bytes }]): [number[], number[]] => {
    const elements = shape.reduce((count, length) => count * length, 1);
    const strides = shape.map((_, axis) =>
      shape.slice(axis + 1).reduce((count, length) => count * length, 1),
    );
    const key = String(storages.size);
    storages.set(key, { bytes, elements });
    const storage = dtype === 'I64' ? 'LongStorage' : 'FloatStorage';
    return [string(name), tensorCode({ key, storage, elements, shape: [...shape], strides })];
  });
  const score = call(
    global('numpy.core.multiarray', 'scalar'),
    [...call(global('numpy', 'dtype'), string('f8'), int(0), int(1)), ...tuple(int(3), string('<')), 0x62],
    call(global('_codecs', 'encode'), string('x'), string('latin1')),
  );
  const callback = global('pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint');
  const body = dict(
    [string('callbacks'), dict([callback, dict([string('best_model_score'), score])])],
    [string('state_dict'), dict(...items)],
  );
  return torchPrezip(body, storages);
}

test.each(['zip', 'older'])('a .ckpt pickle in the %s container is used as it lies', async (container) => {
  const stored = await storedTensors(v1);
  const path = join(folder, `${container}.ckpt`);
  await writeFile(path, container === 'zip' ? zipCheckpoint(stored) : olderCheckpoint(stored));
  const file = await openParts([path]);
  expect(readModelConfig(file, v1.config.manifest)).toEqual(v1.config);
  const entry = file.entries.get(`${UNET}.out.2.weight`)!;
  expect(entry.source?.name).toBe(path);
  expect(await errorOf(v1, await noisePrediction(v1, 'plain', [], file), 'noise_pred')).toBeLessThan(
    TOLERANCE,
  );
});

test('an inpainting checkpoint reads latent, mask and masked latent, in this order', async () => {
  const all = await storedTensors(v1);
  const name = `${UNET}.input_blocks.0.0.weight`;
  const { shape, bytes } = all.get(name)!;
  const [out, channels] = shape as [number, number];
  const old = new Float32Array(bytes.buffer);
  const kernel = 9;
  // Half of latent channel 0 comes from the mask's channel, half of channel 1 from the masked latent's first.
  const wide = new Float32Array(out * 9 * kernel);
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < channels * kernel; i++) {
      const channel = Math.floor(i / kernel);
      const value = old[o * channels * kernel + i]!;
      const share = channel < 2 ? value / 2 : value;
      wide[o * 9 * kernel + i] = share;
      if (channel < 2) wide[o * 9 * kernel + i + 4 * kernel] = share;
    }
  }
  all.set(name, { dtype: 'F32', shape: [out, 9, 3, 3], bytes: new Uint8Array(wide.buffer) });
  const file = assembleCheckpoint([await fileOf(all)]);
  const config = readModelConfig(file, v1.config.manifest);
  expect(config.unet.inputChannels).toBe(9);
  const feeds = await unetFeeds(v1);
  const { data } = feeds.sample!;
  const mask = tensor([2, 1, 8, 8]);
  const masked = tensor([2, 4, 8, 8]);
  for (let row = 0; row < 2; row++) {
    mask.data.set(data.subarray(row * 256, row * 256 + 64), row * 64);
    masked.data.set(data.subarray(row * 256 + 64, row * 256 + 128), row * 256);
  }
  const found = await run(buildUnet(file, config), { ...feeds, mask, masked_latent: masked });
  expect(await errorOf(v1, found, 'noise_pred')).toBeLessThan(TOLERANCE);
});

test('a text encoder alone, OpenAI’s or OpenCLIP’s, gives the same contexts', async () => {
  const all = await storedTensors(v2);
  const bare = new Map(
    [...only(all, 'cond_stage_model.')].map(([name, stored]) => [
      name.replace('cond_stage_model.model.', ''),
      stored,
    ]),
  );
  const rest = new Map([...all].filter(([name]) => !name.startsWith('cond_stage_model.')));
  const file = assembleCheckpoint([await fileOf(rest), await fileOf(bare, 'text.safetensors')]);
  expect(readModelConfig(file, v2.config.manifest)).toEqual(v2.config);
  const context = await run(buildTextEncoder(file, v2.config), { input_ids: await inputIds(v2) });
  expect(await errorOf(v2, context, 'context')).toBeLessThan(TOLERANCE);
});

test('a manifest is proposed from the tensors', async () => {
  const all = await storedTensors(v1);
  const table = 'cond_stage_model.transformer.text_model.embeddings.token_embedding.weight';
  const facts = {
    name: 'mine',
    checkpoint: 'checkpoint.safetensors',
    tokenizer: { vocab: 'vocab.json', merges: 'merges.txt' },
  };
  const wide = (width: number): StoredTensor => ({
    dtype: 'F32',
    shape: [1, width],
    bytes: new Uint8Array(4 * width),
  });
  const proposal = async (tensors: Map<string, StoredTensor>, more = {}) =>
    proposeManifest(assembleCheckpoint([await fileOf(tensors)]), { ...facts, ...more });
  expect(await proposal(new Map([...all, [table, wide(768)]]))).toMatchObject({
    architecture: 'stable-diffusion-v1',
    attentionHeads: 8,
    textEncoderHeads: 12,
    prediction: 'epsilon',
    defaults: { width: 512 },
  });
  const second = new Map([
    ...(await storedTensors(v2)),
    ['cond_stage_model.model.token_embedding.weight', wide(1024)],
  ] as const);
  expect(await proposal(second)).toMatchObject({
    architecture: 'stable-diffusion-v2',
    attentionHeadWidth: 64,
    textEncoderHeads: 16,
    prediction: 'v',
    defaults: { width: 768 },
  });
  expect(await proposal(second, { prediction: 'epsilon' })).toMatchObject({
    prediction: 'epsilon',
    defaults: { width: 512 },
  });
  await expect(proposal(all)).rejects.toThrow('the text encoder’s heads cannot be told from its width');
});

test('the diffusers layout’s descriptions are read as it means them', () => {
  const files = { checkpoint: 'u', textEncoder: 't', vae: 'v' };
  const text = { hidden_act: 'gelu', num_attention_heads: 16 };
  const unet = {
    attention_head_dim: [5, 10, 20, 20],
    block_out_channels: [320, 640, 1280, 1280],
    sample_size: 96,
  };
  const scheduler = { prediction_type: 'v_prediction' };
  const configs = { unet, textEncoder: text, vae: {}, scheduler };
  expect(diffusersManifest('two', configs, files)).toMatchObject({
    architecture: 'stable-diffusion-v2',
    attentionHeadWidth: 64,
    textEncoderHeads: 16,
    prediction: 'v',
    defaults: { width: 768, height: 768 },
  });
  const stepsOf = (more: object) => diffusersManifest('two', { ...configs, scheduler: more }, files).defaults;
  expect(stepsOf({ _class_name: 'LCMScheduler' })).toMatchObject({ steps: 4, guidance: 1, sampler: 'lcm' });
  expect(stepsOf({ timestep_spacing: 'trailing' })).toMatchObject({ steps: 20, schedule: 'sgm_uniform' });
  expect(stepsOf({ timestep_spacing: 'leading' })).not.toHaveProperty('schedule');
  const uneven = { ...configs, unet: { ...unet, attention_head_dim: [5, 8, 20, 20] } };
  expect(() => diffusersManifest('two', uneven, files)).toThrow(ModelError);
  const strange = { ...configs, scheduler: { prediction_type: 'sample' } };
  expect(() => diffusersManifest('two', strange, files)).toThrow(
    'expected prediction_type epsilon or v_prediction',
  );
  expect(() => diffusersManifest('two', { ...configs, unet: undefined }, files)).toThrow('unet/config.json');
});

test('a file that is called safetensors and is a pickle is read as what it is', async () => {
  const tree = new Map([
    ['state_dict', new Map([['x', new TorchTensor({ dtype: 'F32', shape: [1], bytes: new Uint8Array(4) })]])],
  ]);
  const source = bytesSource('model.safetensors', writeTorchFile('archive', tree));
  const file = await openTensorFile(source);
  expect([...file.entries.keys()]).toEqual(['state_dict.x']);
  expect(() => assembleCheckpoint([file])).toThrow('holds no part of a model');
});
