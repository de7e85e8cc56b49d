// Normalisations over axes.
import { describe, GraphError } from './errors.ts';
import type { Value } from './value.ts';
import type { GraphWriter } from './writer.ts';

/** ONNX's normalisations; all keep the shape. */
export function normalizationOps(graph: GraphWriter) {
  return {
    /** Over the last axis; scale and bias [width]. */
    LayerNormalization(x: Value, scale: Value, bias: Value, epsilon: number): Value {
      const width = x.shape.at(-1);
      for (const parameter of [scale, bias]) {
        if (parameter.shape.length !== 1 || parameter.shape[0] !== width) {
          throw fail('LayerNormalization', x, parameter);
        }
      }
      return graph.node(
        'LayerNormalization',
        [x, scale, bias],
        { dtype: x.dtype, shape: x.shape },
        { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } } },
      );
    },

    /** Over all axes behind the channels of x [batch, channels, …]; scale and bias [channels]. */
    InstanceNormalization(x: Value, scale: Value, bias: Value, epsilon: number): Value {
      for (const parameter of [scale, bias]) {
        if (x.shape.length < 3 || parameter.shape.length !== 1 || parameter.shape[0] !== x.shape[1]) {
          throw fail('InstanceNormalization', x, parameter);
        }
      }
      return graph.node(
        'InstanceNormalization',
        [x, scale, bias],
        { dtype: x.dtype, shape: x.shape },
        { attributes: { epsilon: { float: epsilon } } },
      );
    },

    /** Over the last axis. */
    Softmax(x: Value): Value {
      return graph.node(
        'Softmax',
        [x],
        { dtype: x.dtype, shape: x.shape },
        { attributes: { axis: { int: -1 } } },
      );
    },
  };
}

function fail(op: string, x: Value, parameter: Value): GraphError {
  return new GraphError('shape', op, 'scale and bias must fit the normalised axes', {
    expected: describe(x),
    found: describe(parameter),
  });
}
