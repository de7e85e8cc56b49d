// Hypernetworks made up for the benchmarks: random numbers small enough to leave the picture finite.
import type { Hypernetwork, Layer, LayerStack } from '../../client/hypernetwork/hypernetwork.ts';
import { writeHypernetworkSafetensors } from '../../client/hypernetwork/write.ts';
import { bytesSource, type StyleSource } from '../../client/index.ts';
import { randnCpu } from '../../client/sampling/cpu-noise.ts';
import { tensor } from '../../client/tensor/tensor.ts';

const WEIGHT_DEVIATION = 0.01;

/** A hypernetwork of structure [1, hidden, 1] at the given widths, with relu between the linear layers or without. */
export function makeHypernetwork(
  name: string,
  widths: readonly number[],
  activation: 'relu' | 'linear',
  hidden = 2,
): Hypernetwork {
  const { normal } = randnCpu(BigInt(name.length));
  const linear = (inputs: number, outputs: number): Layer => ({
    kind: 'linear',
    weight: tensor(
      [outputs, inputs],
      normal(outputs * inputs).map((value) => value * WEIGHT_DEVIATION),
    ),
    bias: tensor([outputs]),
  });
  const stack = (width: number): LayerStack => [
    linear(width, hidden * width),
    ...(activation === 'relu' ? [{ kind: 'activation', activation } as const] : []),
    linear(hidden * width, width),
  ];
  return {
    description: {
      name,
      step: 0,
      layerStructure: [1, hidden, 1],
      activation,
      layerNorm: false,
      activateOutput: false,
      useDropout: false,
      dropoutStructure: [0, 0, 0],
      lastLayerDropout: false,
      weightInitialization: null,
      checkpointHash: null,
      checkpointName: null,
      optionalInfo: null,
    },
    widths: new Map(widths.map((width) => [width, { k: stack(width), v: stack(width) }])),
  };
}

/** The hypernetwork as a file in hand. */
export function styleFile(hypernetwork: Hypernetwork): StyleSource {
  const { name } = hypernetwork.description;
  return { name, file: bytesSource(`${name}.safetensors`, writeHypernetworkSafetensors(hypernetwork)) };
}
