// Writing a safetensors file piece by piece, for files that are larger than memory.
import { DTYPE_BYTES, type DType, elementCount } from '../tensor/tensor.ts';

/** A tensor whose bytes are made when they are asked for; together exactly as many as its shape needs. */
export interface StreamedTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

export interface SafetensorsStream {
  /** Bytes of the whole file. */
  readonly size: number;
  /** The file from its first byte on; may be read once. */
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

const LENGTH_BYTES = 8;

/** The file of these tensors, in their order. The header is padded so that the first tensor is aligned. */
export function streamSafetensors(
  tensors: readonly StreamedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsStream {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    const bytes = elementCount(shape) * DTYPE_BYTES[dtype];
    header.push([name, { dtype, shape, data_offsets: [end, end + bytes] }]);
    end += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(json.length / LENGTH_BYTES) * LENGTH_BYTES;
  const head = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, LENGTH_BYTES);
  return {
    size: head.length + end,
    async *pieces() {
      yield head;
      for (const tensor of tensors) yield* tensor.pieces();
    },
  };
}
