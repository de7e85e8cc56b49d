// Which examples make which batch, and what a batch feeds the step: noised latents, targets, loss weights.
import { ALPHAS_CUMULATIVE, TRAINING_STEPS } from '../sampling/diffusion.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Example } from './examples.ts';
import { PURPOSE, type RandomStream, randomStream } from './random.ts';
import { INPUT } from './step-graph.ts';

/**
 * Orders examples into batches: in each epoch every example once, shuffled, batches of one latent size; a size's last
 * batch is filled up from its beginning. The n-th batch follows from seed and n alone.
 */
export class BatchOrder {
  readonly #examples: readonly Example[];
  readonly #batch: number;
  readonly #seed: bigint;
  #epoch: { readonly number: number; readonly batches: readonly (readonly number[])[] } | undefined;

  constructor(examples: readonly Example[], batch: number, seed: bigint) {
    this.#examples = examples;
    this.#batch = batch;
    this.#seed = seed;
  }

  /** Batches of one epoch. */
  get perEpoch(): number {
    return this.#batchesOf(0).length;
  }

  /** Indices of the examples of batch `number`, counted from 0 over all epochs. */
  at(number: number): readonly number[] {
    const epoch = Math.floor(number / this.perEpoch);
    return this.#batchesOf(epoch)[number % this.perEpoch]!;
  }

  #batchesOf(number: number): readonly (readonly number[])[] {
    if (this.#epoch?.number === number) return this.#epoch.batches;
    const random = randomStream(this.#seed, PURPOSE.order, number);
    const bySize = new Map<string, number[]>();
    for (const index of random.shuffled(this.#examples.map((_, i) => i))) {
      const key = sizeKey(this.#examples[index]!);
      bySize.set(key, [...(bySize.get(key) ?? []), index]);
    }
    const batches: number[][] = [];
    for (const indices of bySize.values()) {
      for (let start = 0; start < indices.length; start += this.#batch) {
        batches.push(Array.from({ length: this.#batch }, (_, i) => indices[(start + i) % indices.length]!));
      }
    }
    this.#epoch = { number, batches: random.shuffled(batches) };
    return this.#epoch.batches;
  }
}

/** Equal for examples that fit into one batch. */
export function sizeKey({ mean }: Example): string {
  return mean.shape.join('×');
}

export interface NoiseOptions {
  readonly prediction: 'epsilon' | 'v';
  /** γ of min-SNR weighting (Hang et al., 2023); undefined weighs all timesteps alike. */
  readonly minSnr: number | undefined;
  /**
   * Truncated-SNR weighting (Salimans & Ho, 2022): the clean latent's error weighs at least this, so that the noisiest
   * timesteps count, where sampling begins and the loss for ε weighs next to nothing. Undefined: no bound.
   */
  readonly snrFloor: number | undefined;
  /** Draw each latent from the encoder's distribution instead of taking its mean. */
  readonly sampled: boolean;
}

/** Feeds of one batch: x_t = √ᾱ·z + √(1−ᾱ)·ε at drawn timesteps, and what the UNet should predict. */
export function noisedBatch(
  examples: readonly Example[],
  options: NoiseOptions,
  random: RandomStream,
  timestepOf: (index: number) => number = () => random.below(TRAINING_STEPS),
): Record<string, Tensor> {
  const latent = examples[0]!.mean.shape;
  const count = elementCount(latent);
  const [, height, width] = latent as [number, number, number];
  const batch = examples.length;
  const sample = tensor([batch, ...latent]);
  const target = tensor([batch, ...latent]);
  const timestep = tensor([batch]);
  const lossWeight = tensor([batch, 1, height, width]);
  for (const [index, example] of examples.entries()) {
    const { mean, deviation } = example;
    const t = timestepOf(index);
    timestep.data[index] = t;
    const alpha = ALPHAS_CUMULATIVE[t]!;
    const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
    const noise = random.normal(count);
    const jitter = options.sampled ? random.normal(count) : undefined;
    for (let i = 0; i < count; i++) {
      const z = mean.data[i]! + (jitter === undefined ? 0 : jitter[i]! * deviation.data[i]!);
      const epsilon = noise[i]!;
      sample.data[index * count + i] = signal * z + spread * epsilon;
      target.data[index * count + i] =
        options.prediction === 'epsilon' ? epsilon : signal * epsilon - spread * z;
    }
    lossWeight.data.set(lossWeights(example, alpha, options), index * height * width);
  }
  return {
    [INPUT.sample]: sample,
    [INPUT.target]: target,
    [INPUT.timestep]: timestep,
    [INPUT.lossWeight]: lossWeight,
  };
}

/** Weights [height · width] of an example's squared errors at a timestep of this ᾱ. */
export function lossWeights({ weight }: Example, alpha: number, options: NoiseOptions): Float32Array {
  const factor = snrWeight(alpha, options) / meanOf(weight.data);
  return weight.data.map((value) => value * factor);
}

/**
 * SNR = ᾱ / (1 − ᾱ) held between the floor and γ, / SNR for ε, / (SNR + 1) for v. Without either 1: the loss of what is
 * predicted; with the floor alone a v model's becomes that of ε above it.
 */
function snrWeight(alpha: number, { prediction, minSnr, snrFloor }: NoiseOptions): number {
  if (minSnr === undefined && snrFloor === undefined) return 1;
  const snr = alpha / (1 - alpha);
  const bounded = Math.max(Math.min(snr, minSnr ?? snr), snrFloor ?? 0);
  return bounded / (prediction === 'epsilon' ? snr : snr + 1);
}

/** A timestep from the `index`-th of `batch` equal parts of the schedule. */
export function spreadTimestep(index: number, batch: number, random: RandomStream): number {
  return Math.floor(((index + random.uniform()) * TRAINING_STEPS) / batch);
}

/** A picture that is transparent everywhere counts as whole rather than as infinitely much. */
function meanOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean > 0 ? mean : 1;
}
