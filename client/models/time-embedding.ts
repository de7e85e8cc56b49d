// The timestep as a vector: sinusoids (Vaswani et al., 2017), then two linear layers.
import type { Value } from '../onnx/value.ts';
import type { UnetConfig } from './architecture.ts';
import type { Network } from './network.ts';
import { inPrecision } from './precision.ts';
import { sinusoids, type Wave } from './sinusoids.ts';

/** Longest period of the sinusoids, in steps over 2π. */
const MAX_PERIOD = 10_000;

/**
 * timestep float32 [batch] → [batch, timeWidth], already through the SiLU that begins every block's projection of it:
 * all blocks share that one.
 */
export function timeEmbedding(
  network: Network,
  timestep: Value,
  { modelChannels, timeWidth }: UnetConfig,
): Value {
  const { graph } = network;
  return network.module('time_embed', (module) => {
    const half = modelChannels / 2;
    const frequencies = Array.from({ length: half }, (_, i) => MAX_PERIOD ** (-i / half));
    const twice = graph.floats([...frequencies, ...frequencies], [1, 2 * half]);
    const phases = graph.Mul(graph.Reshape(timestep, [-1, 1]), twice);
    // CompVis puts the cosines first.
    const waves = Array.from({ length: 2 * half }, (_, i): Wave => (i < half ? 'cosine' : 'sine'));
    const vector = inPrecision(graph, sinusoids(graph, phases, waves), module.precision);
    const hidden = module.silu(module.linear('0', vector, timeWidth));
    return module.silu(module.linear('2', hidden, timeWidth));
  });
}
