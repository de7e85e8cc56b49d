// Reading one tensor through its record: range, strides, widening. Shared by all containers.
import { DTYPE_BYTES, elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { widenToFloat32 } from '../tensor/widen.ts';
import type { ByteSource, StoredTensor, TensorEntry, TensorFile } from './entry.ts';
import { FormatError } from './errors.ts';

/** Makes the TensorFile that every reader gives. */
export function tensorFile(
  source: ByteSource,
  entries: ReadonlyMap<string, TensorEntry>,
  metadata: Readonly<Record<string, string>>,
): TensorFile {
  return {
    source,
    entries,
    metadata,
    async read(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw missingTensor(source.name, name, entries.keys());
      return readEntry(source, entry);
    },
  };
}

/** Reads a tensor as float32. */
export async function readEntry(source: ByteSource, entry: TensorEntry): Promise<Tensor> {
  const { dtype, shape, bytes } = await readStored(source, entry);
  return tensor(shape, widenToFloat32(dtype, bytes));
}

/** Reads a tensor as it is stored, made contiguous where it has strides. */
export async function readStored(source: ByteSource, entry: TensorEntry): Promise<StoredTensor> {
  const { dtype, shape, strides } = entry;
  const bytes = await (entry.source ?? source).read(entry.offset, entry.byteLength);
  return {
    dtype,
    shape,
    bytes: strides === undefined ? bytes : gather(bytes, DTYPE_BYTES[dtype], shape, strides),
  };
}

/** Copies strided elements of `size` bytes into row-major order. */
function gather(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array<ArrayBuffer> {
  const count = elementCount(shape);
  const result = new Uint8Array(count * size);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let element = 0; element < count; element++) {
    for (let byte = 0; byte < size; byte++) result[element * size + byte] = bytes[from * size + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

/** The error for a name that a file lacks, with the names most like it. */
export function missingTensor(where: string, name: string, names: Iterable<string>): FormatError {
  const nearest = [...names]
    .map((other) => ({ other, distance: editDistance(name, other) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ other }) => other);
  return new FormatError('missing-tensor', 'the file has no such tensor', {
    where,
    expected: name,
    found: nearest.length === 0 ? 'no tensors at all' : `nearest: ${nearest.join(', ')}`,
  });
}

/** Levenshtein distance of the first 200 characters. */
function editDistance(a: string, b: string): number {
  const left = a.slice(0, 200);
  const right = b.slice(0, 200);
  let row = Array.from({ length: right.length + 1 }, (_, j) => j);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const substituted = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}
