// The UNet as a graph (Rombach et al., 2022): noisy latent, timestep and two contexts in, predicted noise out.
import type { TensorFile } from '../formats/entry.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { Value } from '../onnx/value.ts';
import type { ModelConfig, UnetLevel } from './architecture.ts';
import type { AttentionOptions } from './attention.ts';
import { UNET_PREFIX } from './names.ts';
import { buildGraph, type Network, type NetworkOptions } from './network.ts';
import { inPrecision } from './precision.ts';
import type { StyleSignature } from './signature.ts';
import { StyleLayers } from './style-layers.ts';
import { timeEmbedding } from './time-embedding.ts';
import { type ContextBender, type TransformerContext, transformer } from './transformer.ts';
import { UNET_NORM_EPSILON, unetResBlock } from './unet-blocks.ts';

export interface UnetOptions extends AttentionOptions, NetworkOptions {
  /** Layers of styles before self-attention's keys and values; default none. */
  readonly signature?: StyleSignature;
}

/**
 * Inputs: `sample` [batch, 4, height, width], for an inpainting checkpoint also `mask` [batch, 1, height, width] (1 where
 * it draws) and `masked_latent` like `sample`, times the latent scale; height and width multiples of 2^(levels−1); `timestep` float32 [batch];
 * `context_k` and `context_v` [batch, tokens, contextWidth]; and the layers of `signature` (see `styleFeeds`).
 * Output: `noise_pred` like `sample`. Throws ModelError when the checkpoint lacks a tensor or has another shape.
 */
export function buildUnet(file: TensorFile, config: ModelConfig, options: UnetOptions = {}): EmittedGraph {
  return buildGraph('unet', file, UNET_PREFIX, (network) => unet(network, config, options), options);
}

/** The body of `buildUnet`. */
export function unet(network: Network, config: ModelConfig, options: UnetOptions = {}): void {
  const { graph } = network;
  const contextShape = ['batch', 'tokens', config.contextWidth];
  const inputs: UnetInputs = {
    sample: graph.input('sample', 'float32', ['batch', config.latentChannels, 'height', 'width']),
    timestep: graph.input('timestep', 'float32', ['batch']),
    contextK: graph.input('context_k', 'float32', contextShape),
    contextV: graph.input('context_v', 'float32', contextShape),
    masked: config.unet.inputChannels === config.latentChannels ? [] : maskInputs(graph, config),
  };
  const styles = options.signature === undefined ? undefined : new StyleLayers(graph, options.signature);
  const prediction = noisePrediction(network, config, inputs, { ...options, styles });
  graph.output('noise_pred', inPrecision(graph, prediction, 'float32'));
}

/** What the UNet reads; shapes as in `buildUnet`, symbolic or not. */
export interface UnetInputs {
  readonly sample: Value;
  readonly timestep: Value;
  readonly contextK: Value;
  readonly contextV: Value;
  /** Of an inpainting checkpoint: what follows the sample's channels. Default none. */
  readonly masked?: readonly Value[];
}

function maskInputs(graph: GraphBuilder, { latentChannels }: ModelConfig): Value[] {
  return [
    graph.input('mask', 'float32', ['batch', 1, 'height', 'width']),
    graph.input('masked_latent', 'float32', ['batch', latentChannels, 'height', 'width']),
  ];
}

/** The UNet from given values to the predicted noise (or velocity), of the sample's shape. */
export function noisePrediction(
  network: Network,
  config: ModelConfig,
  { sample, timestep, contextK, contextV, masked = [] }: UnetInputs,
  { attention = 'fused', styles }: AttentionOptions & { readonly styles?: ContextBender | undefined },
): Value {
  const { graph } = network;
  const { levels, modelChannels, heads, middleDepth } = config.unet;
  const at = (x: Value): Value => inPrecision(graph, x, network.precision);
  const context: TransformerContext = {
    k: graph.Reshape(at(contextK), [-1, config.contextWidth]),
    v: graph.Reshape(at(contextV), [-1, config.contextWidth]),
    shape: onceForEach((width) => graph.Concat([graph.Shape(contextK, 2), graph.int64s([width])], 0)),
    heads,
    lowering: attention,
    styles,
  };
  const time = timeEmbedding(network, timestep, config.unet);

  /** A residual block and, where the level has them, its transformer blocks. */
  const stage = (block: Network, x: Value, channels: number, depth: number): Value => {
    const y = unetResBlock(block, '0', x, time, channels);
    return depth === 0 ? y : transformer(block, '1', y, depth, context);
  };

  const read = masked.length === 0 ? sample : graph.Concat([sample, ...masked], 1);
  let x = network.conv('input_blocks.0.0', at(read), modelChannels);
  const skips = [x];
  for (const [index, level] of levels.entries()) {
    for (let block = 0; block < level.resBlocks; block++) {
      x = network.module(`input_blocks.${skips.length}`, (module) =>
        stage(module, x, level.channels, level.transformerDepth),
      );
      skips.push(x);
    }
    if (index < levels.length - 1) {
      x = network.conv(`input_blocks.${skips.length}.0.op`, x, level.channels, 3, {
        pads: [1, 1, 1, 1],
        stride: 2,
      });
      skips.push(x);
    }
  }
  const deepest = levels.at(-1)!.channels;
  x = network.module('middle_block', (module) =>
    unetResBlock(module, '2', stage(module, x, deepest, middleDepth), time, deepest),
  );
  for (const { level, last, block } of outputBlocks(levels)) {
    x = network.module(`output_blocks.${block}`, (module) => {
      const joined = graph.Concat([x, skips.pop()!], 1);
      const y = stage(module, joined, level.channels, level.transformerDepth);
      if (!last) return y;
      const at = level.transformerDepth === 0 ? '1.conv' : '2.conv';
      return module.conv(at, graph.Resize(y, 2), level.channels);
    });
  }
  const normalised = network.silu(network.groupNorm('out.0', x, UNET_NORM_EPSILON));
  return network.conv('out.2', normalised, config.latentChannels);
}

/** The way up: one block more a level than on the way down; the last one enlarges, but for the top level. */
function outputBlocks(levels: readonly UnetLevel[]) {
  const blocks: { level: UnetLevel; last: boolean; block: number }[] = [];
  for (const [index, level] of [...levels.entries()].reverse()) {
    for (let i = 0; i <= level.resBlocks; i++) {
      blocks.push({ level, last: i === level.resBlocks && index > 0, block: blocks.length });
    }
  }
  return blocks;
}

/** Remembers what `make` gave for a width. */
function onceForEach(make: (width: number) => Value): (width: number) => Value {
  const made = new Map<number, Value>();
  return (width) => {
    const value = made.get(width) ?? make(width);
    made.set(width, value);
    return value;
  };
}

/** Whether a checkpoint holds its UNet in half precision, so that one can be built that computes in it. */
export function isHalfUnet({ entries }: TensorFile): boolean {
  return entries.get(`${UNET_PREFIX}.out.2.weight`)?.dtype === 'F16';
}
