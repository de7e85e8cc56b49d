// Reads a checkpoint's sizes off its tensors' shapes, and checks that every tensor has its place.
import type { TensorEntry, TensorFile } from '../formats/entry.ts';
import type { ModelConfig, TextConfig, UnetConfig, UnetLevel, VaeConfig } from './architecture.ts';
import { isConvertible, isPointable } from './convertible.ts';
import { decoder } from './decoder.ts';
import { encoder } from './encoder.ts';
import { ModelError } from './errors.ts';
import type { Heads } from './heads.ts';
import type { ModelManifest } from './manifest.ts';
import {
  mustBeUsed,
  PART_PREFIX,
  PART_TITLE,
  type PartName,
  TEXT_PREFIX,
  UNET_PREFIX,
  VAE_PREFIX,
} from './names.ts';
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

/** Channels of a mask, which inpainting checkpoints read between the noisy latent and the masked picture's latent. */
const MASK_CHANNELS = 1;
/** What the UNet of a checkpoint that is neither ordinary nor for inpainting reads besides the latent. */
const OTHER_INPUTS: ReadonlyMap<number, string> = new Map([
  [5, 'a depth checkpoint'],
  [7, 'an upscaler'],
  [8, 'a checkpoint that edits pictures by instruction'],
]);

/**
 * Reads the sizes of a Stable Diffusion 1.x or 2.x checkpoint of any widths; `file` has our names (see
 * `assembleCheckpoint`). Throws ModelError: `model/unsupported` where a part is missing or of a kind that has no graph,
 * `model/missing-tensor`, `model/shape`, and `model/unknown-tensor` for one that no graph would use.
 */
export function readModelConfig(file: TensorFile, manifest: ModelManifest): ModelConfig {
  requireParts(file);
  const unetConfig = readUnet(new ShapeReader(file, UNET_PREFIX), headsOf(manifest));
  const { contextWidth, ...text } = readText(new ShapeReader(file, TEXT_PREFIX), manifest);
  const vae = readVae(new ShapeReader(file, VAE_PREFIX));
  const latentFactor = 2 ** (vae.levels.length - 1);
  const latentChannels = new ShapeReader(file, VAE_PREFIX).size('post_quant_conv.weight', 1);
  const inpainting = 2 * latentChannels + MASK_CHANNELS;
  const { inputChannels } = unetConfig;
  if (inputChannels !== latentChannels && inputChannels !== inpainting) {
    const kind = OTHER_INPUTS.get(inputChannels) ?? 'another kind of model';
    throw new ModelError('unsupported', `the UNet reads more than a latent: ${kind}`, {
      where: file.source.name,
      expected: `${latentChannels} input channels, or ${inpainting} for inpainting`,
      found: String(inputChannels),
      fix: 'Use the ordinary checkpoint of this model.',
    });
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

/** Throws `model/unsupported` naming the parts that are nowhere. */
function requireParts(file: TensorFile): void {
  const names = [...file.entries.keys()];
  const isThere = (part: PartName): boolean => names.some((name) => name.startsWith(`${PART_PREFIX[part]}.`));
  const all = Object.keys(PART_PREFIX) as PartName[];
  const missing = all.filter((part) => !isThere(part));
  if (missing.length === 0) return;
  const there = all.filter(isThere);
  const titles = (parts: readonly PartName[]): string => parts.map((part) => PART_TITLE[part]).join(' and ');
  throw new ModelError('unsupported', `the model has no ${titles(missing)}`, {
    where: file.source.name,
    expected: 'UNet, text encoder and VAE, in one file or several',
    found: there.length === 0 ? `${names.length} tensors of none of them` : titles(there),
    fix: `Add a file with the ${titles(missing)} of this family.`,
  });
}

function headsOf({ attentionHeads, attentionHeadWidth }: ModelManifest): Heads {
  return attentionHeadWidth === undefined ? { count: attentionHeads! } : { width: attentionHeadWidth };
}

function readUnet(shapes: ShapeReader, heads: Heads): UnetConfig {
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
    inputChannels: shapes.size('input_blocks.0.0.weight', 1),
    modelChannels,
    timeWidth: shapes.size('time_embed.0.weight', 0),
    levels,
    middleDepth: shapes.count('middle_block.1.transformer_blocks'),
    heads,
  };
}

function readText(
  shapes: ShapeReader,
  { textEncoderHeads: heads, architecture }: ModelManifest,
): TextConfig & { contextWidth: number } {
  return {
    contextWidth: shapes.size('embeddings.token_embedding.weight', 1),
    vocabulary: shapes.size('embeddings.token_embedding.weight', 0),
    layers: shapes.count('encoder.layers'),
    hiddenWidth: shapes.size('encoder.layers.0.mlp.fc1.weight', 0),
    heads,
    activation: architecture === 'stable-diffusion-v2' ? 'gelu' : 'quick-gelu',
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

/**
 * Drafts all four graphs, which asks for every tensor with its shape, and looks for tensors that none asked for. What
 * only a float32 copy can serve (bfloat16, strides) is taken for one: the copy is made later, once the model is wanted.
 */
function checkTensors(stored: TensorFile, config: ModelConfig): void {
  const file = {
    ...stored,
    entries: new Map([...stored.entries].map(([name, entry]) => [name, copied(entry)])),
  };
  const used = [
    draftGraph('text-encoder', file, TEXT_PREFIX, (network) => textEncoder(network, config)),
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
        expected: 'the tensors of Stable Diffusion 1.x and 2.x',
        found: listed(unknown),
        fix: 'The file may hold another kind of model.',
      },
    );
  }
}

/** The record as a float32 copy of the tensor would have it. */
function copied(entry: TensorEntry): TensorEntry {
  if (isPointable(entry) || !isConvertible(entry)) return entry;
  const { name, shape, offset, byteLength } = entry;
  return { name, shape, offset, byteLength, dtype: 'F32' };
}
