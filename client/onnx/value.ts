// The pieces that a graph under construction is made of: values, nodes, attributes, initializers.
import type { ByteSource } from '../formats/entry.ts';
import type { Dim } from './dimension.ts';

export type ElementType = 'float32' | 'float16' | 'int32' | 'int64' | 'bool';

/** An edge of the graph: an input, an initializer or a node's output. */
export interface Value {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly Dim[];
  /** Of an int64 value that holds a shape: that shape, so that Reshape can be inferred. */
  readonly elements?: readonly Dim[];
}

/** ONNX tells integer and float attributes apart, JavaScript's numbers do not. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

export type Domain = '' | 'com.microsoft';

export interface Node {
  readonly name: string;
  readonly op: string;
  readonly domain: Domain;
  /** An optional input that is not given is undefined. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A constant of the graph: bytes in the graph itself, or a byte range of another file. */
export interface Initializer {
  readonly value: Value;
  readonly data: Uint8Array<ArrayBuffer> | ByteRange;
}

/** `length` bytes from `offset` of a file that the graph does not copy. */
export interface ByteRange {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
}
