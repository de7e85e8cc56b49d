// A running plugin as every host gives it, in the ABI's own terms: blocks of bytes in, blocks of bytes out.
import type { PluginDescription } from '../contract/description.ts';
import type { PluginFacts } from '../contract/validator.ts';

/** What one plugin may take. Declared limits are enforced in every home. */
export interface PluginLimits {
  /** Milliseconds for any one call. The first one opens the sandbox, compiles and instantiates. */
  readonly deadlineMs: number;
  /** Milliseconds for all calls between two `beginPicture`, or before the first; the start is not among them. */
  readonly pictureBudgetMs: number;
  /** Bytes of linear memory. */
  readonly memoryBytes: number;
}

/** How a plugin is started. */
export interface StartOptions extends Partial<PluginLimits> {
  /** SHA-256 of the style's card in lower-case hexadecimal: a module with another one in its card section is refused. */
  readonly cardSha256?: string;
}

/** The two contexts, [rows, width] row-major each; they start equal and part at the first style. */
export interface ContextPair {
  readonly width: number;
  readonly rows: number;
  readonly k: Float32Array;
  readonly v: Float32Array;
}

/** Layer blocks of both sides, in order, as plugins/ABI.md lays them out. */
export interface LayerBlocks {
  readonly k: readonly Uint8Array<ArrayBuffer>[];
  readonly v: readonly Uint8Array<ArrayBuffer>[];
}

/** What a style does at each step: `strengths[i]` multiplies the user's strength, `phases[i]` names the phase. */
export interface StepSchedule {
  readonly strengths: Float32Array;
  readonly phases: Int32Array;
}

/**
 * A running plugin. Calls are answered in order; each has its deadline. Every failure is a PluginError; the host survives it.
 * A method whose function the module does not export throws `plugin/input`; `facts.offers` says which there are.
 */
export interface Plugin {
  readonly name: string;
  readonly facts: PluginFacts;
  /** Empty where the module does not describe itself. */
  readonly description: PluginDescription;
  /** Refills the picture budget. */
  beginPicture(): void;
  /** Sets every parameter: by name, or its default. Throws `plugin/input` for an unknown name or a value out of range. */
  setParameters(values: Readonly<Record<string, number>>): Promise<void>;
  /** Hands over one width of hypernetwork number `set`. The blocks' buffers are transferred: they are empty afterwards. */
  load(set: number, width: number, blocks: LayerBlocks): Promise<void>;
  /** Hands over tensors of file number `set`, in order. The blocks' buffers are transferred: they are empty afterwards. */
  loadTensors(set: number, blocks: readonly Uint8Array<ArrayBuffer>[]): Promise<void>;
  /** Shows it the prompt's own context, [rows, width]. */
  showContext(width: number, rows: number, context: Float32Array): Promise<void>;
  /** Factor 1 and phase 0 for every step where the module has no schedule. Never NaN or infinity. */
  schedule(steps: number): Promise<StepSchedule>;
  setPhase(phase: number): Promise<void>;
  /** Bends both contexts; the input is left untouched. A non-finite output is an error that names the style. */
  apply(context: ContextPair, strength: number): Promise<ContextPair>;
  /** The layers that it makes for a width, every block checked and finite; undefined where it leaves the width alone. */
  layers(width: number): Promise<LayerBlocks | undefined>;
  close(): Promise<void>;
}

export interface PluginHost {
  /** Validates, compiles and starts a module in its own sandbox. `name` is used in errors. */
  start(name: string, wasm: Uint8Array, options?: StartOptions): Promise<Plugin>;
  /** Ends all plugins. */
  close(): Promise<void>;
}
