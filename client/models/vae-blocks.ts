// Blocks that the VAE's encoder and decoder share: residual block, middle attention, middle.
import type { Value } from '../onnx/value.ts';
import { type AttentionLowering, attention, queryScale } from './attention.ts';
import { channelsOf, type Network } from './network.ts';

/** CompVis's epsilon for the VAE's group norms. */
export const VAE_NORM_EPSILON = 1e-6;

/** x [batch, in, height, width] → [batch, out, height, width]. */
export function vaeResBlock(network: Network, path: string, x: Value, out: number): Value {
  const { graph } = network;
  return network.module(path, (module) => {
    const first = module.conv('conv1', module.silu(module.groupNorm('norm1', x, VAE_NORM_EPSILON)), out);
    const second = module.conv('conv2', module.silu(module.groupNorm('norm2', first, VAE_NORM_EPSILON)), out);
    const shortcut = channelsOf(x) === out ? x : module.pointwise('nin_shortcut', x, out);
    return graph.Add(shortcut, second);
  });
}

/** Residual block, self-attention over all places with one head, residual block; keeps the shape. */
export function vaeMiddle(network: Network, x: Value, lowering: AttentionLowering): Value {
  const channels = channelsOf(x);
  return network.module('mid', (module) => {
    const first = vaeResBlock(module, 'block_1', x, channels);
    return vaeResBlock(module, 'block_2', placeAttention(module, 'attn_1', first, lowering), channels);
  });
}

function placeAttention(network: Network, path: string, x: Value, lowering: AttentionLowering): Value {
  const { graph } = network;
  const channels = channelsOf(x);
  return network.module(path, (module) => {
    const normalised = module.groupNorm('norm', x, VAE_NORM_EPSILON);
    const places = graph.Transpose(graph.Reshape(normalised, [0, channels, -1]), [0, 2, 1]);
    const rows = graph.Reshape(places, [-1, channels]);
    const project = (name: string, scale = 1): Value =>
      graph.Reshape(module.linear(name, rows, channels, { scale }), graph.Shape(places));
    const q = project('q', queryScale(lowering, channels, 1));
    const heard = attention(graph, lowering, { q, k: project('k'), v: project('v'), heads: 1 });
    const out = module.linear('proj_out', graph.Reshape(heard, [-1, channels]), channels);
    const restored = graph.Transpose(graph.Reshape(out, graph.Shape(places)), [0, 2, 1]);
    return graph.Add(x, graph.Reshape(restored, graph.Shape(x)));
  });
}
