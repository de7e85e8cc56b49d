// Small random weights for the templates, the same on every machine: enough to see a style at work before there is a trained one.

import type { StoredTensor } from '../formats/entry.ts';
import { storeFloat32, writeSafetensors } from '../formats/safetensors.ts';
import type { Hypernetwork, LayerStack } from '../hypernetwork/hypernetwork.ts';
import { writeHypernetworkSafetensors } from '../hypernetwork/write.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** The default model's context width, and the layers' inner width. */
const WIDTH = 96;
const HIDDEN = 48;
const RANK = 4;
const GENERATOR_HIDDEN = 8;
const SIDES = ['k', 'v'] as const;

/**
 * Numbers of mean 0 and variance `deviation`²: the sum of four uniform ones, for which additions suffice, since
 * logarithms differ between engines. The uniform ones are Marsaglia's xorshift32.
 */
function randomNumbers(seed: number): (count: number, deviation: number) => Float32Array {
  let state = seed;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32 - 0.5;
  };
  // Four uniform numbers have a variance of 4 / 12.
  return (count, deviation) =>
    Float32Array.from(
      { length: count },
      () => (uniform() + uniform() + uniform() + uniform()) * Math.sqrt(3) * deviation,
    );
}

/** A hypernetwork file for width 96: 96 → 48, relu, 48 → 96, for keys and values. */
export function randomHypernetwork(name: string, seed: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(seed);
  const linear = (outputs: number, inputs: number, gain = 1): LayerStack[number] => ({
    kind: 'linear',
    weight: tensor([outputs, inputs], random(outputs * inputs, gain / Math.sqrt(inputs))),
    bias: tensor([outputs], new Float32Array(outputs)),
  });
  const stack = (): LayerStack => [
    linear(HIDDEN, WIDTH),
    { kind: 'activation', activation: 'relu' },
    linear(WIDTH, HIDDEN, 3),
  ];
  const network: Hypernetwork = {
    description: {
      name,
      step: 0,
      layerStructure: [1, HIDDEN / WIDTH, 1],
      activation: 'relu',
      layerNorm: false,
      activateOutput: false,
      useDropout: false,
      dropoutStructure: [0, 0, 0],
      lastLayerDropout: false,
      weightInitialization: 'random',
      checkpointHash: null,
      checkpointName: null,
      optionalInfo: null,
    },
    widths: new Map([[WIDTH, { k: stack(), v: stack() }]]),
  };
  return writeHypernetworkSafetensors(network);
}

/** The tensors that the low-rank template reads: two layers of rank 4 for each side. */
export function randomFactors(seed: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(seed);
  const tensors = new Map<string, StoredTensor>();
  const factor = (name: string, rows: number, columns: number, deviation: number): void => {
    // ±4 deviations fill the range of int8.
    const whole = Int8Array.from(random(rows * columns, 127 / 4), (value) => Math.round(value));
    tensors.set(name, { dtype: 'I8', shape: [rows, columns], bytes: new Uint8Array(whole.buffer) });
    const scales = new Float32Array(rows).fill((deviation * 4) / 127);
    tensors.set(`${name}.scale`, storeFloat32(tensor([rows], scales)));
  };
  for (const side of SIDES) {
    for (const [index, [inputs, outputs]] of (
      [
        [WIDTH, HIDDEN],
        [HIDDEN, WIDTH],
      ] as const
    ).entries()) {
      const name = `${WIDTH}.${side}.${index}`;
      factor(`${name}.a`, RANK, inputs, 1 / Math.sqrt(inputs));
      factor(`${name}.b`, outputs, RANK, (index + 1) / Math.sqrt(RANK));
      tensors.set(`${name}.bias`, storeFloat32(tensor([outputs], new Float32Array(outputs))));
    }
  }
  return writeSafetensors(tensors);
}

/** The tensors that the generator template reads. */
export function randomGenerator(seed: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(seed);
  const named: [string, Tensor][] = [
    ['hidden.weight', tensor([GENERATOR_HIDDEN, WIDTH], random(GENERATOR_HIDDEN * WIDTH, 1))],
    ['hidden.bias', tensor([GENERATOR_HIDDEN], random(GENERATOR_HIDDEN, 0.5))],
  ];
  for (const side of SIDES) {
    const size = WIDTH * GENERATOR_HIDDEN;
    const deviation = 1 / Math.sqrt(size);
    named.push([`${side}.read`, tensor([WIDTH, GENERATOR_HIDDEN], random(size, deviation * 4))]);
    named.push([`${side}.write`, tensor([WIDTH, GENERATOR_HIDDEN], random(size, deviation * 8))]);
  }
  return writeSafetensors(new Map(named.map(([name, value]) => [name, storeFloat32(value)])));
}
