// Pictures half drawn by the style in training: the states that it meets when used, and what should become of them.
import { ddimTimesteps } from '../sampling/ddim.ts';
import { ALPHAS_CUMULATIVE } from '../sampling/diffusion.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { lossWeights, type NoiseOptions } from './batches.ts';
import { type CaptionOptions, drawPrompt } from './captions.ts';
import { TrainingError } from './error.ts';
import type { Example } from './examples.ts';
import { PURPOSE, randomStream } from './random.ts';
import { INPUT } from './step-graph.ts';

/** Most pictures under way at once. */
export const MAX_ROLLOUTS = 16;

export interface RolloutOptions {
  /** Pictures under way at once: 1 … 16. */
  readonly slots: number;
  /** DDIM steps of a picture; see `ddimTimesteps`. */
  readonly steps: number;
  /** Each picture's guidance is drawn from this range. */
  readonly guidance: readonly [low: number, high: number];
  readonly noise: NoiseOptions;
  readonly captions: CaptionOptions;
  /** What `[name]` in a template stands for. */
  readonly name: string;
  readonly seed: bigint;
}

/** One picture on its way, and how far it is. */
interface Way {
  readonly example: Example;
  readonly prompt: string;
  readonly guidance: number;
  readonly start: Float32Array;
  readonly position: number;
}

/**
 * Noised training pictures always show some of the style, while sampling begins in noise that shows nothing of it, and
 * goes on from the style's own mistakes. Each slot holds a state on the way that the style in training takes from start
 * noise, guidance included, and the guided prediction there is asked for the picture in the style (compare DAgger, Ross
 * et al., 2011). Where the pictures without the style are known, the start is their noised form at the first timestep,
 * from which the plain model would draw them; else it is noise alone.
 * The slots are spread over the sampler's steps and move one step with each of training's, so that everything but the
 * states themselves follows from the seed and the training's step.
 */
export class Rollouts {
  readonly #examples: readonly Example[];
  readonly #options: RolloutOptions;
  /** The noisiest first. */
  readonly #timesteps: readonly number[];
  readonly #latent: readonly number[];
  #states: Float32Array<ArrayBuffer>[] = [];

  /** Throws `training/option` for a number of slots out of range and for examples of several sizes. */
  constructor(examples: readonly Example[], options: RolloutOptions) {
    const { slots } = options;
    if (!Number.isInteger(slots) || slots < 1 || slots > MAX_ROLLOUTS) {
      throw new TrainingError('training/option', 'an impossible number of rollouts', {
        expected: `1 to ${MAX_ROLLOUTS}`,
        found: String(slots),
      });
    }
    const shapes = new Set(examples.map(({ mean }) => mean.shape.join(' × ')));
    if (shapes.size > 1) {
      throw new TrainingError('training/option', 'rollouts need pictures of one size', {
        found: `latents of ${[...shapes].join(', ')}`,
        fix: 'Leave out --buckets.',
      });
    }
    this.#examples = examples;
    this.#options = options;
    this.#timesteps = ddimTimesteps(options.steps).reverse();
    this.#latent = examples[0]!.mean.shape;
    this.restore(undefined, 0);
  }

