// What the styles of one picture do at each run of the UNet: bent contexts and layers, made once for all that are alike.
import type { StrengthenedHypernetwork, StyleNetwork } from '../hypernetwork/hypernetwork.ts';
import type { ContextPair } from '../plugin-host/host.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Conditioning, ContextRows } from './conditioning.ts';
import { Newest } from './newest.ts';
import type { Scene } from './running-style.ts';
import { bendSides, curveOverSteps } from './style-strengths.ts';
import type { ReadyStyle } from './styles.ts';

/** What the UNet's cross-attention reads: contexts for keys and values, [rows, tokens, width] each. */
export interface Contexts {
  readonly k: Tensor;
  readonly v: Tensor;
}

/** One style at one step. Its strength is the user's times the step's factors, the user's and the style's own; 0 adds nothing. */
export interface SteppedStyle extends StrengthenedHypernetwork {
  readonly name: string;
  readonly bendsText: boolean;
}

/** What all runs of one kind are given. The same object for each of them. */
export interface StepState {
  /** All rows in order; those of the negative prompt by themselves where it has another length. */
  readonly groups: readonly Contexts[];
  /** In order. */
  readonly styles: readonly SteppedStyle[];
}

/** Bytes of states, and of bent contexts, that are kept: of Stable Diffusion 1.x, half a megabyte for each context of one chunk. */
const KEPT_BYTES = 2 ** 27;

interface Scheduled {
  readonly style: ReadyStyle;
  /** For each step; undefined: 1 at all of them. */
  readonly factors: readonly number[] | undefined;
  /** For each step; undefined: 0 at all of them. */
  readonly phases: Int32Array | undefined;
  readonly varies: boolean;
}

/** A context behind all styles, and which of them changed it. */
interface Bent {
  readonly pair: ContextPair;
  readonly by: readonly boolean[];
}

