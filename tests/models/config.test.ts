// Reading a checkpoint's sizes off its tensors, and naming what is wrong with other files.
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { StoredTensor, TensorFile } from '../../client/formats/entry.ts';
import { openSafetensors, writeSafetensors } from '../../client/formats/safetensors.ts';
import { assembleCheckpoint } from '../../client/models/checkpoint.ts';
import { readModelConfig } from '../../client/models/config.ts';
import { ModelError } from '../../client/models/errors.ts';
import { changedCheckpoint, sdTinyCheckpoint, sdTinyManifest } from './sd-tiny.ts';

const UNET = 'model.diffusion_model';
const manifest = await sdTinyManifest();

/** F32 zeros. */
function zeros(...shape: number[]): StoredTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(4 * shape.reduce((a, b) => a * b, 1)) };
}

async function fileOf(names: readonly string[]): Promise<TensorFile> {
  const tensors = new Map(names.map((name) => [name, zeros(1)]));
  return openSafetensors(bytesSource('other.safetensors', writeSafetensors(tensors, {})));
}

function refusal(file: TensorFile): ModelError {
  try {
    readModelConfig(assembleCheckpoint([file]), manifest);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return error as ModelError;
  }
  throw new Error('the file was accepted');
}

test('every size of sd-tiny is read off its tensors', async () => {
  expect(readModelConfig(await sdTinyCheckpoint(), manifest)).toEqual({
    manifest,
    contextWidth: 24,
    maxTokens: 77,
    latentChannels: 4,
    latentFactor: 8,
    pixelMultiple: 16,
    selfAttentionWidths: [32, 64],
    unet: {
      inputChannels: 4,
      modelChannels: 32,
      timeWidth: 128,
      levels: [
        { channels: 32, transformerDepth: 1, resBlocks: 1 },
        { channels: 64, transformerDepth: 1, resBlocks: 1 },
      ],
      middleDepth: 1,
      heads: { count: 4 },
    },
    text: {
      vocabulary: 600,
      layers: 2,
      hiddenWidth: 96,
      heads: 2,
      activation: 'quick-gelu',
    },
    vae: { channels: 32, levels: [32, 32, 32, 64], resBlocks: 1, embedding: 4 },
  });
});

test('tensors that real checkpoints carry besides the weights are passed over', async () => {
  const file = await changedCheckpoint((tensors) => {
    tensors.set('model_ema.decay', zeros(1));
    tensors.set('model_ema.diffusion_modelinput_blocks00weight', zeros(1));
    tensors.set('betas', zeros(1000));
    tensors.set('sqrt_recipm1_alphas_cumprod', zeros(1000));
    tensors.set('cond_stage_model.logit_scale', zeros(1));
    tensors.set('first_stage_model.loss.logvar', zeros(1));
  });
  expect(readModelConfig(file, manifest).contextWidth).toBe(24);
});

