// Reverse-mode differentiation: a graph grows the nodes that compute its loss's gradients.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Node, Value } from '../onnx/value.ts';
import { AutodiffError } from './error.ts';
import { type Recomputation, Recomputer } from './recompute.ts';
import { type Backward, NO_GRADIENT, type Rule } from './rule.ts';
import { RULES } from './rules.ts';
import { fixedShape, sumToShape } from './shapes.ts';

export interface GradientOptions {
  /** What the backward pass computes again instead of keeping. Default: everything that it needs is kept. */
  readonly recompute?: Recomputation;
}

/**
 * Adds to `graph` the nodes that compute ∂loss/∂w for each w of `wrt`, and gives those values in order, each of its
 * w's shape. `loss` has one element; `wrt` are inputs, initializers or values in between. Only nodes on a path from
 * `wrt` to the loss are differentiated, and only for the inputs on such a path: a frozen weight costs nothing.
 * Throws `autodiff/loss`, `autodiff/no-rule` naming the op, and `autodiff/unreached` naming what the loss does not
 * depend on.
 */
export function gradients(
  graph: GraphBuilder,
  loss: Value,
  wrt: readonly Value[],
  { recompute }: GradientOptions = {},
): Value[] {
  const shape = fixedShape(loss);
  if (shape === undefined || shape.some((size) => size !== 1)) {
    throw new AutodiffError('loss', 'the loss must be one number', {
      where: loss.name,
      found: `[${loss.shape.join(', ')}]`,
    });
  }
  const path = nodesBetween(graph, loss, wrt);
  const adjoints = new Adjoints(graph);
  adjoints.add(loss, graph.floats([1], shape));
  const recomputer = recompute === undefined ? undefined : new Recomputer(graph, recompute);
  const constants = new Constants(graph);
  graph.within('gradient', () => {
    for (const node of [...path.nodes].reverse()) {
      const output = node.outputs[0]!;
      const dy = adjoints.take(output);
      if (dy === undefined) continue;
      const rule = ruleOf(node);
      if (rule === NO_GRADIENT) continue;
      const step = backward(graph, node, dy, recomputer, constants);
      const parts = graph.within(node.name, () => rule(step));
      for (const [index, input] of node.inputs.entries()) {
        if (input === undefined || !path.active.has(input.name)) continue;
        const build = parts[index];
        if (build === undefined) continue;
        graph.within(node.name, () => adjoints.add(input, sumToShape(graph, build(), input)));
      }
      // A w in between is a result as well as a way to others.
      if (wrt.some(({ name }) => name === output.name)) adjoints.add(output, dy);
    }
  });
  const found = wrt.map((value) => adjoints.take(value));
  const unreached = wrt.filter((_, index) => found[index] === undefined);
  if (unreached.length > 0) {
    throw new AutodiffError(
      'unreached',
      'the loss does not depend on all that it shall be differentiated by',
      {
        where: graph.name,
        found: unreached.map(({ name }) => name).join(', '),
      },
    );
  }
  return found as Value[];
}

/** Sums of what flows back into each value. */
class Adjoints {
  readonly #graph: GraphBuilder;
  readonly #sums = new Map<string, Value>();

  constructor(graph: GraphBuilder) {
    this.#graph = graph;
  }

  add(value: Value, gradient: Value): void {
    const before = this.#sums.get(value.name);
    this.#sums.set(value.name, before === undefined ? gradient : this.#graph.Add(before, gradient));
  }

  /** What has flowed into a value; it is forgotten, because nothing more can come. */
  take(value: Value): Value | undefined {
    const sum = this.#sums.get(value.name);
    this.#sums.delete(value.name);
    return sum;
  }
}

interface Path {
  /** In the graph's order. */
  readonly nodes: readonly Node[];
  /** Names of the values that vary with `wrt` and of `wrt` themselves. */
  readonly active: ReadonlySet<string>;
}

/** The nodes through which `wrt` reaches the loss. */
function nodesBetween(graph: GraphBuilder, loss: Value, wrt: readonly Value[]): Path {
  const active = new Set(wrt.map(({ name }) => name));
  const varying = graph.nodes.filter((node) => {
    if (ruleOf(node, false) === NO_GRADIENT) return false;
    if (!node.inputs.some((input) => input !== undefined && active.has(input.name))) return false;
    for (const { name } of node.outputs) active.add(name);
    return true;
  });
  const leading = new Set([loss.name]);
  const nodes: Node[] = [];
  for (const node of varying.reverse()) {
    if (!node.outputs.some(({ name }) => leading.has(name))) continue;
    nodes.push(node);
    for (const input of node.inputs)
      if (input !== undefined && active.has(input.name)) leading.add(input.name);
  }
  return { nodes: nodes.reverse(), active: leading };
}

function ruleOf(node: Node): Rule | typeof NO_GRADIENT;
function ruleOf(node: Node, required: false): Rule | typeof NO_GRADIENT | undefined;
function ruleOf(node: Node, required = true): Rule | typeof NO_GRADIENT | undefined {
  const rule = Object.hasOwn(RULES, node.op) ? RULES[node.op] : undefined;
  if (!required || (rule !== undefined && node.outputs.length === 1)) return rule;
  throw new AutodiffError('no-rule', `there is no gradient for the op ${node.op}`, {
    where: node.name,
    expected: Object.keys(RULES).sort().join(', '),
    ...(node.op === 'MultiHeadAttention' && { fix: 'Build the graph with plain attention.' }),
  });
}

function backward(
  graph: GraphBuilder,
  node: Node,
  dy: Value,
  recomputer: Recomputer | undefined,
  constants: Constants,
): Backward {
  const lookUp = (value: Value): Value => recomputer?.value(value, node, dy) ?? value;
  return {
    graph,
    node,
    dy,
    input: (index) => lookUp(node.inputs[index]!),
    inputType: (index) => node.inputs[index]!,
    output: () => lookUp(node.outputs[0]!),
    number(name, otherwise) {
      const attribute = node.attributes[name];
      if (attribute === undefined) return otherwise;
      if ('int' in attribute) return attribute.int;
      return 'float' in attribute ? attribute.float : otherwise;
    },
    attribute: (name) => node.attributes[name],
    isAll: (index, value) => constants.isAll(node.inputs[index]!, value),
  };
}

/** Looks into the graph's own float32 constants. */
class Constants {
  readonly #graph: GraphBuilder;

  constructor(graph: GraphBuilder) {
    this.#graph = graph;
  }

  isAll(value: Value, number: number): boolean {
    const initializer = this.#graph.initializers.find((candidate) => candidate.value.name === value.name);
    if (initializer === undefined || !(initializer.data instanceof Uint8Array)) return false;
    if (value.dtype !== 'float32') return false;
    return new Float32Array(initializer.data.buffer).every((element) => element === number);
  }
}
