// What the styles of one picture do at each step: bent contexts and layers, made once for all steps that are alike.
import type { StrengthenedHypernetwork } from '../hypernetwork/hypernetwork.ts';
import type { ContextPair, StepSchedule } from '../plugin-host/host.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { Scene } from './running-style.ts';
import type { ReadyStyle } from './styles.ts';

/** What the UNet's cross-attention reads: contexts for keys and values, [rows, tokens, width] each. */
export interface Contexts {
  readonly k: Tensor;
  readonly v: Tensor;
}

/** One style at one step. Its strength is the user's times the step's factor; 0 adds nothing. */
export interface SteppedStyle extends StrengthenedHypernetwork {
  readonly name: string;
  readonly bendsText: boolean;
}

/** What all steps of one kind are given. The same object for each of them. */
export interface StepState {
  readonly contexts: Contexts;
  /** In order. */
  readonly styles: readonly SteppedStyle[];
}

/** States kept at once: about a megabyte of contexts each for Stable Diffusion 1.x, and steps that are alike lie near each other. */
const STATES_KEPT = 64;

interface Scheduled {
  readonly style: ReadyStyle;
  /** Undefined: all steps are alike. */
  readonly schedule: StepSchedule | undefined;
  readonly varies: boolean;
}

export class StepStyles {
  readonly #context: Tensor;
  readonly #styles: readonly Scheduled[];
  readonly #signal: AbortSignal | undefined;
  /** Equal for steps that are alike. */
  readonly #keys: readonly string[];
  readonly #states = new Map<string, StepState>();

  private constructor(
    context: Tensor,
    styles: readonly Scheduled[],
    steps: number,
    signal: AbortSignal | undefined,
  ) {
    this.#context = context;
    this.#styles = styles;
    this.#signal = signal;
    this.#keys = Array.from({ length: steps }, (_, step) =>
      styles.map((it) => `${factorAt(it, step)}:${phaseAt(it, step)}`).join(' '),
    );
  }

  /**
   * Shows the picture to the styles and asks for their schedules. `context` [rows, tokens, width] has the prompt's row first. A
   * style that has strength 0 at every step is not asked for anything more. Throws what a style's plugin threw; that style
   * begins anew with the next picture.
   */
  static async begin(
    styles: readonly ReadyStyle[],
    context: Tensor,
    steps: number,
    signal?: AbortSignal,
  ): Promise<StepStyles> {
    const [, rows, width] = context.shape as [number, number, number];
    const scene: Scene = { context: context.data.slice(0, rows * width), rows, width, steps };
    const scheduled: Scheduled[] = [];
    for (const style of styles) {
      if (style.strength === 0) continue;
      signal?.throwIfAborted();
      const schedule = await style.ask((running) => running.begin(scene, style.parameters));
      if (schedule?.strengths.every((factor) => factor === 0)) continue;
      scheduled.push({ style, schedule, varies: schedule !== undefined && changes(schedule) });
    }
    return new StepStyles(context, scheduled, steps, signal);
  }

  /** What the styles do at a step, from 0. Made when a step of its kind is first asked for. */
  async at(step: number): Promise<StepState> {
    const key = this.#keys[step]!;
    const kept = this.#states.get(key);
    if (kept !== undefined) return kept;
    const state = await this.#make(step);
    this.#states.set(key, state);
    if (this.#states.size > STATES_KEPT) this.#states.delete(this.#states.keys().next().value!);
    return state;
  }

  async #make(step: number): Promise<StepState> {
    const [rows, tokens, width] = this.#context.shape as [number, number, number];
    const length = tokens * width;
    const untouched = Array.from({ length: rows }, (_, row): ContextPair => {
      const start = this.#context.data.slice(row * length, (row + 1) * length);
      return { width, rows: tokens, k: start, v: start };
    });
    let pairs: readonly ContextPair[] = untouched;
    const styles: SteppedStyle[] = [];
    for (const scheduled of this.#styles) {
      const { style, varies } = scheduled;
      const { name } = style;
      const phase = phaseAt(scheduled, step);
      const strength = style.strength * factorAt(scheduled, step);
      this.#signal?.throwIfAborted();
      const hypernetwork = await style.ask((running) => running.network(phase));
      const before = pairs;
      if (strength !== 0) pairs = await this.#bend(style, phase, strength, before);
      styles.push({ name, strength, varies, hypernetwork, bendsText: pairs !== before });
    }
    const join = (side: 'k' | 'v'): Tensor => {
      if (pairs === untouched) return this.#context;
      const data = new Float32Array(rows * length);
      for (const [row, pair] of pairs.entries()) data.set(pair[side], row * length);
      return tensor(this.#context.shape, data);
    };
    return { contexts: { k: join('k'), v: join('v') }, styles };
  }

  /** All rows as the style bends them; `pairs` itself where it leaves every row alone. */
  async #bend(
    style: ReadyStyle,
    phase: number,
    strength: number,
    pairs: readonly ContextPair[],
  ): Promise<readonly ContextPair[]> {
    const bent: ContextPair[] = [];
    for (const pair of pairs) {
      this.#signal?.throwIfAborted();
      bent.push(await style.ask((running) => running.bend(phase, pair, strength)));
    }
    return bent.some((pair, row) => pair !== pairs[row]) ? bent : pairs;
  }
}

function factorAt({ schedule }: Scheduled, step: number): number {
  return schedule === undefined ? 1 : schedule.strengths[step]!;
}

function phaseAt({ schedule }: Scheduled, step: number): number {
  return schedule === undefined ? 0 : schedule.phases[step]!;
}

function changes({ strengths, phases }: StepSchedule): boolean {
  return strengths.some((factor) => factor !== strengths[0]) || phases.some((phase) => phase !== phases[0]);
}
