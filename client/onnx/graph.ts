// What an emitted graph is: ONNX bytes, and where its weights lie in files that are not copied.
import type { ByteSource } from '../formats/entry.ts';

/** A graph input or output. A symbolic dimension is a string, such as `tokens`. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: 'float32' | 'float16' | 'int32';
  readonly shape: readonly (number | string)[];
}

/** A file that initializers point into by byte range, under the name that the graph uses for it. */
export interface ExternalData {
  readonly path: string;
  readonly source: ByteSource;
}

/** A graph ready for a session. */
export interface EmittedGraph {
  /** For errors and for Netron, such as `unet`. */
  readonly name: string;
  /** The serialised ONNX ModelProto. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly external: readonly ExternalData[];
}
