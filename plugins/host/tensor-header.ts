// Checks tensor blocks as plugins/ABI.md lays them out, before they are handed to a plugin.
import { ALIGNMENT, TENSOR_DTYPE, TENSOR_HEADER_BYTES } from '../contract/abi.ts';
import { MAX_TENSOR_NAME_BYTES, MAX_TENSOR_RANK } from '../contract/limits.ts';
import { PluginError } from '../contract/plugin-error.ts';

/** Bytes of one value, by the code of its dtype. */
const VALUE_BYTES = new Map<number, number>([
  [TENSOR_DTYPE.float32, 4],
  [TENSOR_DTYPE.float16, 2],
  [TENSOR_DTYPE.int8, 1],
  [TENSOR_DTYPE.uint8, 1],
  [TENSOR_DTYPE.int32, 4],
]);

/** Throws `plugin/input` unless the block is what its header says. Name and values are not looked at. */
export function checkTensor(where: string, block: Uint8Array): void {
  const refused = (what: string, expected: string, found: number): PluginError =>
    new PluginError('input', what, { where, expected, found: String(found) });
  if (block.length < TENSOR_HEADER_BYTES) {
    throw refused('a block is shorter than its header', `${TENSOR_HEADER_BYTES} bytes`, block.length);
  }
  const data = new DataView(block.buffer, block.byteOffset, TENSOR_HEADER_BYTES);
  const word = (index: number): number => data.getUint32(4 * index, true);
  const valueBytes = VALUE_BYTES.get(word(0));
  if (valueBytes === undefined) throw refused('an unknown dtype', `0 to ${VALUE_BYTES.size - 1}`, word(0));
  const rank = word(1);
  if (rank > MAX_TENSOR_RANK) throw refused('too many axes', `at most ${MAX_TENSOR_RANK}`, rank);
  let count = 1;
  for (let axis = 0; axis < rank; axis++) count *= word(2 + axis);
  const nameBytes = word(8);
  if (nameBytes < 1 || nameBytes > MAX_TENSOR_NAME_BYTES) {
    throw refused('the name is too long or empty', `1 to ${MAX_TENSOR_NAME_BYTES} bytes`, nameBytes);
  }
  for (const index of [
    ...Array.from({ length: MAX_TENSOR_RANK - rank }, (_, i) => 2 + rank + i),
    9,
    10,
    11,
  ]) {
    if (word(index) !== 0) throw refused(`word ${index} of the header`, '0', word(index));
  }
  const length = TENSOR_HEADER_BYTES + Math.ceil(nameBytes / ALIGNMENT) * ALIGNMENT + valueBytes * count;
  if (block.length !== length) {
    throw refused('a block is not as long as its header implies', `${length} bytes`, block.length);
  }
}
