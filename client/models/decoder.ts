// The VAE's decoder as a graph (Kingma & Welling, 2013; Esser et al., 2021): latent in, picture out.
import type { TensorFile } from '../formats/entry.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { ModelConfig } from './architecture.ts';
import type { AttentionOptions } from './attention.ts';
import { VAE_PREFIX } from './names.ts';
import { buildGraph, type Network, type NetworkOptions } from './network.ts';
import { VAE_NORM_EPSILON, vaeMiddle, vaeResBlock } from './vae-blocks.ts';

const RGB = 3;

/**
 * Input: `latent` [batch, 4, height, width], already divided by the latent scale. Output: `image`
 * [batch, 3, factor·height, factor·width], −1 … 1 (values may lie a little outside). Throws ModelError.
 */
export function buildDecoder(
  file: TensorFile,
  config: ModelConfig,
  options: AttentionOptions & Pick<NetworkOptions, 'padding'> = {},
): EmittedGraph {
  return buildGraph('vae-decoder', file, VAE_PREFIX, (network) => decoder(network, config, options), options);
}

/** The body of `buildDecoder`. */
export function decoder(
  network: Network,
  { vae, latentChannels }: ModelConfig,
  options: AttentionOptions = {},
): void {
  const { attention = 'fused' } = options;
  const { graph } = network;
  const latent = graph.input('latent', 'float32', ['batch', latentChannels, 'height', 'width']);
  const embedded = network.pointwise('post_quant_conv', latent, vae.embedding);
  const image = network.module('decoder', (module) => {
    let x = vaeMiddle(module, module.conv('conv_in', embedded, vae.levels.at(-1)!), attention);
    for (let level = vae.levels.length - 1; level >= 0; level--) {
      x = module.module(`up.${level}`, (up) => {
        let y = x;
        for (let block = 0; block <= vae.resBlocks; block++) {
          y = vaeResBlock(up, `block.${block}`, y, vae.levels[level]!);
        }
        return level === 0
          ? y
          : up.module('upsample', (upsample) =>
              upsample.conv('conv', graph.Resize(y, 2), vae.levels[level]!),
            );
      });
    }
    return module.conv('conv_out', module.silu(module.groupNorm('norm_out', x, VAE_NORM_EPSILON)), RGB);
  });
  graph.output('image', image);
}
