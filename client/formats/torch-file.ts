// torch.save files, both containers: the pickled tree, and its tensors as records with byte ranges.
import { DTYPE_BYTES, elementCount } from '../tensor/tensor.ts';
import type { ByteSource, StoredTensor, TensorEntry, TensorFile } from './entry.ts';
import { FormatError } from './errors.ts';
import { PickledTensor, type PickleValue } from './pickle-value.ts';
import { readStored, tensorFile } from './tensor-file.ts';
import type { TorchContainer } from './torch-container.ts';
import { openTorchPrezip } from './torch-prezip.ts';
import { openTorchZip } from './torch-zip.ts';

/** An opened torch file. */
export interface TorchFile {
  readonly source: ByteSource;
  /** Dictionaries are Maps, lists and tuples are arrays, tensors are PickledTensor. */
  readonly value: PickleValue;
  /** The record of a tensor of the tree. */
  entry(leaf: PickledTensor, name: string): TensorEntry;
  /** The tensor as stored, made contiguous. */
  read(leaf: PickledTensor): Promise<StoredTensor>;
}

/**
 * Opens a `.pt`, `.bin` or `.ckpt` file. The pickle is read by a restricted reader: nothing is ever called, and a
 * name outside the allow-list is refused with `format/refused`. Tensors are not read yet.
 */
export async function openTorchFile(source: ByteSource): Promise<TorchFile> {
  const head = await source.read(0, Math.min(4, source.size));
  const isZip = head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04;
  if (!isZip && head[0] !== 0x80) {
    throw new FormatError('invalid', 'neither a zip archive nor a pickle, so not a file of torch.save', {
      where: source.name,
      found: `bytes ${[...head].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`,
    });
  }
  const container = isZip ? await openTorchZip(source) : await openTorchPrezip(source);
  const entry = (leaf: PickledTensor, name: string) => makeEntry(container, leaf, name);
  return {
    source: container.source,
    value: container.value,
    entry,
    read: (leaf) => readStored(container.source, entry(leaf, leaf.storage.key)),
  };
}

/**
 * All tensors of a torch file under dotted paths, such as `state_dict.model.weight` or `768.0.linear.0.weight`;
 * plain values that stand beside them become metadata.
 */
export function torchTensorFile(file: TorchFile): TensorFile {
  const entries = new Map<string, TensorEntry>();
  const metadata = new Map<string, string>();
  const visit = (value: PickleValue, path: string): void => {
    if (value instanceof PickledTensor) entries.set(path, file.entry(value, path));
    else if (value instanceof Map) for (const [key, child] of value) visit(child, join(path, plainText(key)));
    else if (Array.isArray(value) && value.some(isNested)) {
      for (const [i, child] of value.entries()) visit(child, join(path, String(i)));
    } else metadata.set(path, plainText(value));
  };
  visit(file.value, '');
  return tensorFile(file.source, entries, Object.fromEntries(metadata));
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function isNested(value: PickleValue): boolean {
  return value instanceof PickledTensor || value instanceof Map || Array.isArray(value);
}

/** A plain value as text; numbers in lists as JSON. */
function plainText(value: PickleValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(plainText).join(', ')}]`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return 'a nested value';
}

function makeEntry({ source, offsets }: TorchContainer, leaf: PickledTensor, name: string): TensorEntry {
  const { storage, offset, shape, strides } = leaf;
  const start = offsets.get(storage.key);
  if (start === undefined) {
    throw new FormatError('invalid', `storage ${storage.key} is not in the file`, { where: source.name });
  }
  const size = DTYPE_BYTES[storage.dtype];
  const count = elementCount(shape);
  const contiguous = isContiguous(shape, strides);
  let span = count;
  if (!contiguous && count > 0) {
    span = 1;
    for (const [axis, length] of shape.entries()) span += (length - 1) * strides[axis]!;
  }
  return {
    name,
    dtype: storage.dtype,
    shape,
    offset: start + offset * size,
    byteLength: span * size,
    ...(contiguous ? {} : { strides }),
  };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 0) return true;
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