describe('a checkpoint that does not fit is refused by name:', () => {
  test('missing tensors, all of them counted', async () => {
    const lost = [`${UNET}.input_blocks.1.1.norm.bias`, `${UNET}.output_blocks.0.0.out_layers.3.weight`];
    const file = await changedCheckpoint((tensors) => {
      for (const name of lost) tensors.delete(name);
    });
    const error = refusal(file);
    expect(error.code).toBe('model/missing-tensor');
    expect(error.message).toContain("2 of the model's tensors are missing");
    for (const name of lost) expect(error.message).toContain(name);
  });

  test('a tensor that sizes are read from', async () => {
    const name = `${UNET}.time_embed.0.weight`;
    const error = refusal(await changedCheckpoint((tensors) => tensors.delete(name)));
    expect(error.code).toBe('model/missing-tensor');
    expect(error.message).toContain(name);
  });

  test('a tensor of another shape', async () => {
    const name = `${UNET}.middle_block.1.transformer_blocks.0.attn2.to_k.weight`;
    const error = refusal(await changedCheckpoint((tensors) => tensors.set(name, zeros(64, 32))));
    expect(error.code).toBe('model/shape');
    expect(error.message).toContain(`tensor ${name} has another shape; expected [64, 24], found [64, 32]`);
  });

  test('a tensor that nothing would use', async () => {
    const name = `${UNET}.input_blocks.1.2.extra.weight`;
    const error = refusal(await changedCheckpoint((tensors) => tensors.set(name, zeros(3))));
    expect(error.code).toBe('model/unknown-tensor');
    expect(error.message).toContain(name);
  });

  test('an element type that the graphs do not take', async () => {
    const name = `${UNET}.out.2.bias`;
    const file = await changedCheckpoint((tensors) =>
      tensors.set(name, { dtype: 'I16', shape: [4], bytes: new Uint8Array(8) }),
    );
    const error = refusal(file);
    expect(error.code).toBe('model/unsupported');
    expect(error.message).toContain(`tensor ${name}`);
    expect(error.message).toContain('expected contiguous F32 or F16, found I16');
  });

  test.each([
    [5, 'a depth checkpoint'],
    [8, 'a checkpoint that edits pictures by instruction'],
    [11, 'another kind of model'],
  ])('a UNet of %d input channels: %s', async (channels, kind) => {
    const name = `${UNET}.input_blocks.0.0.weight`;
    const error = refusal(await changedCheckpoint((tensors) => tensors.set(name, zeros(32, channels, 3, 3))));
    expect(error.code).toBe('model/unsupported');
    expect(error.message).toContain(`reads more than a latent: ${kind}`);
    expect(error.message).toContain(`expected 4 input channels, or 9 for inpainting, found ${channels}`);
  });

  test('endless lists of modules', async () => {
    const file = await changedCheckpoint((tensors) => {
      for (let layer = 2; layer < 200; layer++) {
        tensors.set(`cond_stage_model.transformer.text_model.encoder.layers.${layer}.x`, zeros(1));
      }
    });
    expect(refusal(file).message).toContain('more than 100 modules in one list');
  });

  test.each([
    ['a Stable Diffusion XL model', 'conditioner.embedders.0.transformer.text_model.final_layer_norm.bias'],
    ['a Stable Diffusion XL model', 'add_embedding.linear_1.weight'],
    ['a Stable Diffusion 3 model', 'model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight'],
    ['a Flux model', 'double_blocks.0.img_attn.qkv.weight'],
    ['a Stable Cascade model', 'clip_txt_pooled_mapper.weight'],
    ['a diffusion transformer', 't_embedder.mlp.0.weight'],
    ['a video model', 'model.diffusion_model.input_blocks.1.0.time_stack.in_layers.0.weight'],
    ['a ControlNet', 'control_model.zero_convs.0.0.weight'],
    ['a LoRA', 'lora_unet_down_blocks_0_attentions_0_proj_in.alpha'],
    ['a hypernetwork', '768.0.linear.0.weight'],
    ['an embedding', 'emb_params'],
  ])('%s', async (title, name) => {
    // Beside parts that are ours: the sign of another family counts wherever it stands.
    const error = refusal(await fileOf([name, `${UNET}.input_blocks.0.0.weight`]));
    expect(error.code).toBe('model/unsupported');
    expect(error.message).toContain(`this is ${title}`);
    expect(error.message).toContain(name);
  });

  test('a file of other things', async () => {
    expect(refusal(await fileOf(['something.else'])).message).toContain(
      'holds no part of a model that Tincture knows; expected a Stable Diffusion 1.x or 2.x checkpoint, or its UNet, ' +
        'text encoder or VAE, found 1 tensors, the first being something.else',
    );
  });

  test('a model whose parts are not all there', async () => {
    const vaeless = await changedCheckpoint((tensors) => {
      for (const name of [...tensors.keys()]) if (name.startsWith('first_stage_model.')) tensors.delete(name);
    });
    expect(refusal(vaeless).message).toContain('the model has no VAE; expected UNet, text encoder and VAE');
  });

  test('heads that do not divide a width', async () => {
    const file = await sdTinyCheckpoint();
    expect(() => readModelConfig(file, { ...manifest, attentionHeads: 5 })).toThrow(
      /MultiHeadAttention|heads/,
    );
  });
});
