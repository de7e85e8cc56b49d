// The UNet's residual block.
import type { Value } from '../onnx/value.ts';
import { channelsOf, type Network } from './network.ts';

/** CompVis's epsilon for group norms of residual blocks and of the output. */
export const UNET_NORM_EPSILON = 1e-5;

/**
 * x [batch, in, height, width], time [batch, timeWidth] (through SiLU) → [batch, out, height, width].
 * ResNet block with the time added to the features between its convolutions (Dhariwal & Nichol, 2021).
 */
export function unetResBlock(network: Network, path: string, x: Value, time: Value, out: number): Value {
  const { graph } = network;
  return network.module(path, (module) => {
    const active = module.silu(module.groupNorm('in_layers.0', x, UNET_NORM_EPSILON));
    const features = module.conv('in_layers.2', active, out);
    const offsets = graph.Reshape(module.linear('emb_layers.1', time, out), [0, out, 1, 1]);
    const shifted = graph.Add(features, offsets);
    const second = module.silu(module.groupNorm('out_layers.0', shifted, UNET_NORM_EPSILON));
    const result = module.conv('out_layers.3', second, out);
    const shortcut = channelsOf(x) === out ? x : module.pointwise('skip_connection', x, out);
    return graph.Add(shortcut, result);
  });
}
