// The builder: inferred shapes, readable names, and refusals that begin with the op and name the shapes.
import { describe, expect, test } from 'vitest';
import { graphBuilder } from '../../client/onnx/builder.ts';
import { GraphError } from '../../client/onnx/errors.ts';
import type { Value } from '../../client/onnx/value.ts';

function start() {
  const graph = graphBuilder('test');
  return {
    graph,
    value: (...shape: (number | string)[]) => graph.input(`in${graph.inputs.length}`, 'float32', shape),
  };
}

describe('shapes', () => {
  test('convolutions keep or halve symbolic sizes, and compute known ones', () => {
    const { graph, value } = start();
    const weight = value(8, 4, 3, 3);
    const bias = value(8);
    const conv = (x: Value, pads: [number, number, number, number], stride?: number) =>
      graph.Conv(x, weight, bias, stride === undefined ? { pads } : { pads, stride }).shape;
    const x = value('batch', 4, 'height', 'width');
    expect(conv(x, [1, 1, 1, 1])).toEqual(['batch', 8, 'height', 'width']);
    expect(conv(x, [1, 1, 1, 1], 2)).toEqual(['batch', 8, 'height/2', 'width/2']);
    expect(conv(x, [0, 0, 1, 1], 2)).toEqual(['batch', 8, 'height/2', 'width/2']);
    expect(conv(value(1, 4, 9, 6), [1, 1, 1, 1], 2)).toEqual([1, 8, 5, 3]);
    expect(() => conv(x, [0, 0, 0, 0])).toThrow('Conv: a symbolic size must keep its length or be halved');
  });

  test('halving and doubling gives the same size again', () => {
    const { graph, value } = start();
    const half = graph.Conv(value(1, 4, 'height', 'width'), value(4, 4, 3, 3), value(4), {
      pads: [1, 1, 1, 1],
      stride: 2,
    });
    expect(graph.Resize(half, 2).shape).toEqual([1, 4, 'height', 'width']);
  });

  test('Reshape infers 0 and −1, and follows a value that holds a shape', () => {
    const { graph, value } = start();
    const x = value('batch', 64, 'height', 'width');
    const places = graph.Transpose(graph.Reshape(x, [0, 64, -1]), [0, 2, 1]);
    expect(places.shape).toEqual(['batch', 'height*width', 64]);
    const rows = graph.Reshape(places, [-1, 64]);
    expect(rows.shape).toEqual(['batch*height*width', 64]);
    expect(graph.Reshape(rows, graph.Shape(places)).shape).toEqual(places.shape);
    const other = graph.Concat([graph.Shape(places, 2), graph.int64s([64])], 0);
    expect(other.elements).toEqual(['batch', 'height*width', 64]);
  });

  test('broadcasting aligns at the last axis', () => {
    const { graph, value } = start();
    expect(graph.Add(value('batch', 4, 5), value(4, 1)).shape).toEqual(['batch', 4, 5]);
    expect(graph.Mul(value(1), value('rows', 3)).shape).toEqual(['rows', 3]);
  });
});

describe('names', () => {
  test('follow the scopes, and a number keeps them apart', () => {
    const { graph, value } = start();
    const x = value(1);
    graph.within('down.0', () => {
      graph.within('attn1', () => graph.Relu(x));
      graph.Relu(x);
      graph.Relu(x);
    });
    expect(graph.nodes.map(({ name }) => name)).toEqual([
      'down.0/attn1/Relu',
      'down.0/Relu',
      'down.0/Relu_1',
    ]);
  });

  test('one shape and one constant are one value', () => {
    const { graph, value } = start();
    expect(graph.Shape(value('batch', 3))).toBe(graph.Shape(value('batch', 3)));
    expect(graph.scalar(0.5)).toBe(graph.scalar(0.5));
    expect(graph.int64s([1])).not.toBe(graph.int64s([2]));
  });

  test('an input or output name is given once', () => {
    const { graph } = start();
    const x = graph.input('x', 'float32', [1]);
    expect(() => graph.input('x', 'float32', [1])).toThrow('input: the name x is taken');
    graph.output('y', graph.Relu(x));
    expect(() => graph.output('y', x)).toThrow('output: the name y is taken');
  });
});

describe('refusals', () => {
  const { graph, value } = start();
  const refuse = (build: () => unknown, message: string) => {
    expect(build).toThrow(GraphError);
    expect(build).toThrow(message);
  };

  test('name the op and the shapes', () => {
    const matrix = value(2, 3);
    refuse(
      () => graph.Gemm(matrix, matrix),
      'Gemm: the inner sizes differ; found float32 [2, 3] and float32 [2, 3]',
    );
    refuse(() => graph.Gemm(matrix, value(4, 3), value(5), { transB: true }), 'Gemm: the bias does not fit');
    refuse(() => graph.MatMul(value(2, 3, 4), value(2, 5, 4)), 'MatMul: the inner sizes differ');
    refuse(() => graph.MatMul(value(2, 3, 4), value(3, 4, 4)), 'MatMul: the batch axes differ');
    refuse(
      () => graph.Conv(value(1, 3, 8, 8), value(8, 4, 3, 3), value(8), { pads: [1, 1, 1, 1] }),
      "Conv: input channels 3 must match the weight's 4; found float32 [1, 3, 8, 8] and float32 [8, 4, 3, 3]",
    );
    refuse(() => graph.Add(value(2, 3), value(2)), 'Add: the shapes do not broadcast');
    refuse(() => graph.Concat([value(1, 2), value(2, 2)], 1), 'Concat: the values differ beside axis 1');
    refuse(() => graph.Reshape(value(2, 3), [4, -1]), 'Reshape: the counts of elements differ');
    refuse(() => graph.Reshape(value(2, 3), [5]), 'Reshape: the counts of elements differ');
    refuse(() => graph.Transpose(value(2, 3), [0, 0]), 'Transpose: [0, 0] does not permute the axes');
    refuse(
      () => graph.LayerNormalization(value(2, 3), value(2), value(3), 1e-5),
      'LayerNormalization: scale and bias',
    );
    refuse(
      () => graph.InstanceNormalization(value(1, 32, 'n'), value(16), value(32), 1e-5),
      'InstanceNormalization: scale and bias',
    );
    const tokens = value('batch', 'tokens', 24);
    refuse(
      () => graph.MultiHeadAttention(tokens, tokens, tokens, 5),
      'MultiHeadAttention: the width does not divide into heads; expected a multiple of 5',
    );
    refuse(() => graph.Add(value(1), graph.int64s([1])), 'Add: the inputs have different types');
  });
});
