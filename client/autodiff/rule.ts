// What a rule is: an op's gradients with respect to its inputs, as pure maths on values of the graph.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Attribute, Node, Value } from '../onnx/value.ts';

/** One node on the way back, as its rule sees it. */
export interface Backward {
  /** Where the gradient's nodes go. */
  readonly graph: GraphBuilder;
  /** ∂loss/∂output, of the output's shape. */
  readonly dy: Value;
  /** The value of an input; asking for it makes the backward pass need it. */
  input(index: number): Value;
  /** The type and shape of an input, which cost nothing. */
  inputType(index: number): Value;
  /** The value of the node's output. */
  output(): Value;
  /** An attribute that is a number, or `otherwise` where the node has none of this name. */
  number(attribute: string, otherwise: number): number;
  attribute(name: string): Attribute | undefined;
  /** Whether an input is a constant of this one number everywhere: such factors need no multiplication. */
  isAll(index: number, value: number): boolean;
  readonly node: Node;
}

/**
 * Gives, for each input in order, how its gradient is built; undefined for an input that has none, such as indices.
 * Only those that are asked for are called. A gradient may keep axes along which the input was repeated: the walker
 * sums over them, for all rules alike.
 */
export type Rule = (step: Backward) => readonly ((() => Value) | undefined)[];

/** An op whose output does not vary with its inputs, or only in jumps. */
export const NO_GRADIENT = 'no gradient';

export type RuleTable = Readonly<Record<string, Rule | typeof NO_GRADIENT>>;
