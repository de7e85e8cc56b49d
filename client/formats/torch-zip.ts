// The zip container of torch.save: `data.pkl` and one entry per storage below a root folder of any name.
import type { ByteSource } from './entry.ts';
import { FormatError } from './errors.ts';
import { unpickle } from './pickle.ts';
import type { TorchContainer } from './torch-container.ts';
import { storageBytes, torchRules } from './torch-rules.ts';
import { MAX_INFLATED_BYTES, openZip, type ZipArchive, type ZipEntry } from './zip.ts';

/** The pickle of a checkpoint with 2,000 tensors has 0.5 MB. */
export const MAX_PICKLE_BYTES = 64 * 2 ** 20;

/** Opens the container: reads directory, pickle and the storages' local headers. */
export async function openTorchZip(source: ByteSource): Promise<TorchContainer> {
  const archive = await openZip(source);
  const root = findRoot(source, archive);
  await checkByteOrder(source, archive, root);
  const where = `${source.name}, ${root}data.pkl`;
  const pickle = await archive.read(archive.entries.get(`${root}data.pkl`)!, MAX_PICKLE_BYTES);
  const { rules, storages } = torchRules(where);
  const { value } = unpickle(pickle, 0, rules);

  const offsets = new Map<string, number>();
  const inflated: { start: number; entry: ZipEntry }[] = [];
  let virtualSize = source.size;
  for (const storage of storages.values()) {
    const name = `${root}data/${storage.key}`;
    const entry = archive.entries.get(name);
    if (entry === undefined)
      throw new FormatError('invalid', 'a storage is missing', { where, expected: name });
    storageBytes(storage, entry.size, `${source.name}, ${name}`);
    if (!entry.deflated) {
      offsets.set(storage.key, await archive.dataOffset(entry));
      continue;
    }
    offsets.set(storage.key, virtualSize);
    inflated.push({ start: virtualSize, entry });
    virtualSize += entry.size;
  }
  const total = virtualSize - source.size;
  if (total > MAX_INFLATED_BYTES) {
    throw new FormatError('too-large', 'the deflated tensors are too large together', {
      where: source.name,
      expected: `at most ${MAX_INFLATED_BYTES} bytes`,
      found: `${total}`,
    });
  }
  return {
    value,
    offsets,
    source: inflated.length === 0 ? source : extend(source, archive, inflated, virtualSize),
  };
}

/** The folder that holds `data.pkl`, with its slash; exactly one may. */
function findRoot(source: ByteSource, archive: ZipArchive): string {
  const roots = [...archive.entries.keys()].filter((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (roots.length === 1) return roots[0]!.slice(0, -'data.pkl'.length);
  throw new FormatError('invalid', 'the zip archive is no file of torch.save', {
    where: source.name,
    expected: 'one data.pkl',
    found: `${roots.length}`,
  });
}

async function checkByteOrder(source: ByteSource, archive: ZipArchive, root: string): Promise<void> {
  const entry = archive.entries.get(`${root}byteorder`);
  if (entry === undefined) return;
  const text = new TextDecoder().decode(await archive.read(entry, 16));
  if (text === 'little') return;
  throw new FormatError('unsupported', 'the tensors are not little-endian', {
    where: `${source.name}, ${entry.name}`,
    expected: 'little',
    found: JSON.stringify(text),
  });
}

/** The file, with inflated entries as if they stood behind its end; each is inflated when it is first read. */
function extend(
  source: ByteSource,
  archive: ZipArchive,
  inflated: readonly { start: number; entry: ZipEntry }[],
  size: number,
): ByteSource {
  const kept = new Map<ZipEntry, Promise<Uint8Array<ArrayBuffer>>>();
  return {
    name: source.name,
    size,
    scattered: true,
    async read(offset, length) {
      if (offset < source.size) return source.read(offset, length);
      const segment = inflated.findLast(({ start }) => start <= offset);
      if (segment === undefined || offset + length > segment.start + segment.entry.size) {
        throw new FormatError('truncated', 'the entry ends too early', {
          where: `${source.name}, byte ${offset}`,
        });
      }
      let bytes = kept.get(segment.entry);
      bytes ??= archive.read(segment.entry, MAX_INFLATED_BYTES);
      kept.set(segment.entry, bytes);
      return (await bytes).slice(offset - segment.start, offset - segment.start + length);
    },
  };
}
