// Hand-made graphs for the runtime's tests: y = x · Wᵀ + b with W and b as ranges of a weight file.
import onnxProto from 'onnx-proto';
import type { ByteSource } from '../../client/formats/entry.ts';
import type { EmittedGraph } from '../../client/onnx/graph.ts';

const { onnx } = onnxProto;
const FLOAT = onnx.TensorProto.DataType.FLOAT;

/** Bytes before W, so that a reader that ignores offsets is caught. */
export const WEIGHT_OFFSET = 64;

/** A source over bytes, with or without a Blob behind it. */
export function memorySource(bytes: Uint8Array<ArrayBuffer>, blob?: Blob): ByteSource {
  return {
    name: 'weights.bin',
    size: bytes.length,
    ...(blob === undefined ? {} : { blob }),
    read: async (offset, length) => bytes.slice(offset, offset + length),
  };
}

/** A weight file: padding, then W [rows, columns] with W[i][j] = i + j / 4, then b [rows] with b[i] = −i. */
export function weightFile(rows: number, columns: number): Uint8Array<ArrayBuffer> {
  const values = new Float32Array(rows * columns + rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) values[i * columns + j] = i + j / 4;
    values[rows * columns + i] = -i;
  }
  const file = new Uint8Array(WEIGHT_OFFSET + values.byteLength);
  file.set(new Uint8Array(values.buffer), WEIGHT_OFFSET);
  return file;
}

function value(name: string, ...shape: (number | string)[]) {
  const dim = shape.map((length) =>
    typeof length === 'string' ? { dimParam: length } : { dimValue: length },
  );
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

/** The graph over such a file: x [batch, columns] → y [batch, rows]. */
export function gemmGraph(rows: number, columns: number, source: ByteSource, name = 'gemm'): EmittedGraph {
  const external = (tensor: string, dims: number[], offset: number, length: number) => ({
    name: tensor,
    dataType: FLOAT,
    dims,
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: 'weights.bin' },
      { key: 'offset', value: String(offset) },
      { key: 'length', value: String(length) },
    ],
  });
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name,
      node: [
        {
          opType: 'Gemm',
          input: ['x', 'w', 'b'],
          output: ['y'],
          attribute: [{ name: 'transB', type: onnx.AttributeProto.AttributeType.INT, i: 1 }],
        },
      ],
      initializer: [
        external('w', [rows, columns], WEIGHT_OFFSET, rows * columns * 4),
        external('b', [rows], WEIGHT_OFFSET + rows * columns * 4, rows * 4),
      ],
      input: [value('x', 'batch', columns)],
      output: [value('y', 'batch', rows)],
    },
  });
  return {
    name,
    bytes: Uint8Array.from(onnx.ModelProto.encode(model).finish()),
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', columns] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', rows] }],
    external: [{ path: 'weights.bin', source }],
  };
}

/** x [n, 1] · z [1, m] → y [n, m]: small inputs can ask for an output that no wasm heap holds. */
export function outerProductGraph(): EmittedGraph {
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'outer',
      node: [{ opType: 'MatMul', input: ['x', 'z'], output: ['y'] }],
      input: [value('x', 'n', 1), value('z', 1, 'm')],
      output: [value('y', 'n', 'm')],
    },
  });
  return {
    name: 'outer',
    bytes: Uint8Array.from(onnx.ModelProto.encode(model).finish()),
    inputs: [
      { name: 'x', dtype: 'float32', shape: ['n', 1] },
      { name: 'z', dtype: 'float32', shape: [1, 'm'] },
    ],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['n', 'm'] }],
    external: [],
  };
}
