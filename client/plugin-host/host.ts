// The plugin host's interface: the same in a page (sandboxed frame) and in Node (worker thread).
import type { LayerPair } from '../hypernetwork/hypernetwork.ts';

/** What one plugin may take. Declared limits are enforced in every home. */
export interface PluginLimits {
  /** Milliseconds for any one call, instantiation included. */
  readonly deadlineMs: number;
  /** Bytes of linear memory. */
  readonly memoryBytes: number;
}

/** The two contexts, [rows, width] row-major each; they start equal and part at the first style. */
export interface ContextPair {
  readonly width: number;
  readonly rows: number;
  readonly k: Float32Array;
  readonly v: Float32Array;
}

/** A running plugin. Calls are answered in order. Every failure is a PluginError; the host survives it. */
export interface Plugin {
  /** Hands over the layers that the plugin will apply to contexts of `width`. */
  load(width: number, layers: LayerPair): Promise<void>;
  /** Bends both contexts; the input is left untouched. A non-finite output is an error that names the style. */
  apply(context: ContextPair, strength: number): Promise<ContextPair>;
  close(): Promise<void>;
}

export interface PluginHost {
  /** Validates, compiles and starts a module in its own sandbox. `name` is used in errors. */
  start(name: string, wasm: Uint8Array, limits?: Partial<PluginLimits>): Promise<Plugin>;
  /** Ends all plugins. */
  close(): Promise<void>;
}
