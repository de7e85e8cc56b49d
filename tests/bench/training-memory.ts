// The largest pictures at which Stable Diffusion 1.5 can be trained over within some memory, from its graph's shapes.
import { gradients } from '../../client/autodiff/gradients.ts';
import { peakMemory } from '../../client/autodiff/peak-memory.ts';
import { cheapRecomputation, segmentRecomputation } from '../../client/autodiff/recompute.ts';
import type { TensorFile } from '../../client/formats/entry.ts';
import type { ModelConfig } from '../../client/models/config.ts';
import { Network } from '../../client/models/network.ts';
import { noisePrediction } from '../../client/models/unet.ts';
import { Weights } from '../../client/models/weights.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import { HypernetworkLayers } from '../../client/training/hypernetwork-layers.ts';
import type { MemoryPlan } from '../../client/training/step-graph.ts';

/** Only what the UNet's graph is built from (Rombach et al., 2022; the published v1 configuration). */
const SD15 = {
  contextWidth: 768,
  latentChannels: 4,
  unet: {
    inputChannels: 4,
    modelChannels: 320,
    timeWidth: 1280,
    levels: [320, 640, 1280, 1280].map((channels, i) => ({
      channels,
      resBlocks: 2,
      transformerDepth: i < 3 ? 1 : 0,
    })),
    middleDepth: 1,
    heads: { count: 8 },
  },
} as unknown as ModelConfig;
const WIDTHS = [320, 640, 768, 1280];
const DESCRIPTION = {
  name: 'size', step: 0, layerStructure: [1, 2, 1], activation: 'relu', layerNorm: false, activateOutput: false,
  useDropout: false, dropoutStructure: [0, 0, 0], lastLayerDropout: false, weightInitialization: 'Normal',
  checkpointHash: null, checkpointName: null, optionalInfo: null,
} as const; // biome-ignore format: a table
/** Weights of the UNet, 859.5 million in float32. */
const UNET_BYTES = 3.44e9;
/** The graph's shapes alone are looked at: no tensor is there. */
const NO_FILE = { entries: new Map() } as unknown as TensorFile;
const LATENT_FACTOR = 8;

/** For each way to save memory: the largest side in pixels, a multiple of 64, and the bytes that it takes. */
export function largestTrainingSides(budget: number) {
  return (['kept', 'cheap', 'segments'] as const).map((memory) => {
    const of = budget / 1e9;
    let best = { 'budget GB': of, memory, pixels: 0, gigabytes: 0 };
    for (let pixels = 64; pixels <= 1024; pixels += 64) {
      const bytes = UNET_BYTES + stepBytes(pixels / LATENT_FACTOR, memory);
      if (bytes > budget) break;
      best = { 'budget GB': of, memory, pixels, gigabytes: Number((bytes / 1e9).toFixed(2)) };
    }
    return best;
  });
}

/** Peak of a step, with the hypernetwork's parameters, gradients and moments. */
function stepBytes(side: number, memory: MemoryPlan): number {
  const graph = graphBuilder('size');
  const network = new Network(graph, new Weights(graph, NO_FILE), 'unet');
  const latent = [1, 4, side, side];
  const layers = new HypernetworkLayers(graph, DESCRIPTION, WIDTHS);
  const [contextK, contextV] = layers.bendContext(graph.input('context', 'float32', [1, 77, 768]));
  const predicted = noisePrediction(
    network,
    SD15,
    {
      sample: graph.input('sample', 'float32', latent),
      timestep: graph.input('timestep', 'float32', [1]),
      contextK,
      contextV,
    },
    { attention: 'plain', styles: layers },
  );
  const loss = graph.Reshape(graph.ReduceMean(graph.Mul(predicted, predicted)), [1]);
  const zero = graph.input('zero', 'float32', [1]);
  const recompute = memory === 'cheap' ? cheapRecomputation(graph, zero) : segmentRecomputation(zero);
  const found = gradients(
    graph,
    loss,
    [...layers.parameters.values()],
    memory === 'kept' ? {} : { recompute },
  );
  for (const [i, gradient] of found.entries()) graph.output(`gradient.${i}`, gradient);
  const parameters = [...layers.parameters.values()].reduce(
    (sum, { shape }) => sum + 4 * (shape as number[]).reduce((count, length) => count * length, 1),
    0,
  );
  // Weights and two moments before and after an update; the gradients are among the graph's outputs.
  return peakMemory(graph).peak + 6 * parameters;
}
