// Serialises a built graph as an ONNX ModelProto, through onnx-buf's generated messages.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import type { ByteSource } from '../formats/entry.ts';
import type { Dim } from './dimension.ts';
import { GraphError } from './errors.ts';
import type { EmittedGraph, ExternalData, ValueInfo } from './graph.ts';
import type { Attribute, ElementType, Initializer, Node, Value } from './value.ts';
import type { GraphWriter } from './writer.ts';

/** ONNX 1.16: the newest that all builds of onnxruntime-web in use read, and the last opset that we need ops of. */
const IR_VERSION = 9n;
const OPSET = 18n;

const DATA_TYPES: Readonly<Record<ElementType, DataType>> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  int32: DataType.INT32,
  int64: DataType.INT64,
  bool: DataType.BOOL,
};

/** Serialises the graph. Its bytes hold small constants only; weights stay where they lie. */
export function emitGraph(graph: GraphWriter): EmittedGraph {
  const files = externalFiles(graph);
  const renamed = new Map(graph.outputs.map(({ name, value }) => [value.name, name]));
  const nameOf = (value: Value | undefined): string =>
    value === undefined ? '' : (renamed.get(value.name) ?? value.name);
  const outputs = graph.outputs.map(({ name, value }) => ({ ...value, name }));
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'tincture',
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: 'com.microsoft', version: 1n },
    ],
    graph: {
      name: graph.name,
      node: graph.nodes.map((node) => nodeProto(node, nameOf)),
      initializer: graph.initializers.map((initializer) => tensorProto(initializer, files)),
      input: graph.inputs.map(valueInfoProto),
      output: outputs.map(valueInfoProto),
    },
  });
  return {
    name: graph.name,
    bytes: toBinary(ModelProtoSchema, model),
    inputs: graph.inputs.map(valueInfo),
    outputs: outputs.map(valueInfo),
    external: [...files].map(([source, path]): ExternalData => ({ path, source })),
  };
}

/** Each file that initializers point into, under a name that is unique in the graph. */
function externalFiles(graph: GraphWriter): Map<ByteSource, string> {
  const files = new Map<ByteSource, string>();
  for (const { data } of graph.initializers) {
    if (!(data instanceof Uint8Array) && !files.has(data.source)) {
      files.set(data.source, `weights${files.size}`);
    }
  }
  return files;
}

function nodeProto(
  node: Node,
  nameOf: (value: Value | undefined) => string,
): MessageInitShape<typeof NodeProtoSchema> {
  return {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: node.inputs.map(nameOf),
    output: node.outputs.map(nameOf),
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
  };
}

function attributeProto(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if ('int' in value) return { name, type: AttributeType.INT, i: BigInt(value.int) };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('ints' in value) return { name, type: AttributeType.INTS, ints: value.ints.map(BigInt) };
  return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value.string) };
}

function tensorProto(
  { value, data }: Initializer,
  files: ReadonlyMap<ByteSource, string>,
): MessageInitShape<typeof TensorProtoSchema> {
  const proto = {
    name: value.name,
    dataType: DATA_TYPES[value.dtype],
    dims: value.shape.map((dim) => BigInt(dim)),
  };
  if (data instanceof Uint8Array) return { ...proto, rawData: data };
  return {
    ...proto,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [
      { key: 'location', value: files.get(data.source)! },
      { key: 'offset', value: String(data.offset) },
      { key: 'length', value: String(data.length) },
    ],
  };
}

function valueInfoProto({ name, dtype, shape }: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((size) => ({ value: dimensionProto(size) }));
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: DATA_TYPES[dtype], shape: { dim } } } },
  };
}

function dimensionProto(
  size: Dim,
): { case: 'dimValue'; value: bigint } | { case: 'dimParam'; value: string } {
  return typeof size === 'number'
    ? { case: 'dimValue', value: BigInt(size) }
    : { case: 'dimParam', value: size };
}

function valueInfo({ name, dtype, shape }: Value): ValueInfo {
  if (dtype === 'int64' || dtype === 'bool') {
    throw new GraphError('type', name, `a graph takes and gives no ${dtype}: the GPU has none`);
  }
  return { name, dtype, shape };
}
