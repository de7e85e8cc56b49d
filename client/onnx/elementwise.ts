// Ops element by element: arithmetic with broadcasting, activations, casts.
import type { Dim } from './dimension.ts';
import { describe, GraphError } from './errors.ts';
import type { Attribute, ElementType, Value } from './value.ts';
import type { GraphWriter } from './writer.ts';

/** ONNX's element-by-element ops; results have the input's type and shape, two inputs broadcast as in NumPy. */
export function elementwiseOps(graph: GraphWriter) {
  const unary = (op: string, x: Value, attributes: Record<string, Attribute> = {}): Value =>
    graph.node(op, [x], { dtype: x.dtype, shape: x.shape }, { attributes });
  const contrib = (op: string, x: Value, attributes: Record<string, Attribute> = {}): Value =>
    graph.node(op, [x], { dtype: x.dtype, shape: x.shape }, { attributes, domain: 'com.microsoft' });
  const binary = (op: string, a: Value, b: Value): Value =>
    graph.node(op, [a, b], { dtype: sameType(op, a, b), shape: broadcast(op, a, b) });

  const compare = (op: string, a: Value, b: Value): Value => {
    sameType(op, a, b);
    return graph.node(op, [a, b], { dtype: 'bool', shape: broadcast(op, a, b) });
  };

  return {
    Add: (a: Value, b: Value): Value => binary('Add', a, b),
    Sub: (a: Value, b: Value): Value => binary('Sub', a, b),
    Mul: (a: Value, b: Value): Value => binary('Mul', a, b),
    Div: (a: Value, b: Value): Value => binary('Div', a, b),
    /** Truth values. */
    Greater: (a: Value, b: Value): Value => compare('Greater', a, b),
    Equal: (a: Value, b: Value): Value => compare('Equal', a, b),
    /** a where the condition holds, else b. */
    Where(condition: Value, a: Value, b: Value): Value {
      const shape = broadcast('Where', condition, { ...a, shape: broadcast('Where', a, b) });
      return graph.node('Where', [condition, a, b], { dtype: sameType('Where', a, b), shape });
    },
    Abs: (x: Value): Value => unary('Abs', x),
    Neg: (x: Value): Value => unary('Neg', x),
    Exp: (x: Value): Value => unary('Exp', x),
    Log: (x: Value): Value => unary('Log', x),
    Sqrt: (x: Value): Value => unary('Sqrt', x),
    Floor: (x: Value): Value => unary('Floor', x),
    /** The error function. */
    Erf: (x: Value): Value => unary('Erf', x),
    Sin: (x: Value): Value => unary('Sin', x),
    Cos: (x: Value): Value => unary('Cos', x),
    Tanh: (x: Value): Value => unary('Tanh', x),
    Sigmoid: (x: Value): Value => unary('Sigmoid', x),
    Relu: (x: Value): Value => unary('Relu', x),
    LeakyRelu: (x: Value, alpha: number): Value => unary('LeakyRelu', x, { alpha: { float: alpha } }),
    Elu: (x: Value, alpha: number): Value => unary('Elu', x, { alpha: { float: alpha } }),
    /** x where x > alpha, else 0. */
    ThresholdedRelu: (x: Value, alpha: number): Value =>
      unary('ThresholdedRelu', x, { alpha: { float: alpha } }),
    /** max(0, min(1, alpha·x + beta)). */
    HardSigmoid: (x: Value, alpha: number, beta: number): Value =>
      unary('HardSigmoid', x, { alpha: { float: alpha }, beta: { float: beta } }),
    Clip: (x: Value, low: number, high: number): Value =>
      graph.node('Clip', [x, graph.scalar(low), graph.scalar(high)], { dtype: x.dtype, shape: x.shape }),
    /** x · Φ(x) with the error function, com.microsoft. */
    Gelu: (x: Value): Value => contrib('Gelu', x),
    /** x · sigmoid(alpha·x), com.microsoft; alpha 1 is SiLU, 1.702 is CLIP's QuickGELU. */
    QuickGelu: (x: Value, alpha: number): Value => contrib('QuickGelu', x, { alpha: { float: alpha } }),
    Cast: (x: Value, to: 'float32' | 'float16'): Value =>
      graph.node('Cast', [x], { dtype: to, shape: x.shape }, { attributes: { to: { int: ONNX_TYPE[to] } } }),
  };
}

/** TensorProto.DataType, which Cast's attribute holds as a number. */
const ONNX_TYPE = { float32: 1, float16: 10 } as const;

/** The one element type of two inputs; `graph/type` when they differ. */
export function sameType(op: string, a: Value, b: Value): ElementType {
  if (a.dtype === b.dtype) return a.dtype;
  throw new GraphError('type', op, 'the inputs have different types', {
    expected: describe(a),
    found: describe(b),
  });
}

/** NumPy's broadcasting of shapes, aligned at the last axis. Symbolic sizes are checked when the graph runs. */
export function broadcast(op: string, a: Value, b: Value): Dim[] {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a.shape[a.shape.length - rank + axis] ?? 1;
    const y = b.shape[b.shape.length - rank + axis] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    if (typeof x === 'number' && typeof y === 'number') {
      throw new GraphError('shape', op, 'the shapes do not broadcast', {
        expected: describe(a),
        found: describe(b),
      });
    }
    return typeof x === 'number' ? x : y;
  });
}
