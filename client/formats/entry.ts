// What every reader of a tensor file gives: one record per tensor, and lazy access to its bytes.
import type { DType, Tensor } from '../tensor/tensor.ts';

/** Random access to bytes that are not in memory yet: a Blob, a file, a buffer, or an URL with ranges. */
export interface ByteSource {
  /** File name or URL, for error messages. */
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  /** The Blob behind it, when there is one: a session may then read weights from it without a copy here. */
  readonly blob?: Blob;
  /** True where ranges can be read but no file holds them all, as in a zip archive with deflated entries. */
  readonly scattered?: boolean;
  /** Exactly `length` bytes from `offset`, in a buffer of their own; throws `format/truncated` past the end. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Fills `target` with the bytes from `offset`, without a pause; only where the platform can (files in Node). */
  readSync?(offset: number, target: Uint8Array): void;
}

/** One tensor of a file, whatever the container. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte of the data in the source; contiguous row-major unless `strides` is there. */
  readonly offset: number;
  /** Bytes from the first to the last element, both included. */
  readonly byteLength: number;
  /** Elements to step for each axis; only where the elements are not contiguous row-major. */
  readonly strides?: readonly number[];
  /** Where the bytes lie, in a file that was put together from several; otherwise they lie in the file's own source. */
  readonly source?: ByteSource;
}

/** An opened tensor file. Nothing but its header has been read. */
export interface TensorFile {
  readonly source: ByteSource;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Free text of the file's header (safetensors `__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads one tensor as float32 (see `widenToFloat32`). Throws `format/missing-tensor` with the nearest names. */
  read(name: string): Promise<Tensor>;
}

/** A tensor as a file stores it: contiguous row-major little-endian bytes. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}