  /** The states [slots, channels, height, width]. */
  get states(): Tensor {
    const count = elementCount(this.#latent);
    const all = tensor([this.#states.length, ...this.#latent]);
    for (const [slot, state] of this.#states.entries()) all.data.set(state, slot * count);
    return all;
  }

  /**
   * Takes up the states of a step. Without states of these slots and sizes all begin anew: those that begin midway on the
   * straight line from the noise to their picture.
   */
  restore(states: Tensor | undefined, step: number): void {
    const count = elementCount(this.#latent);
    const slots = Array.from({ length: this.#options.slots }, (_, slot) => slot);
    if (states?.shape.join() === [slots.length, ...this.#latent].join()) {
      this.#states = slots.map((slot) => states!.data.slice(slot * count, (slot + 1) * count));
      return;
    }
    this.#states = slots.map((slot) => {
      const { example, start, position } = this.#way(slot, step);
      return position === 0
        ? start.slice()
        : noised(example.mean.data, start, ALPHAS_CUMULATIVE[this.#timesteps[position]!]!);
    });
  }

  /** Prompts of the inputs at a step of training: first those of the halves without words. */
  prompts(step: number): string[] {
    const asked = this.#ways(step).map(({ prompt }) => prompt);
    return [...asked.map(() => ''), ...asked];
  }

  /**
   * The other inputs of the guided step graph: `sample`, `timestep` and `guidance` of 2 · slots rows, `target` and
   * `loss_weight` of slots rows. The target is what would lead to the picture at once. The loss is times `scale`.
   */
  feeds(step: number, scale: number): Record<string, Tensor> {
    const { prediction } = this.#options.noise;
    const ways = this.#ways(step);
    const slots = ways.length;
    const [, height, width] = this.#latent as [number, number, number];
    const count = elementCount(this.#latent);
    const states = this.states;
    const sample = tensor([2 * slots, ...this.#latent]);
    sample.data.set(states.data);
    sample.data.set(states.data, states.data.length);
    const timestep = tensor([2 * slots]);
    const guidance = tensor([2 * slots, 1, 1, 1]);
    const target = tensor([slots, ...this.#latent]);
    const lossWeight = tensor([slots, 1, height, width]);
    for (const [slot, way] of ways.entries()) {
      const t = this.#timesteps[way.position]!;
      const alpha = ALPHAS_CUMULATIVE[t]!;
      timestep.data[slot] = t;
      timestep.data[slots + slot] = t;
      guidance.data[slot] = 1 - way.guidance;
      guidance.data[slots + slot] = way.guidance;
      const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
      const state = this.#states[slot]!;
      const picture = way.example.mean.data;
      for (let i = 0; i < count; i++) {
        const [x, z] = [state[i]!, picture[i]!];
        target.data[slot * count + i] =
          prediction === 'epsilon' ? (x - signal * z) / spread : (signal * x - z) / spread;
      }
      const weights = lossWeights(way.example, alpha, this.#options.noise);
      lossWeight.data.set(
        weights.map((weight) => weight * scale),
        slot * height * width,
      );
    }
    return {
      [INPUT.sample]: sample,
      [INPUT.timestep]: timestep,
      [INPUT.guidance]: guidance,
      [INPUT.target]: target,
      [INPUT.lossWeight]: lossWeight,
    };
  }

  /** Moves every slot one DDIM step on by the guided prediction [slots, …]; one that is done begins another picture. */
  advance(step: number, guided: Tensor): void {
    const { prediction } = this.#options.noise;
    const count = elementCount(this.#latent);
    for (const [slot, { position }] of this.#ways(step).entries()) {
      const next = this.#way(slot, step + 1);
      if (next.position === 0) {
        this.#states[slot] = next.start.slice();
        continue;
      }
      const alpha = ALPHAS_CUMULATIVE[this.#timesteps[position]!]!;
      const alphaNext = ALPHAS_CUMULATIVE[this.#timesteps[next.position]!]!;
      const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
      const [signalNext, spreadNext] = [Math.sqrt(alphaNext), Math.sqrt(1 - alphaNext)];
      this.#states[slot] = this.#states[slot]!.map((x, i) => {
        const y = guided.data[slot * count + i]!;
        const epsilon = prediction === 'epsilon' ? y : spread * x + signal * y;
        return signalNext * ((x - spread * epsilon) / signal) + spreadNext * epsilon;
      });
    }
  }

  #ways(step: number): Way[] {
    return this.#states.map((_, slot) => this.#way(slot, step));
  }

  /** What a slot holds at a step of training: its chances are those of its slot and its picture's number in it. */
  #way(slot: number, step: number): Way {
    const { slots, guidance, captions, name, seed } = this.#options;
    const steps = this.#timesteps.length;
    const whole = step + Math.floor((slot * steps) / slots);
    const random = randomStream(seed, PURPOSE.rollout, slot, Math.floor(whole / steps));
    const example = this.#examples[random.below(this.#examples.length)]!;
    const prompt = drawPrompt(example.caption, name, { ...captions, emptyShare: 0 }, random);
    const [low, high] = guidance;
    const strength = low + (high - low) * random.uniform();
    const noise = random.normal(elementCount(this.#latent));
    const start =
      example.plain === undefined
        ? noise
        : noised(example.plain.data, noise, ALPHAS_CUMULATIVE[this.#timesteps[0]!]!);
    return { example, prompt, guidance: strength, start, position: whole % steps };
  }
}

/** √ᾱ·z + √(1−ᾱ)·ε */
function noised(picture: Float32Array, noise: Float32Array, alpha: number): Float32Array<ArrayBuffer> {
  const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
  return Float32Array.from(picture, (z, i) => signal * z + spread * noise[i]!);
}
