// What is serialised, read back by the generated messages; and that onnxruntime runs it.
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { createSession } from '../../client/runtime/create.ts';
import { tensor } from '../../client/tensor/tensor.ts';

/** y = relu(x · weightᵀ + 1); the weight lies at byte 3 of a file. */
function halfPrecisionGraph() {
  const file = new Uint8Array(3 + 8);
  file.set(new Uint8Array(Float16Array.of(1, 2, -3, 0.5).buffer), 3);
  const source = bytesSource('weights.bin', file);
  const graph = graphBuilder('half');
  const x = graph.input('x', 'float32', ['rows', 2]);
  const stored = graph.external('net.weight', 'float16', [2, 2], { source, offset: 3, length: 8 });
  const weight = graph.Cast(stored, 'float32');
  const y = graph.Relu(graph.Gemm(x, weight, graph.floats([1, 1], [2]), { transB: true }));
  graph.output('y', y);
  return { graph: emitGraph(graph), source };
}

test('weights are byte ranges of their file, not copies', () => {
  const { graph, source } = halfPrecisionGraph();
  expect(graph.external).toEqual([{ path: 'weights0', source }]);
  const model = fromBinary(ModelProtoSchema, graph.bytes);
  const weight = model.graph!.initializer.find(({ name }) => name === 'net.weight')!;
  expect(weight.dataLocation).toBe(TensorProto_DataLocation.EXTERNAL);
  expect(weight.rawData).toHaveLength(0);
  expect(weight.externalData.map(({ key, value }) => [key, value])).toEqual([
    ['location', 'weights0'],
    ['offset', '3'],
    ['length', '8'],
  ]);
});

test('opsets, inputs and outputs are declared, with symbolic sizes by name', () => {
  const { graph } = halfPrecisionGraph();
  expect(graph.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['rows', 2] }]);
  expect(graph.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['rows', 2] }]);
  const model = fromBinary(ModelProtoSchema, graph.bytes);
  expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
    ['', 18n],
    ['com.microsoft', 1n],
  ]);
  expect(model.graph!.node.map(({ opType }) => opType)).toEqual(['Cast', 'Gemm', 'Relu']);
  expect(model.graph!.node.at(-1)!.output).toEqual(['y']);
});

test('the graph runs: half precision at an odd offset widens exactly', async () => {
  const session = await createSession(halfPrecisionGraph().graph, { backend: 'wasm' });
  const { y } = await session.run({ x: tensor([2, 2], Float32Array.of(1, 1, 2, 4)) });
  await session.release();
  expect([...y!.data]).toEqual([4, 0, 11, 0]);
});
