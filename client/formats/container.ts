// Which container a file of tensors is in, told from its first bytes.
import type { ByteSource } from './entry.ts';
import { isPng } from './png-chunks.ts';

export type Container = 'safetensors' | 'torch' | 'png';

/** A safetensors header's length has eight bytes, of which its cap leaves the upper four zero. */
const SAFETENSORS_HEAD = 9;
const ZIP_MAGIC = [0x50, 0x4b, 0x03, 0x04];
/** The first opcode of a pickle, PROTO. It is also the low byte of some safetensors headers' length. */
const PICKLE_START = 0x80;
const BRACE = 0x7b;

/** What is none of the others counts as safetensors, whose reader then says what is wrong. */
export async function containerOf(source: ByteSource): Promise<Container> {
  const head = await source.read(0, Math.min(source.size, SAFETENSORS_HEAD));
  if (isPng(head)) return 'png';
  if (head[8] === BRACE && head.subarray(4, 8).every((byte) => byte === 0)) return 'safetensors';
  const isTorch = head[0] === PICKLE_START || ZIP_MAGIC.every((byte, i) => head[i] === byte);
  return isTorch ? 'torch' : 'safetensors';
}
