// Ops that move or look up elements and compute none.
import { type Dim, product, quotient } from './dimension.ts';
import { sameType } from './elementwise.ts';
import { describe, GraphError } from './errors.ts';
import type { Value } from './value.ts';
import type { GraphWriter } from './writer.ts';

/** ONNX's movement ops. */
export function movementOps(graph: GraphWriter) {
  const shapes = new Map<string, Value>();
  return {
    /**
     * `shape` is a list (0 copies the axis of x, −1 takes what is left) or an int64 value that holds one. The list
     * costs nothing at run time; a value is needed where two axes are symbolic.
     */
    Reshape(x: Value, shape: readonly number[] | Value): Value {
      const list = Array.isArray(shape);
      const target = list ? graph.int64s(shape) : (shape as Value);
      if (target.elements === undefined)
        throw new GraphError('shape', 'Reshape', 'the target is not a shape');
      return graph.node('Reshape', [x, target], { dtype: x.dtype, shape: reshaped(x, target.elements) });
    },

    Transpose(x: Value, perm: readonly number[]): Value {
      if ([...perm].sort().some((axis, place) => axis !== place) || perm.length !== x.shape.length) {
        throw new GraphError('shape', 'Transpose', `[${perm.join(', ')}] does not permute the axes`, {
          found: describe(x),
        });
      }
      const shape = perm.map((axis) => x.shape[axis]!);
      return graph.node(
        'Transpose',
        [x],
        { dtype: x.dtype, shape },
        { attributes: { perm: { ints: perm } } },
      );
    },

    /** Joins values along `axis`; their other axes must be equal. */
    Concat(values: readonly Value[], axis: number): Value {
      const first = values[0]!;
      for (const other of values) {
        sameType('Concat', first, other);
        const fits =
          other.shape.length === first.shape.length &&
          other.shape.every((dim, place) => place === axis || dim === first.shape[place]);
        if (!fits) {
          throw new GraphError('shape', 'Concat', `the values differ beside axis ${axis}`, {
            expected: describe(first),
            found: describe(other),
          });
        }
      }
      const shape = [...first.shape];
      shape[axis] = sum(values.map((value) => value.shape[axis]!));
      const elements = values.every((value) => value.elements !== undefined)
        ? { elements: values.flatMap((value) => value.elements!) }
        : {};
      return graph.node(
        'Concat',
        values,
        { dtype: first.dtype, shape, ...elements },
        { attributes: { axis: { int: axis } } },
      );
    },

    /** The part from `start` up to but without `end` along `axis`, every `step`-th. */
    Slice(x: Value, axis: number, start: number, end: number, step = 1): Value {
      const size = x.shape[axis];
      if (typeof size !== 'number' || !(start >= 0 && start < end && end <= size && step >= 1)) {
        throw new GraphError('shape', 'Slice', `${start} … ${end} does not lie within axis ${axis}`, {
          found: describe(x),
        });
      }
      const shape = [...x.shape];
      shape[axis] = Math.ceil((end - start) / step);
      const inputs = [x, graph.int64s([start]), graph.int64s([end]), graph.int64s([axis])];
      if (step !== 1) inputs.push(graph.int64s([step]));
      return graph.node('Slice', inputs, { dtype: x.dtype, shape });
    },

    /** Zeros around x: `pads` are those before each axis, then those behind each. */
    Pad(x: Value, pads: readonly number[]): Value {
      const rank = x.shape.length;
      const shape = x.shape.map((size, axis) => {
        const more = pads[axis]! + pads[axis + rank]!;
        if (more === 0 || typeof size === 'number') return more === 0 ? size : (size as number) + more;
        throw new GraphError('shape', 'Pad', 'a symbolic size cannot be padded', { found: describe(x) });
      });
      return graph.node('Pad', [x, graph.int64s(pads)], { dtype: x.dtype, shape });
    },

    /** Repeats axes of length 1 to fill `shape`, a list or an int64 value that holds one. */
    Expand(x: Value, shape: readonly number[] | Value): Value {
      const target = Array.isArray(shape) ? graph.int64s(shape) : (shape as Value);
      if (target.elements === undefined) throw new GraphError('shape', 'Expand', 'the target is not a shape');
      return graph.node('Expand', [x, target], { dtype: x.dtype, shape: target.elements });
    },

    /** Rows of `table` [rows, width] by index: the result is [...indices, width]. */
    Gather(table: Value, indices: Value): Value {
      if (table.shape.length !== 2 || !indices.dtype.startsWith('int')) {
        throw new GraphError('shape', 'Gather', 'a table with two axes and integer indices are wanted', {
          found: `${describe(table)} and ${describe(indices)}`,
        });
      }
      const shape = [...indices.shape, table.shape[1]!];
      return graph.node('Gather', [table, indices], { dtype: table.dtype, shape });
    },

    /** The shape of x from axis 0 up to `end`, as int64. One node for all values of one shape. */
    Shape(x: Value, end: number = x.shape.length): Value {
      const elements = x.shape.slice(0, end);
      const key = elements.join();
      const known = shapes.get(key);
      if (known !== undefined) return known;
      const attributes = end === x.shape.length ? {} : { end: { int: end } };
      const shape = graph.node('Shape', [x], { dtype: 'int64', shape: [end], elements }, { attributes });
      shapes.set(key, shape);
      return shape;
    },
  };
}

function sum(dims: readonly Dim[]): Dim {
  const numbers = dims.filter((dim) => typeof dim === 'number');
  return numbers.length === dims.length ? numbers.reduce((a, b) => a + b, 0) : dims.join('+');
}

/** The shape that Reshape gives; `graph/shape` where the counts certainly differ. */
function reshaped(x: Value, target: readonly Dim[]): Dim[] {
  const fail = (): GraphError =>
    new GraphError('shape', 'Reshape', 'the counts of elements differ', {
      expected: `[${target.join(', ')}]`,
      found: describe(x),
    });
  const shape = target.map((dim, axis) => (dim === 0 ? x.shape[axis] : dim));
  if (shape.some((dim) => dim === undefined)) throw fail();
  const known = (shape as Dim[]).filter((dim) => dim !== -1);
  const counts = [product(x.shape), product(known)] as const;
  if (known.length === shape.length) {
    if (typeof counts[0] === 'number' && typeof counts[1] === 'number' && counts[0] !== counts[1])
      throw fail();
    return known;
  }
  const rest = quotient(...counts);
  if (rest === undefined) throw fail();
  return (shape as Dim[]).map((dim) => (dim === -1 ? rest : dim));
}
