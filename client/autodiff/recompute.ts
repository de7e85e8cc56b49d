// Which values the backward pass keeps from the forward pass, and how it computes the others a second time.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Node, Value } from '../onnx/value.ts';

/**
 * What is computed again in the backward pass. A node's result is kept when `again` says no, and wherever another
 * segment reads it; all else of a segment is computed anew, once, when the backward pass comes to the segment.
 */
export interface Recomputation {
  /** A graph input [1] that is fed 0. It ties the second computation to the backward pass; see `Recomputer`. */
  readonly zero: Value;
  readonly again: (node: Node) => boolean;
  /** Nodes of one segment get their values from one second computation. */
  readonly segment: (node: Node) => string;
}

/**
 * Ops that cost little beside the matrix products around them: reading what they read is what keeping their result
 * would cost too.
 */
const CHEAP: ReadonlySet<string> = new Set([
  'Abs', 'Add', 'Cast', 'Clip', 'Cos', 'Div', 'Elu', 'Equal', 'Erf', 'Exp', 'Floor', 'Gelu', 'Greater', 'HardSigmoid',
  'InstanceNormalization', 'LayerNormalization', 'LeakyRelu', 'Log', 'Mul', 'Neg', 'QuickGelu', 'Relu', 'Reshape',
  'Sigmoid', 'Sin', 'Sqrt', 'Sub', 'Tanh', 'ThresholdedRelu', 'Transpose', 'Where',
]); // biome-ignore format: a table

/**
 * Keeps results of matrix products, softmax and sums of two branches; computes again what follows cheaply from one
 * kept value. Costs little time and saves most of the activations of a UNet.
 */
export function cheapRecomputation(graph: GraphBuilder, zero: Value, depth = 2): Recomputation {
  const computed = new Set<string>();
  const again = new Map<Node, boolean>();
  const decide = (node: Node): boolean => {
    const varying = node.inputs.filter((input) => input !== undefined && computed.has(input.name));
    return CHEAP.has(node.op) && new Set(varying.map((value) => value!.name)).size === 1;
  };
  for (const node of graph.nodes) {
    again.set(node, decide(node));
    for (const { name, dtype } of node.outputs) if (dtype.startsWith('float')) computed.add(name);
  }
  return { zero, again: (node) => again.get(node) ?? false, segment: (node) => scope(node, depth) };
}

/**
 * Keeps only what passes from one part of the net to the next: the parts are the first `depth` names of the nodes'
 * paths. Saves the most memory, for about the time of one more forward pass (Chen et al., 2016).
 */
export function segmentRecomputation(zero: Value, depth = 1): Recomputation {
  return { zero, again: () => true, segment: (node) => scope(node, depth) };
}

/** `input_blocks.1/0` of the node `input_blocks.1/0/in_layers.2/Conv`, at depth 2. */
function scope({ name }: Node, depth: number): string {
  return name.split('/').slice(0, -1).slice(0, depth).join('/');
}

/**
 * Builds the second computations. The runtime merges equal nodes, so a plain copy would be undone and its values kept
 * after all. Hence each kept value enters a second computation as value + 0 · (a gradient that has just arrived): a
 * sum that the runtime cannot see through, and that cannot be computed before the backward pass comes by.
 */
export class Recomputer {
  readonly #graph: GraphBuilder;
  readonly #plan: Recomputation;
  readonly #producers = new Map<string, Node>();
  /** Values of second computations, by segment and name. */
  readonly #again = new Map<string, Value>();
  /** 0 · gradient, by segment. */
  readonly #ties = new Map<string, Value>();

  constructor(graph: GraphBuilder, plan: Recomputation) {
    this.#graph = graph;
    this.#plan = plan;
    for (const node of graph.nodes) for (const { name } of node.outputs) this.#producers.set(name, node);
  }

  /** The value as the backward step of `reader` may use it; `dy` is the gradient that has reached the reader. */
  value(value: Value, reader: Node, dy: Value): Value {
    const segment = this.#plan.segment(reader);
    if (this.#kept(value, segment)) return value;
    return this.#graph.within('again', () => this.#compute(value, segment, dy));
  }

  #kept(value: Value, segment: string): boolean {
    const producer = this.#producers.get(value.name);
    if (producer === undefined || !value.dtype.startsWith('float')) return true;
    return this.#plan.segment(producer) !== segment || !this.#plan.again(producer);
  }

  #compute(value: Value, segment: string, dy: Value): Value {
    const key = `${segment}\n${value.name}`;
    const known = this.#again.get(key);
    if (known !== undefined) return known;
    const result = this.#kept(value, segment)
      ? this.#tied(value, segment, dy)
      : this.#copy(this.#producers.get(value.name)!, segment, dy);
    this.#again.set(key, result);
    return result;
  }

  #copy(node: Node, segment: string, dy: Value): Value {
    const inputs = node.inputs.map((input) => {
      if (input === undefined || !this.#producers.has(input.name) || !input.dtype.startsWith('float'))
        return input;
      return this.#compute(input, segment, dy);
    });
    const { dtype, shape } = node.outputs[0]!;
    return this.#graph.node(
      node.op,
      inputs,
      { dtype, shape },
      { attributes: node.attributes, domain: node.domain },
    );
  }

  #tied(value: Value, segment: string, dy: Value): Value {
    const graph = this.#graph;
    let tie = this.#ties.get(segment);
    if (tie === undefined) {
      const first = graph.node(
        'Slice',
        [graph.Reshape(dy, [-1]), graph.int64s([0]), graph.int64s([1]), graph.int64s([0])],
        { dtype: dy.dtype, shape: [1] },
      );
      tie = graph.Mul(first, this.#plan.zero);
      this.#ties.set(segment, tie);
    }
    return graph.Add(value, tie);
  }
}
