// How much memory a graph's run takes, from its shapes alone: who is alive when, in the graph's own order.

import type { ElementType, Value } from '../onnx/value.ts';
import type { GraphWriter } from '../onnx/writer.ts';
import { AutodiffError } from './error.ts';

const BYTES: Readonly<Record<ElementType, number>> = {
  float32: 4, float16: 2, int32: 4, int64: 8, bool: 1,
}; // biome-ignore format: a table

/** Ops whose result is their first input's memory under another shape. */
const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'Identity']);

export interface PeakMemory {
  /** Most bytes of computed values alive at once, outputs included; inputs and constants are not. */
  readonly peak: number;
  /** Name of the node at which that was. */
  readonly at: string;
  /** Bytes of computed values that are alive behind `boundary`, for it the values that the backward pass keeps. */
  readonly kept: number;
  /** Bytes of the largest single value, inputs and constants included. */
  readonly largest: number;
}

/**
 * Runs the graph's nodes in their order on paper. Each value lives from its node to the last one that reads it. Every
 * shape must be fixed. `boundary` is the number of nodes of the forward pass. The runtime may run nodes in another order and
 * rounds sizes up, so that this is an estimate; tests/bench/training.bench.ts holds it against a measurement.
 */
export function peakMemory(graph: GraphWriter, boundary = graph.nodes.length): PeakMemory {
  const owner = new Map<string, string>();
  const lastUse = new Map<string, number>();
  const root = (name: string): string => owner.get(name) ?? name;
  // The runtime computes what follows from constants alone when the session is made.
  const constant = new Set(graph.initializers.map(({ value }) => value.name));
  for (const [index, node] of graph.nodes.entries()) {
    const [source] = node.inputs;
    if (VIEWS.has(node.op) && source !== undefined) owner.set(node.outputs[0]!.name, root(source.name));
    for (const input of node.inputs) if (input !== undefined) lastUse.set(root(input.name), index);
    if (node.inputs.every((input) => input === undefined || constant.has(input.name))) {
      for (const { name } of node.outputs) constant.add(name);
    }
  }
  for (const { value } of graph.outputs) lastUse.set(root(value.name), graph.nodes.length);
  const ending = new Map<number, number>();
  let alive = 0;
  let peak = 0;
  let at = '';
  let kept = 0;
  let largest = 0;
  for (const value of [...graph.inputs, ...graph.initializers.map(({ value }) => value)]) {
    largest = Math.max(largest, bytesOf(value));
  }
  for (const [index, node] of graph.nodes.entries()) {
    for (const output of node.outputs) {
      largest = Math.max(largest, bytesOf(output));
      if (root(output.name) !== output.name || constant.has(output.name)) continue;
      const bytes = bytesOf(output);
      alive += bytes;
      const end = lastUse.get(output.name) ?? index;
      ending.set(end, (ending.get(end) ?? 0) + bytes);
    }
    if (alive > peak) {
      peak = alive;
      at = node.name;
    }
    alive -= ending.get(index) ?? 0;
    if (index === boundary - 1) kept = alive;
  }
  return { peak, at, kept, largest };
}

function bytesOf({ name, dtype, shape }: Value): number {
  let count = 1;
  for (const size of shape) {
    if (typeof size !== 'number') {
      throw new AutodiffError('shape', 'memory can be told only of fixed shapes', {
        where: name,
        found: `[${shape.join(', ')}]`,
      });
    }
    count *= size;
  }
  return count * BYTES[dtype];
}
