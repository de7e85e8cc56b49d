// Between our tensors and the runtime's: checks feeds against the graph's inputs, and wraps without copying.
import type { OnnxValue, Tensor as OrtTensor } from 'onnxruntime-common';
import type { EmittedGraph, ValueInfo } from '../onnx/graph.ts';
import { elementCount, type Tensor } from '../tensor/tensor.ts';
import { RuntimeError, runtimeFailure } from './error.ts';
import { born, freed } from './live.ts';
import type { OrtModule } from './ort.ts';
import type { DeviceTensor, Feed } from './session.ts';

/** A value of onnxruntime-web on the device. */
export class OrtDeviceTensor implements DeviceTensor {
  readonly shape: readonly number[];
  readonly value: OrtTensor;
  readonly #owns: boolean;
  released = false;

  /** `owns`: whether releasing it frees the memory, which is otherwise another's. */
  constructor(value: OrtTensor, owns: boolean) {
    this.value = value;
    this.shape = [...value.dims];
    this.#owns = owns;
    if (owns) born('deviceValues');
  }

  async read(): Promise<Tensor> {
    const { value } = await toTensors({ value: this.value }, false).catch((cause: unknown) => {
      throw runtimeFailure('runtime/run', 'a value on the device', cause);
    });
    return { shape: this.shape, data: value!.data.slice() };
  }

  release(): void {
    if (this.#owns && !this.released) {
      this.value.dispose();
      freed('deviceValues');
    }
    this.released = true;
  }
}

/** What a graph may be fed. */
type AnyFeed = Feed | OrtDeviceTensor;

/** Throws `runtime/run` when feeds are missing, unknown, of another type, or of a shape that does not fit. */
export function checkFeeds(graph: EmittedGraph, feeds: Readonly<Record<string, AnyFeed>>): void {
  const symbols = new Map<string, number>();
  for (const input of graph.inputs) {
    const feed = feeds[input.name];
    if (feed === undefined) {
      throw new RuntimeError('runtime/run', `input ${input.name} is missing`, {
        where: graph.name,
        expected: graph.inputs.map(({ name }) => name).join(', '),
        found: Object.keys(feeds).join(', ') || 'no feeds',
      });
    }
    checkFeed(graph.name, input, feed, symbols);
  }
  for (const name of Object.keys(feeds)) {
    if (!graph.inputs.some((input) => input.name === name)) {
      throw new RuntimeError('runtime/run', `${name} is not an input of the graph`, {
        where: graph.name,
        expected: graph.inputs.map((input) => input.name).join(', '),
      });
    }
  }
}

function checkFeed(graph: string, input: ValueInfo, feed: AnyFeed, symbols: Map<string, number>): void {
  const onDevice = feed instanceof OrtDeviceTensor;
  if (onDevice && feed.released) {
    throw new RuntimeError('runtime/released', `the value for input ${input.name} was released`, {
      where: graph,
    });
  }
  const dtype = !onDevice && feed.data instanceof Int32Array ? 'int32' : 'float32';
  const length = onDevice ? elementCount(feed.shape) : feed.data.length;
  const fits =
    dtype === input.dtype &&
    feed.shape.length === input.shape.length &&
    length === elementCount(feed.shape) &&
    input.shape.every((wanted, axis) => {
      const size = feed.shape[axis]!;
      const known = typeof wanted === 'number' ? wanted : symbols.get(wanted);
      if (known === undefined) symbols.set(String(wanted), size);
      return known === undefined || known === size;
    });
  if (fits) return;
  const bound = input.shape.map((wanted) => {
    const known = typeof wanted === 'string' ? symbols.get(wanted) : undefined;
    return known === undefined ? wanted : `${wanted} = ${known}`;
  });
  throw new RuntimeError('runtime/run', `input ${input.name} does not fit`, {
    where: graph,
    expected: `${input.dtype} [${bound.join(', ')}]`,
    found: `${dtype} [${feed.shape.join(', ')}] with ${length} values`,
  });
}

/** Feeds as the runtime's tensors over the same memory. */
export function toOrt(ort: OrtModule, feeds: Readonly<Record<string, AnyFeed>>): Record<string, OrtTensor> {
  const wrapped: Record<string, OrtTensor> = {};
  for (const [name, feed] of Object.entries(feeds)) {
    if (feed instanceof OrtDeviceTensor) {
      wrapped[name] = feed.value;
      continue;
    }
    const { shape, data } = feed;
    wrapped[name] =
      data instanceof Int32Array
        ? new ort.Tensor('int32', data, [...shape])
        : new ort.Tensor('float32', data, [...shape]);
  }
  return wrapped;
}

/** The runtime's results as our tensors, which then own the memory unless `dispose` is false. Throws `runtime/run` on an output that is not float32. */
export async function toTensors(
  results: Readonly<Record<string, OnnxValue>>,
  dispose = true,
): Promise<Record<string, Tensor>> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(results)) {
    const data = await value.getData(dispose);
    if (!(data instanceof Float32Array)) {
      throw new RuntimeError('runtime/run', `output ${name} is not float32`, { found: value.type });
    }
    tensors[name] = { shape: [...value.dims], data };
  }
  return tensors;
}
