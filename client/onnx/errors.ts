// Errors of building a graph: they begin with the op and name the shapes.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';
import type { Value } from './value.ts';

/** A node that ONNX would not accept. Code `graph/shape`, `graph/type` or `graph/name`. */
export class GraphError extends TinctureError {
  override readonly name = 'GraphError';

  constructor(
    kind: 'shape' | 'type' | 'name',
    op: string,
    what: string,
    facts: Omit<ErrorFacts, 'where'> = {},
  ) {
    super(`graph/${kind}`, what, { where: op, ...facts });
  }
}

/** `float32 [batch, 4, height, width]`, for messages. */
export function describe(value: Value): string {
  return `${value.dtype} [${value.shape.join(', ')}]`;
}
