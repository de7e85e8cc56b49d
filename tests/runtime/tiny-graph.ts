// Hand-made graphs for the runtime's tests: y = x · Wᵀ + b with W and b as ranges of a weight file.
import type { ByteSource } from '../../client/formats/entry.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import type { EmittedGraph } from '../../client/onnx/graph.ts';

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

/** The graph over such a file: x [batch, columns] → y [batch, rows]. */
export function gemmGraph(rows: number, columns: number, source: ByteSource, name = 'gemm'): EmittedGraph {
  const graph = graphBuilder(name);
  const weightBytes = 4 * rows * columns;
  const weight = { source, offset: WEIGHT_OFFSET, length: weightBytes };
  const bias = { source, offset: WEIGHT_OFFSET + weightBytes, length: 4 * rows };
  const product = graph.Gemm(
    graph.input('x', 'float32', ['batch', columns]),
    graph.external('w', 'float32', [rows, columns], weight),
    graph.external('b', 'float32', [rows], bias),
    { transB: true },
  );
  graph.output('y', product);
  return emitGraph(graph);
}

/** x [n, 1] · z [1, m] → y [n, m]: small inputs can ask for an output that no wasm heap holds. */
export function outerProductGraph(): EmittedGraph {
  const graph = graphBuilder('outer');
  const [x, z] = [graph.input('x', 'float32', ['n', 1]), graph.input('z', 'float32', [1, 'm'])];
  graph.output('y', graph.MatMul(x, z));
  return emitGraph(graph);
}
