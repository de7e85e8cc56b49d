// Writes the tensors of a weights file as the blocks that `tincture_tensor` takes: header, name, values.
import { ALIGNMENT, TENSOR_DTYPE, TENSOR_HEADER_BYTES } from '../../plugins/contract/abi.ts';
import { MAX_TENSOR_NAME_BYTES, MAX_TENSOR_RANK, MAX_TENSORS } from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { MAX_WEIGHTS_BYTES } from '../../plugins/contract/style.ts';
import type { TensorEntry, TensorFile } from '../formats/entry.ts';
import { readStored } from '../formats/tensor-file.ts';
import { type DType, elementCount } from '../tensor/tensor.ts';
import { widenToFloat32 } from '../tensor/widen.ts';

/** How each dtype travels. Those that are missing are refused. */
const SENT_AS: Readonly<Partial<Record<DType, keyof typeof TENSOR_DTYPE>>> = {
  F32: 'float32',
  F16: 'float32',
  BF16: 'float32',
  I8: 'int8',
  U8: 'uint8',
  I32: 'int32',
};
const SENT_BYTES = { float32: 4, float16: 2, int8: 1, uint8: 1, int32: 4 } as const;

export interface TensorBlockOptions {
  /** Float16 tensors stay float16, as the plugin's description asks. */
  readonly half: boolean;
}

/**
 * One block for each tensor of the file, in the order of their names (by UTF-16 code units). Float16 and bfloat16 are widened to
 * float32, except float16 where `half` is true. `where` names the style. Throws `plugin/input` for dtypes, ranks and names that the ABI
 * cannot carry and for files beyond the limits, before any tensor is read.
 */
export async function encodeTensors(
  where: string,
  file: TensorFile,
  { half }: TensorBlockOptions,
): Promise<Uint8Array<ArrayBuffer>[]> {
  if (file.entries.size > MAX_TENSORS) {
    throw refused(where, 'too many tensors', `at most ${MAX_TENSORS}`, file.entries.size);
  }
  const entries = [...file.entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const plans = entries.map((entry) => plan(where, entry, half));
  const total = plans.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MAX_WEIGHTS_BYTES) {
    throw refused(where, 'the tensors are too large', `at most ${MAX_WEIGHTS_BYTES} bytes as sent`, total);
  }
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  for (const it of plans) blocks.push(await encode(file, it));
  return blocks;
}

interface Plan {
  readonly entry: TensorEntry;
  readonly sentAs: keyof typeof TENSOR_DTYPE;
  readonly name: Uint8Array;
  /** Bytes before the values. */
  readonly start: number;
  /** Bytes of the whole block. */
  readonly bytes: number;
}

function plan(where: string, entry: TensorEntry, half: boolean): Plan {
  const place = `${where}, tensor ${entry.name.slice(0, 100)}`;
  const sentAs = half && entry.dtype === 'F16' ? 'float16' : SENT_AS[entry.dtype];
  if (sentAs === undefined) {
    throw refused(
      place,
      'plugins take no tensors of this dtype',
      Object.keys(SENT_AS).join(', '),
      entry.dtype,
    );
  }
  if (entry.shape.length > MAX_TENSOR_RANK) {
    throw refused(place, 'too many axes', `at most ${MAX_TENSOR_RANK}`, entry.shape.length);
  }
  const name = new TextEncoder().encode(entry.name);
  if (name.length === 0 || name.length > MAX_TENSOR_NAME_BYTES) {
    throw refused(place, 'the name is too long or empty', `1 to ${MAX_TENSOR_NAME_BYTES} bytes`, name.length);
  }
  const start = TENSOR_HEADER_BYTES + Math.ceil(name.length / ALIGNMENT) * ALIGNMENT;
  return { entry, sentAs, name, start, bytes: start + SENT_BYTES[sentAs] * elementCount(entry.shape) };
}

async function encode(
  file: TensorFile,
  { entry, sentAs, name, start, bytes }: Plan,
): Promise<Uint8Array<ArrayBuffer>> {
  const stored = await readStored(file.source, entry);
  const block = new Uint8Array(bytes);
  const header = new DataView(block.buffer);
  const lengths = Array.from({ length: MAX_TENSOR_RANK }, (_, axis) => entry.shape[axis] ?? 0);
  [TENSOR_DTYPE[sentAs], entry.shape.length, ...lengths, name.length].forEach((word, i) => {
    header.setUint32(4 * i, word, true);
  });
  block.set(name, TENSOR_HEADER_BYTES);
  if (sentAs === 'float32')
    new Float32Array(block.buffer, start).set(widenToFloat32(entry.dtype, stored.bytes));
  else block.set(stored.bytes, start);
  return block;
}

function refused(where: string, what: string, expected: string, found: string | number): PluginError {
  return new PluginError('input', what, { where, expected, found: String(found) });
}
