// The checkpoint's tensors as constants of a graph: byte ranges of the file, with their shapes checked.
import type { TensorEntry, TensorFile } from '../formats/entry.ts';
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';
import { DTYPE_BYTES, elementCount } from '../tensor/tensor.ts';
import { isPointable } from './convertible.ts';
import { ModelError } from './errors.ts';
import { inPrecision, type Precision } from './precision.ts';

export interface WeightOptions {
  /** The shape that the graph sees; same elements in the same order. Default: as asked for. */
  readonly as?: readonly number[];
  /** Only these rows (axis 0), from the first up to but without the second. */
  readonly rows?: readonly [number, number];
}

/** Names listed in one error. */
const NAMED = 5;

/** Fetches a graph's weights. Missing ones are collected, so that one error can name them together. */
export class Weights {
  readonly #graph: GraphBuilder;
  readonly #file: TensorFile;
  readonly #used = new Set<string>();
  readonly #missing: string[] = [];
  readonly #values = new Map<string, Value>();
  /** Of the values that `get` gives. */
  readonly precision: Precision;
  /** Where weights are trained: the graph's inputs that stand for them, by tensor name. */
  readonly inputs = new Map<string, Value>();
  readonly #trained: boolean;

  /** With `trained`, which is for float32 alone, every weight is an input of the graph instead of a constant. */
  constructor(graph: GraphBuilder, file: TensorFile, precision: Precision = 'float32', trained = false) {
    this.precision = precision;
    this.#trained = trained;
    this.#graph = graph;
    this.#file = file;
  }

  /** Names of all tensors that were asked for and found. */
  get used(): ReadonlySet<string> {
    return this.#used;
  }

  /** Shape of a tensor as the file has it, undefined when it is not there. */
  shapeOf(name: string): readonly number[] | undefined {
    return this.#file.entries.get(name)?.shape;
  }

  /**
   * The tensor in the graph's precision; where it is stored in the other one, through a Cast, which onnxruntime folds
   * when the session is made. Trailing axes of length 1 do not count: a 1×1 convolution and a linear layer hold the same bytes.
   * Throws `model/shape` on another shape and `model/unsupported` on another element type.
   */
  get(name: string, shape: readonly number[], { as = shape, rows }: WeightOptions = {}): Value {
    const entry = this.#file.entries.get(name);
    if (entry === undefined) {
      this.#missing.push(name);
      return { name, dtype: this.precision, shape: as };
    }
    this.#check(entry, shape);
    this.#used.add(name);
    const key = `${name} ${as} ${rows}`;
    const value =
      this.#values.get(key) ??
      (this.#trained ? this.#input(name, shape, as, rows) : this.#add(name, entry, as, rows));
    this.#values.set(key, value);
    return value;
  }

  /** Throws `model/missing-tensor` when tensors were asked for in vain. */
  requireAll(): void {
    const missing = [...new Set(this.#missing)];
    if (missing.length === 0) return;
    throw new ModelError('missing-tensor', `${missing.length} of the model's tensors are missing`, {
      where: this.#file.source.name,
      expected: listed(missing),
      fix: 'The file may be incomplete, or hold another kind of model.',
    });
  }

  #input(
    name: string,
    shape: readonly number[],
    as: readonly number[],
    rows: readonly [number, number] | undefined,
  ): Value {
    const whole = this.inputs.get(name) ?? this.#graph.input(name, 'float32', shape);
    this.inputs.set(name, whole);
    const seen = as.join() === whole.shape.join() ? whole : this.#graph.Reshape(whole, as);
    return rows === undefined ? seen : this.#graph.Slice(seen, 0, ...rows);
  }

  #add(
    name: string,
    entry: TensorEntry,
    shape: readonly number[],
    rows: readonly [number, number] | undefined,
  ): Value {
    const [first, end] = rows ?? [0, shape[0]!];
    const part = [end - first, ...shape.slice(1)];
    const rowBytes = elementCount(shape.slice(1)) * DTYPE_BYTES[entry.dtype];
    const label = rows === undefined ? name : `${name}[${first}:${end}]`;
    const dtype = entry.dtype === 'F16' ? 'float16' : 'float32';
    const stored = this.#graph.external(label, dtype, part, {
      source: entry.source ?? this.#file.source,
      offset: entry.offset + first * rowBytes,
      length: (end - first) * rowBytes,
    });
    return inPrecision(this.#graph, stored, this.precision);
  }

  #check(entry: TensorEntry, expected: readonly number[]): void {
    const { name, dtype, shape: found, strides, source } = entry;
    const where = (source ?? this.#file.source).name;
    if (trimmed(found).join() !== trimmed(expected).join()) {
      throw new ModelError('shape', `tensor ${name} has another shape`, {
        where,
        expected: `[${expected.join(', ')}]`,
        found: `[${found.join(', ')}]`,
        fix: 'The file may mix tensors of two models.',
      });
    }
    if (!isPointable(entry)) {
      throw new ModelError('unsupported', `tensor ${name} cannot be used as it is stored`, {
        where,
        expected: 'contiguous F32 or F16',
        found: strides === undefined ? dtype : `${dtype} with strides`,
        fix: 'Save the checkpoint as a .safetensors file in half or single precision.',
      });
    }
  }
}

/** The first few of a list of names. */
export function listed(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function trimmed(shape: readonly number[]): readonly number[] {
  let length = shape.length;
  while (length > 1 && shape[length - 1] === 1) length--;
  return shape.slice(0, length);
}
