// The runtime's interface: a session runs an ONNX graph on a backend. Only this folder imports onnxruntime.
import type { Tensor } from '../tensor/tensor.ts';

/** `webgpu` and `wasm` are onnxruntime-web's, `cpu` is onnxruntime-node's. */
export type Backend = 'webgpu' | 'wasm' | 'cpu';

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

/** A float32 value that lies where the backend computed it, until it is released. */
export interface DeviceTensor {
  readonly shape: readonly number[];
  /** Copies it to memory; it stays on the device. */
  read(): Promise<Tensor>;
  /** Frees it; it cannot be used afterwards. */
  release(): void;
}

/** What a run of a `DeviceSession` gives. */
export interface DeviceResults {
  /** The outputs that are not kept. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The outputs that stay on the device, for the caller to release. */
  readonly kept: Readonly<Record<string, DeviceTensor>>;
}

/** A session some of whose outputs stay on the device, to be fed to it or to another session of the same backend. */
export interface DeviceSession {
  readonly backend: Backend;
  run(feeds: Readonly<Record<string, Feed | DeviceTensor>>): Promise<DeviceResults>;
  release(): Promise<void>;
}
