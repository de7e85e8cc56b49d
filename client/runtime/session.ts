// The runtime's interface: a session runs an ONNX graph on a backend. Only this folder imports onnxruntime-web.
import type { Tensor } from '../tensor/tensor.ts';

export type Backend = 'webgpu' | 'wasm';

/** A feed: float32 tensors, or int32 ids for the text encoder. */
export type Feed = Tensor | { readonly shape: readonly number[]; readonly data: Int32Array };

export interface Session {
  readonly backend: Backend;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** One run; runs of one session are queued. Throws `runtime/run` with the graph's name. */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Tensor>>;
  /** Frees the session's memory; the session cannot be used afterwards. */
  release(): Promise<void>;
}
