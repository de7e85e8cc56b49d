// The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes.
import { DTYPE_BYTES, type DType, elementCount, type Tensor } from '../tensor/tensor.ts';
import type { ByteSource, StoredTensor, TensorEntry, TensorFile } from './entry.ts';
import { FormatError } from './errors.ts';
import { tensorFile } from './tensor-file.ts';

/**
 * The largest checkpoints have about 1 MB. The format itself allows 100 MB, which as parsed JSON would take a gigabyte
 * of memory on a file's word.
 */
export const MAX_HEADER_BYTES = 25_000_000;
/** No tensor of a model has more axes; a longer shape is an attack on those who loop over it. */
export const MAX_AXES = 16;
const LENGTH_BYTES = 8;

/**
 * Opens a safetensors file: reads its header and nothing else. Refuses, with `format/truncated`, `format/invalid`,
 * `format/too-large` or `format/unsupported`, whatever the format forbids: offsets out of range, overlaps, holes,
 * sizes that contradict dtype and shape.
 */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const prefix = await source.read(0, LENGTH_BYTES);
  const declared = new DataView(prefix.buffer).getBigUint64(0, true);
  if (declared > BigInt(MAX_HEADER_BYTES)) {
    throw new FormatError('too-large', 'the header is too large; this may not be a safetensors file', {
      where: `${source.name}, byte 0`,
      expected: `at most ${MAX_HEADER_BYTES} bytes`,
      found: `${declared}`,
    });
  }
  const length = Number(declared);
  const header = parseHeader(source, await source.read(LENGTH_BYTES, length));
  const dataStart = LENGTH_BYTES + length;
  const entries = new Map<string, TensorEntry>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = parseMetadata(source, value);
    else entries.set(name, parseEntry(source, name, value, dataStart));
  }
  checkCoverage(source, entries, dataStart);
  return tensorFile(source, entries, metadata);
}

function parseHeader(source: ByteSource, bytes: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes),
    );
    if (isRecord(value)) return value;
  } catch (cause) {
    throw invalid(source, 'header', 'the header is not JSON', { cause });
  }
  throw invalid(source, 'header', 'the header is not a JSON object');
}

function parseMetadata(source: ByteSource, value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) throw invalid(source, '__metadata__', 'not an object of strings');
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalid(source, `__metadata__ ${key}`, 'not a string');
  }
  return value as Record<string, string>;
}

function parseEntry(source: ByteSource, name: string, value: unknown, dataStart: number): TensorEntry {
  const place = `tensor ${name}`;
  if (!isRecord(value)) throw invalid(source, place, 'not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    throw new FormatError('unsupported', 'unknown element type', {
      where: `${source.name}, ${place}`,
      expected: Object.keys(DTYPE_BYTES).join(', '),
      found: String(dtype),
    });
  }
  if (!isSizes(shape) || shape.length > MAX_AXES) {
    throw invalid(source, place, 'the shape is not a list of sizes', {
      expected: `at most ${MAX_AXES} axes`,
    });
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw invalid(source, place, 'data_offsets is not a pair of offsets');
  }
  const [begin, end] = offsets as [number, number];
  const byteLength = elementCount(shape) * DTYPE_BYTES[dtype as DType];
  if (end - begin !== byteLength) {
    throw invalid(source, place, 'the offsets contradict dtype and shape', {
      expected: `${byteLength} bytes for ${dtype} [${shape.join(', ')}]`,
      found: `${end - begin}`,
    });
  }
  if (dataStart + end > source.size) {
    throw new FormatError('truncated', 'the tensor lies past the end of the file', {
      where: `${source.name}, ${place}`,
      expected: `${dataStart + end} bytes`,
      found: `${source.size}`,
      fix: 'The file may not have been downloaded whole.',
    });
  }
  return { name, dtype: dtype as DType, shape, offset: dataStart + begin, byteLength };
}

/** The format demands that the tensors cover the data exactly: no overlap, no hole, nothing behind. */
function checkCoverage(
  source: ByteSource,
  entries: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
): void {
  const sorted = [...entries.values()].sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let reached = dataStart;
  for (const entry of sorted) {
    if (entry.offset !== reached) {
      const problem =
        entry.offset < reached ? 'the tensor overlaps another one' : 'there is a hole before the tensor';
      throw invalid(source, `tensor ${entry.name}`, problem, {
        expected: `data from byte ${reached}`,
        found: `${entry.offset}`,
      });
    }
    reached += entry.byteLength;
  }
  if (reached !== source.size) {
    throw invalid(source, `byte ${reached}`, 'bytes behind the last tensor', {
      expected: `a file of ${reached} bytes`,
      found: `${source.size}`,
    });
  }
}

/**
 * Writes a safetensors file. Tensors are laid out by falling element size, so that each is aligned, and keep their
 * order otherwise; the header is padded with spaces to 8 bytes. Throws `format/invalid` when bytes and shape differ.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  const sorted = [...tensors].sort(([, a], [, b]) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype]);
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of sorted) {
    const expected = elementCount(shape) * DTYPE_BYTES[dtype];
    if (bytes.byteLength !== expected || name === '__metadata__') {
      throw new FormatError('invalid', 'the tensor cannot be written', {
        where: `tensor ${name}`,
        expected: `${expected} bytes for ${dtype} [${shape.join(', ')}]`,
        found: `${bytes.byteLength}`,
      });
    }
    header.push([name, { dtype, shape, data_offsets: [end, end + bytes.byteLength] }]);
    end += bytes.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(LENGTH_BYTES + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set(json, LENGTH_BYTES);
  file.fill(0x20, LENGTH_BYTES + json.length, LENGTH_BYTES + headerLength);
  let offset = LENGTH_BYTES + headerLength;
  for (const [, { bytes }] of sorted) {
    file.set(bytes, offset);
    offset += bytes.byteLength;
  }
  return file;
}

/** A float32 tensor as a file stores it. */
export function storeFloat32({ shape, data }: Tensor): StoredTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(new Float32Array(data).buffer) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function invalid(
  source: ByteSource,
  place: string,
  what: string,
  facts: { expected?: string; found?: string; cause?: unknown } = {},
): FormatError {
  return new FormatError('invalid', what, { where: `${source.name}, ${place}`, ...facts });
}