export class StepStyles {
  readonly #conditioning: Conditioning;
  readonly #styles: readonly Scheduled[];
  readonly #signal: AbortSignal | undefined;
  /** Equal for steps that are alike. */
  readonly #keys: readonly string[];
  readonly #states = new Newest<StepState>(KEPT_BYTES, ({ groups }) =>
    groups.reduce((sum, { k, v }) => sum + k.data.byteLength + v.data.byteLength, 0),
  );
  readonly #bent = new Newest<Bent>(KEPT_BYTES, ({ pair }) => pair.k.byteLength + pair.v.byteLength);

  private constructor(
    conditioning: Conditioning,
    styles: readonly Scheduled[],
    steps: number,
    signal: AbortSignal | undefined,
  ) {
    this.#conditioning = conditioning;
    this.#styles = styles;
    this.#signal = signal;
    this.#keys = Array.from({ length: steps }, (_, step) =>
      styles.map((it) => `${factorAt(it, step)}:${phaseAt(it, step)}`).join(' '),
    );
  }

  /**
   * Shows the picture to the styles, with the context that the first run reads of the prompt's first part, and asks for their
   * schedules. A style that has strength 0 at every step is not asked for anything more. Throws what a style's plugin threw; that
   * style begins anew with the next picture.
   */
  static async begin(
    styles: readonly ReadyStyle[],
    conditioning: Conditioning,
    steps: number,
    signal?: AbortSignal,
  ): Promise<StepStyles> {
    const first = conditioning.contexts[conditioning.at(0).prompts[0]!]!;
    const [rows, width] = first.shape as [number, number];
    const scene: Scene = { context: first.data, rows, width, steps };
    const scheduled: Scheduled[] = [];
    for (const style of styles) {
      if (style.strength === 0) continue;
      signal?.throwIfAborted();
      const schedule = await style.ask((running) => running.begin(scene, style.parameters));
      const factors = product(schedule?.strengths, curveOverSteps(style.overSteps, steps));
      if (factors?.every((factor) => factor === 0)) continue;
      const varies = changes(factors) || changes(schedule?.phases);
      scheduled.push({ style, factors, phases: schedule?.phases, varies });
    }
    return new StepStyles(conditioning, scheduled, steps, signal);
  }

  /** What the UNet is given at a step and at a run, both from 0. Made when a run of its kind is first asked for. */
  async at(step: number, run: number): Promise<StepState> {
    const rows = this.#conditioning.at(run);
    const key = `${this.#keys[step]!} / ${rows.prompts.join()} / ${rows.negative}`;
    const kept = this.#states.get(key);
    if (kept !== undefined) return kept;
    const state = await this.#make(step, rows);
    this.#states.add(key, state);
    return state;
  }

  async #make(step: number, { prompts, negative }: ContextRows): Promise<StepState> {
    const networks: StyleNetwork[] = [];
    for (const scheduled of this.#styles) {
      this.#signal?.throwIfAborted();
      const phase = phaseAt(scheduled, step);
      networks.push(await scheduled.style.ask((running) => running.network(phase)));
    }
    const bent: Bent[] = [];
    for (const place of negative === undefined ? prompts : [...prompts, negative]) {
      bent.push(await this.#bentContext(step, place));
    }
    const styles = this.#styles.map(
      (scheduled, i): SteppedStyle => ({
        name: scheduled.style.name,
        strength: scheduled.style.strength * factorAt(scheduled, step),
        factors: scheduled.style.factors,
        varies: scheduled.varies,
        hypernetwork: networks[i]!,
        bendsText: bent.some(({ by }) => by[i]),
      }),
    );
    const pairs = bent.map(({ pair }) => pair);
    const alike = pairs.every(({ rows }) => rows === pairs[0]!.rows);
    const groups = alike ? [pairs] : [pairs.slice(0, prompts.length), pairs.slice(prompts.length)];
    return { groups: groups.map(joined), styles };
  }

  /** The context at a place, bent by all styles in their order as at this step. */
  async #bentContext(step: number, place: number): Promise<Bent> {
    const key = `${this.#keys[step]!} / ${place}`;
    const kept = this.#bent.get(key);
    if (kept !== undefined) return kept;
    const { shape, data } = this.#conditioning.contexts[place]!;
    let pair: ContextPair = { width: shape[1]!, rows: shape[0]!, k: data, v: data };
    const by: boolean[] = [];
    for (const scheduled of this.#styles) {
      this.#signal?.throwIfAborted();
      const before = pair;
      const phase = phaseAt(scheduled, step);
      const { style } = scheduled;
      const strength = style.strength * factorAt(scheduled, step);
      pair = await bendSides(before, { strength, factors: style.factors }, (at) =>
        style.ask((running) => running.bend(phase, before, at)),
      );
      by.push(pair !== before);
    }
    const bent = { pair, by };
    this.#bent.add(key, bent);
    return bent;
  }
}

/** Pairs of one length as rows of two tensors; one tensor where keys and values are the same. */
function joined(pairs: readonly ContextPair[]): Contexts {
  const { rows, width } = pairs[0]!;
  const join = (side: 'k' | 'v'): Tensor => {
    const data = new Float32Array(pairs.length * rows * width);
    for (const [i, pair] of pairs.entries()) data.set(pair[side], i * rows * width);
    return tensor([pairs.length, rows, width], data);
  };
  const k = join('k');
  return { k, v: pairs.every((pair) => pair.k === pair.v) ? k : join('v') };
}

function factorAt({ factors }: Scheduled, step: number): number {
  return factors === undefined ? 1 : factors[step]!;
}

function phaseAt({ phases }: Scheduled, step: number): number {
  return phases === undefined ? 0 : phases[step]!;
}

/** The style's own factors times the user's. */
function product(
  own: Float32Array | undefined,
  users: readonly number[] | undefined,
): readonly number[] | undefined {
  if (own === undefined) return users;
  return Array.from(own, (factor, step) => factor * (users?.[step] ?? 1));
}

function changes(values: ArrayLike<number> | undefined): boolean {
  return values !== undefined && Array.from(values).some((value) => value !== values[0]);
}
