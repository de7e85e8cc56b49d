// What a pickle holds once it is read: plain JavaScript values, and nothing that can act.
import type { DType } from '../tensor/tensor.ts';

/** Raw memory that tensors point into. */
export interface Storage {
  /** The storage's name in its file. */
  readonly key: string;
  readonly dtype: DType;
  /** Elements that the pickle declares; checked against the file's bytes. */
  readonly elements: number;
}

/** A tensor of a pickle: a strided view of a storage. Offset and strides count elements. */
export class PickledTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A name that the pickle mentions; only names of the allow-list get this far. */
export class PickledGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What a persistent id stands for. */
export class PickledStorage {
  readonly storage: Storage;
  /** First element of the view that the id names, for files before the zip container. */
  readonly offset: number;
  /** Elements of that view. */
  readonly elements: number;

  constructor(storage: Storage, offset: number, elements: number) {
    this.storage = storage;
    this.offset = offset;
    this.elements = elements;
  }
}

/** Tuples and lists are arrays; dictionaries and ordered dictionaries are Maps; integers above 2⁵³ are bigints. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledTensor
  | PickledGlobal
  | PickledStorage
  | PickleValue[]
  | Map<PickleValue, PickleValue>;
