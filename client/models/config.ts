// Reads a checkpoint's sizes off its tensors' shapes, and checks that every tensor has its place.
import type { TensorFile } from '../formats/entry.ts';
import type { ModelConfig, TextConfig, UnetConfig, UnetLevel, VaeConfig } from './architecture.ts';
import { decoder } from './decoder.ts';
import { encoder } from './encoder.ts';
import { ModelError } from './errors.ts';
import { requireStableDiffusion1 } from './family.ts';
import type { ModelManifest } from './manifest.ts';
import { mustBeUsed, TEXT_PREFIX, UNET_PREFIX, VAE_PREFIX } from './names.ts';
import { draftGraph } from './network.ts';
import { ShapeReader } from './shape-reader.ts';
import { textEncoder } from './text-encoder.ts';
import { unet } from './unet.ts';
import { listed } from './weights.ts';

export type { ModelConfig } from './architecture.ts';

/** A deeper net would shrink any latent to nothing. */
const MAX_LEVELS = 8;
/** CLIP's chunk length; position embeddings have one row for each. */
const CLIP_TOKENS = 77;

/**
 * Reads the sizes of a Stable Diffusion v1 checkpoint of any widths. Throws ModelError: `model/unsupported` for another
 * family, `model/missing-tensor`, `model/shape`, and `model/unknown-tensor` for one that no graph would use.
 */
export function readModelConfig(file: TensorFile, manifest: ModelManifest): ModelConfig {
  requireStableDiffusion1(file);
  const unetShapes = new ShapeReader(file, UNET_PREFIX);
  const unetConfig = readUnet(unetShapes, manifest.attentionHeads);
  const { contextWidth, ...text } = readText(file, manifest.textEncoderHeads);
  const vae = readVae(new ShapeReader(file, VAE_PREFIX));
  const latentFactor = 2 ** (vae.levels.length - 1);
  const latentChannels = new ShapeReader(file, VAE_PREFIX).size('post_quant_conv.weight', 1);
  const found = unetShapes.size('input_blocks.0.0.weight', 1);
  if (found !== latentChannels) {
    throw new ModelError(
      'unsupported',
      'the UNet reads more than a latent: an inpainting or depth checkpoint',
      {
        where: file.source.name,
        expected: `${latentChannels} input channels`,
        found: String(found),
        fix: 'Use the ordinary checkpoint of this model.',
      },
    );
  }
  const config: ModelConfig = {
    manifest,
    contextWidth,
    maxTokens: CLIP_TOKENS,
    latentChannels,
    latentFactor,
    pixelMultiple: latentFactor * 2 ** (unetConfig.levels.length - 1),
    selfAttentionWidths: selfAttentionWidths(unetConfig),
    unet: unetConfig,
    text,
    vae,
  };
  checkTensors(file, config);
  return config;
}

function selfAttentionWidths({ levels, middleDepth }: UnetConfig): number[] {
  const widths = levels.filter((level) => level.transformerDepth > 0).map((level) => level.channels);
  if (middleDepth > 0) widths.push(levels.at(-1)!.channels);
  return [...new Set(widths)].sort((a, b) => a - b);
}

function readUnet(shapes: ShapeReader, heads: number): UnetConfig {
  const levels: UnetLevel[] = [];
  let current: UnetLevel | undefined;
  for (let block = 1; shapes.hasBelow(`input_blocks.${block}`); block++) {
    const path = `input_blocks.${block}`;
    if (shapes.has(`${path}.0.op.weight`)) {
      if (current === undefined)
        throw shapes.unsupported(`${path}.0.op.weight`, 'a level without residual blocks');
      levels.push(current);
      current = undefined;
      continue;
    }
    const channels = shapes.size(`${path}.0.in_layers.2.weight`, 0);
    const transformerDepth = shapes.count(`${path}.1.transformer_blocks`);
    if (
      current !== undefined &&
      (current.channels !== channels || current.transformerDepth !== transformerDepth)
    ) {
      throw shapes.unsupported(`${path}.0.in_layers.2.weight`, 'residual blocks of one level that differ');
    }
    current = { channels, transformerDepth, resBlocks: (current?.resBlocks ?? 0) + 1 };
  }
  if (current === undefined)
    throw shapes.unsupported('input_blocks.1', 'a last level without residual blocks');
  levels.push(current);
  if (levels.length > MAX_LEVELS) throw shapes.unsupported('input_blocks', `more than ${MAX_LEVELS} levels`);
  const modelChannels = shapes.size('input_blocks.0.0.weight', 0);
  if (modelChannels % 2 !== 0)
    throw shapes.unsupported('input_blocks.0.0.weight', 'an odd number of channels');
  return {
    modelChannels,
    timeWidth: shapes.size('time_embed.0.weight', 0),
    levels,
    middleDepth: shapes.count('middle_block.1.transformer_blocks'),
    heads,
  };
}

function readText(file: TensorFile, heads: number): TextConfig & { contextWidth: number } {
  const nested = new ShapeReader(file, `${TEXT_PREFIX}.text_model`);
  const shapes = nested.hasBelow('embeddings') ? nested : new ShapeReader(file, TEXT_PREFIX);
  return {
    prefix: shapes.prefix,
    contextWidth: shapes.size('embeddings.token_embedding.weight', 1),
    vocabulary: shapes.size('embeddings.token_embedding.weight', 0),
    layers: shapes.count('encoder.layers'),
    hiddenWidth: shapes.size('encoder.layers.0.mlp.fc1.weight', 0),
    heads,
  };
}

function readVae(shapes: ShapeReader): VaeConfig {
  const depth = shapes.count('encoder.down');
  if (depth < 1 || depth > MAX_LEVELS) {
    throw shapes.unsupported('encoder.down', `a VAE of ${depth} levels, not 1 … ${MAX_LEVELS}`);
  }
  const levels = Array.from({ length: depth }, (_, level) =>
    shapes.size(`encoder.down.${level}.block.0.conv1.weight`, 0),
  );
  return {
    channels: shapes.size('encoder.conv_in.weight', 0),
    levels,
    resBlocks: shapes.count('encoder.down.0.block'),
    embedding: shapes.size('decoder.conv_in.weight', 1),
  };
}

/** Drafts all four graphs, which asks for every tensor with its shape, and looks for tensors that none asked for. */
function checkTensors(file: TensorFile, config: ModelConfig): void {
  const used = [
    draftGraph('text-encoder', file, config.text.prefix, (network) => textEncoder(network, config)),
    draftGraph('unet', file, UNET_PREFIX, (network) => unet(network, config)),
    draftGraph('vae-decoder', file, VAE_PREFIX, (network) => decoder(network, config)),
    draftGraph('vae-encoder', file, VAE_PREFIX, (network) => encoder(network, config)),
  ].map((network) => network.weights.used);
  const unknown = [...file.entries.keys()].filter(
    (name) => mustBeUsed(name) && !used.some((names) => names.has(name)),
  );
  if (unknown.length > 0) {
    throw new ModelError(
      'unknown-tensor',
      `the checkpoint has ${unknown.length} tensors that no part of the model uses`,
      {
        where: file.source.name,
        expected: 'the tensors of Stable Diffusion 1.x',
        found: listed(unknown),
        fix: 'The file may hold another kind of model.',
      },
    );
  }
}
