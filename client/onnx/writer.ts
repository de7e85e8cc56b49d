// Collects a graph's inputs, initializers, nodes and outputs under readable names. The ops build on it.
import type { Dim } from './dimension.ts';
import { GraphError } from './errors.ts';
import type { Attribute, ByteRange, Domain, ElementType, Initializer, Node, Value } from './value.ts';

/** What a node gives: one value per entry. */
export interface OutputType {
  readonly dtype: ElementType;
  readonly shape: readonly Dim[];
  readonly elements?: readonly Dim[];
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: Domain;
}

/**
 * A graph under construction. Names are `scope/scope/Op`, made unique by a number. Constants of equal value are one
 * initializer.
 */
export class GraphWriter {
  readonly name: string;
  readonly inputs: Value[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  readonly initializers: Initializer[] = [];
  readonly nodes: Node[] = [];
  readonly #path: string[] = [];
  readonly #names = new Map<string, number>();
  readonly #constants = new Map<string, Value>();

  constructor(name: string) {
    this.name = name;
  }

  /** A graph input. Throws `graph/name` when the name is taken. */
  input(name: string, dtype: ElementType, shape: readonly Dim[]): Value {
    if (this.#names.has(name)) throw new GraphError('name', 'input', `the name ${name} is taken`);
    this.#names.set(name, 1);
    const value = { name, dtype, shape };
    this.inputs.push(value);
    return value;
  }

  /** Makes a value an output of the graph under `name`. A value may be several outputs, or an input or a constant. */
  output(name: string, value: Value): void {
    if (this.#names.has(name)) throw new GraphError('name', 'output', `the name ${name} is taken`);
    this.#names.set(name, 1);
    const named = [this.outputs, this.initializers].some((list) =>
      list.some((entry) => entry.value.name === value.name),
    );
    const taken = named || this.inputs.some((input) => input.name === value.name);
    const { dtype, shape } = value;
    this.outputs.push({ name, value: taken ? this.node('Identity', [value], { dtype, shape }) : value });
  }

  /** A float32 constant kept in the graph itself; for small ones. */
  floats(values: ArrayLike<number>, shape: readonly number[]): Value {
    const data = Float32Array.from(values);
    return this.#constant('float32', shape, new Uint8Array(data.buffer));
  }

  /** A float32 constant without axes. */
  scalar(value: number): Value {
    return this.floats([value], []);
  }

  /** A list of int64, the type that ONNX wants shapes in. */
  int64s(values: readonly number[]): Value {
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant('int64', [values.length], new Uint8Array(data.buffer), values);
  }

  /** A small int32 constant. */
  int32s(values: readonly number[], shape: readonly number[]): Value {
    return this.#constant('int32', shape, new Uint8Array(Int32Array.from(values).buffer));
  }

  /** A constant whose bytes lie in another file. */
  external(name: string, dtype: ElementType, shape: readonly number[], range: ByteRange): Value {
    const value = { name: this.#unique(name), dtype, shape };
    this.initializers.push({ value, data: range });
    return value;
  }

  /** Everything built in `body` gets `name` into its path. */
  within<T>(name: string, body: () => T): T {
    this.#path.push(name);
    try {
      return body();
    } finally {
      this.#path.pop();
    }
  }

  /** Adds a node with several outputs. */
  multiNode(
    op: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly OutputType[],
    { attributes = {}, domain = '' }: NodeOptions = {},
  ): Value[] {
    const name = this.#unique([...this.#path, op].join('/'));
    const values = outputs.map((output, index) => ({
      name: outputs.length === 1 ? name : `${name}.${index}`,
      ...output,
    }));
    this.nodes.push({ name, op, domain, inputs, outputs: values, attributes });
    return values;
  }

  /** Adds a node with one output. */
  node(op: string, inputs: readonly (Value | undefined)[], output: OutputType, options?: NodeOptions): Value {
    return this.multiNode(op, inputs, [output], options)[0]!;
  }

  #constant(
    dtype: ElementType,
    shape: readonly number[],
    data: Uint8Array<ArrayBuffer>,
    elements?: readonly number[],
  ): Value {
    const key = `${dtype}[${shape.join(',')}]${data.join(',')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#unique(`constant/${dtype}`);
    const value: Value = elements === undefined ? { name, dtype, shape } : { name, dtype, shape, elements };
    this.initializers.push({ value, data });
    this.#constants.set(key, value);
    return value;
  }

  #unique(name: string): string {
    const count = this.#names.get(name) ?? 0;
    this.#names.set(name, count + 1);
    return count === 0 ? name : this.#unique(`${name}_${count}`);
  }
}
