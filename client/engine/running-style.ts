// What the engine asks of a style while it draws, whether the style is data or a program.
import type { PluginDescription } from '../../plugins/contract/description.ts';
import type { StyleNetwork } from '../hypernetwork/hypernetwork.ts';
import type { ContextPair, StepSchedule } from '../plugin-host/host.ts';

/** A number that users may set, with its default and range. */
export type StyleParameter = PluginDescription['parameters'][number];

/** What a picture shows its styles. */
export interface Scene {
  /** The prompt's own context, [rows, width], before any style has bent it. */
  readonly context: Float32Array;
  readonly rows: number;
  readonly width: number;
  /** Sampling steps. */
  readonly steps: number;
}

/** A style whose plugins run. Every failure is a typed error that names the style; the style is then to be closed. */
export interface RunningStyle {
  readonly parameters: readonly StyleParameter[];
  /** Begins a picture. `values` has every parameter. Undefined: all steps are alike. */
  begin(scene: Scene, values: Readonly<Record<string, number>>): Promise<StepSchedule | undefined>;
  /** The layers of a phase, by width. Kept as long as what they were made from stays the same. */
  network(phase: number): Promise<StyleNetwork>;
  /** Bends the text context as in a phase; gives `pair` itself where the style leaves it alone. */
  bend(phase: number, pair: ContextPair, strength: number): Promise<ContextPair>;
  /** Ends its sandboxes. */
  close(): Promise<void>;
}
