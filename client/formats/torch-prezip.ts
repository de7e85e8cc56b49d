// The container of torch.save before PyTorch 1.6: five pickles in a row, then the raw storages.
import { DTYPE_BYTES } from '../tensor/tensor.ts';
import type { ByteSource } from './entry.ts';
import { FormatError } from './errors.ts';
import { type PickleRules, type Unpickled, unpickle } from './pickle.ts';
import type { PickleValue } from './pickle-value.ts';
import type { TorchContainer } from './torch-container.ts';
import { plainRules, storageBytes, torchRules } from './torch-rules.ts';
import { MAX_PICKLE_BYTES } from './torch-zip.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Pickles are read in growing pieces, as only reading them tells where they end. */
const FIRST_PIECE_BYTES = 2 ** 18;
const COUNT_BYTES = 8;

/** Opens the container: reads its pickles and the storages' counts. */
export async function openTorchPrezip(source: ByteSource): Promise<TorchContainer> {
  for (let piece = FIRST_PIECE_BYTES; ; piece *= 8) {
    const length = Math.min(piece, MAX_PICKLE_BYTES, source.size);
    const bytes = await source.read(0, length);
    try {
      return await openPickles(source, bytes);
    } catch (error) {
      // Only a piece that was too short is worth another try.
      const short = error instanceof FormatError && error.code === 'format/truncated' && length < source.size;
      if (!short || length === MAX_PICKLE_BYTES) throw error;
    }
  }
}

async function openPickles(source: ByteSource, bytes: Uint8Array<ArrayBuffer>): Promise<TorchContainer> {
  let end = 0;
  const next = (rules: PickleRules): PickleValue => {
    const result: Unpickled = unpickle(bytes, end, rules);
    end = result.end;
    return result.value;
  };
  if (next(plainRules(`${source.name}, magic number`)) !== MAGIC) {
    throw new FormatError('invalid', 'a pickle, but not a file of torch.save', { where: source.name });
  }
  const protocol = next(plainRules(`${source.name}, protocol version`));
  if (protocol !== PROTOCOL) {
    throw new FormatError('unsupported', 'unknown protocol of torch.save', {
      where: source.name,
      expected: String(PROTOCOL),
      found: String(protocol),
    });
  }
  const system = next(plainRules(`${source.name}, system information`));
  if (!(system instanceof Map) || system.get('little_endian') !== true) {
    throw new FormatError('unsupported', 'the tensors are not little-endian', { where: source.name });
  }
  const { rules, storages } = torchRules(`${source.name}, the main pickle`);
  const value = next(rules);
  const keys = next(plainRules(`${source.name}, list of storages`));
  if (!Array.isArray(keys)) {
    throw new FormatError('invalid', 'the list of storages is missing', { where: source.name });
  }

  const offsets = new Map<string, number>();
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (storage === undefined || offsets.has(storage.key)) {
      throw new FormatError(
        'invalid',
        'the list of storages names one that no tensor uses, or names it twice',
        {
          where: `${source.name}, byte ${end}`,
          found: String(key).slice(0, 100),
        },
      );
    }
    const where = `${source.name}, byte ${end}, storage ${storage.key}`;
    const count = new DataView((await source.read(end, COUNT_BYTES)).buffer).getBigUint64(0, true);
    if (count !== BigInt(storage.elements)) {
      throw new FormatError('invalid', 'the storage has another size than the pickle says', {
        where,
        expected: `${storage.elements} elements of ${DTYPE_BYTES[storage.dtype]} bytes`,
        found: `${count}`,
      });
    }
    offsets.set(storage.key, end + COUNT_BYTES);
    end += COUNT_BYTES + storageBytes(storage, source.size - end - COUNT_BYTES, where);
  }
  return { value, source, offsets };
}
