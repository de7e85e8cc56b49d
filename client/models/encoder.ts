// The VAE's encoder as a graph: picture in, mean and log variance of the latent out.
import type { TensorFile } from '../formats/entry.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { ModelConfig } from './architecture.ts';
import type { AttentionOptions } from './attention.ts';
import { VAE_PREFIX } from './names.ts';
import { buildGraph, type Network, type NetworkOptions } from './network.ts';
import { VAE_NORM_EPSILON, vaeMiddle, vaeResBlock } from './vae-blocks.ts';

const RGB = 3;

/**
 * Input: `image` [batch, 3, height, width] in −1 … 1, height and width multiples of the latent factor. Output:
 * `moments` [batch, 8, height/factor, width/factor]: the latent's mean, then its log variance, not yet multiplied by
 * the latent scale. Throws ModelError.
 */
export function buildEncoder(
  file: TensorFile,
  config: ModelConfig,
  options: AttentionOptions & Pick<NetworkOptions, 'padding'> = {},
): EmittedGraph {
  return buildGraph('vae-encoder', file, VAE_PREFIX, (network) => encoder(network, config, options), options);
}

/** The body of `buildEncoder`. */
export function encoder(
  network: Network,
  { vae, latentChannels }: ModelConfig,
  options: AttentionOptions = {},
): void {
  const { attention = 'fused' } = options;
  const { graph } = network;
  const image = graph.input('image', 'float32', ['batch', RGB, 'height', 'width']);
  const hidden = network.module('encoder', (module) => {
    let x = module.conv('conv_in', image, vae.channels);
    for (const [level, channels] of vae.levels.entries()) {
      x = module.module(`down.${level}`, (down) => {
        let y = x;
        for (let block = 0; block < vae.resBlocks; block++)
          y = vaeResBlock(down, `block.${block}`, y, channels);
        if (level === vae.levels.length - 1) return y;
        // CompVis pads below and to the right only, and with zeros even where the web UI tiles; here that wraps too.
        return down.module('downsample', (downsample) =>
          downsample.conv('conv', y, channels, 3, { pads: [0, 0, 1, 1], stride: 2 }),
        );
      });
    }
    const normalised = module.silu(
      module.groupNorm('norm_out', vaeMiddle(module, x, attention), VAE_NORM_EPSILON),
    );
    return module.conv('conv_out', normalised, 2 * vae.embedding);
  });
  graph.output('moments', network.pointwise('quant_conv', hidden, 2 * latentChannels));
}
