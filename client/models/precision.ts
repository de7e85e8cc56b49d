// The element type that a graph computes in; its inputs and outputs are float32 in either.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';

/** `float16` needs weights in half precision and a device that computes in it. */
export type Precision = 'float32' | 'float16';

/** The value in this precision: itself, or through a Cast. */
export function inPrecision(graph: GraphBuilder, x: Value, precision: Precision): Value {
  return x.dtype === precision ? x : graph.Cast(x, precision);
}
