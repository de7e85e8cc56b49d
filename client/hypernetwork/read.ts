// Reads hypernetwork files of every container.
import { containerOf } from '../formats/container.ts';
import type { ByteSource, StoredTensor } from '../formats/entry.ts';
import { PickledTensor, type PickleValue } from '../formats/pickle-value.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { readStored } from '../formats/tensor-file.ts';
import { openTorchFile, type TorchFile } from '../formats/torch-file.ts';
import { DTYPE_BYTES, elementCount } from '../tensor/tensor.ts';
import { type PlainValue, REFERENCE_KEYS, readDescription } from './description.ts';
import { HypernetworkError } from './errors.ts';
import type { Hypernetwork } from './hypernetwork.ts';
import { type HypernetworkRecord, hypernetworkOf, parameterName, SIDES } from './record.ts';
import { METADATA_KEY, parseMetadata } from './safetensors-metadata.ts';

/** The first leak's files name their two linears without a slot. */
const OLD_NAMES: Readonly<Record<string, number>> = { linear1: 0, linear2: 1 };

/**
 * Reads a `.pt` file (both containers) or a `.safetensors` file that `writeHypernetworkSafetensors` wrote, and
 * widens its weights to float32. Throws FormatError for a broken or hostile container, HypernetworkError for a file
 * that is none or cannot be used: unknown activation, missing or surplus tensors, weights that are not finite.
 */
export async function readHypernetwork(source: ByteSource): Promise<Hypernetwork> {
  return hypernetworkOf(await readHypernetworkRecord(source), source.name);
}

/** As `readHypernetwork`, but keeps everything as it is stored. The tensors' shapes and values are not checked yet. */
export async function readHypernetworkRecord(source: ByteSource): Promise<HypernetworkRecord> {
  return (await containerOf(source)) === 'torch' ? readTorchRecord(source) : readSafetensorsRecord(source);
}

async function readSafetensorsRecord(source: ByteSource): Promise<HypernetworkRecord> {
  const file = await openSafetensors(source);
  const text = file.metadata[METADATA_KEY];
  if (text === undefined) {
    throw new HypernetworkError('not-a-hypernetwork', 'the file does not say that it is a hypernetwork', {
      where: source.name,
      expected: `metadata ${METADATA_KEY}`,
      found: [...file.entries.keys()].slice(0, 3).join(', '),
    });
  }
  const { keys, extra, widths } = parseMetadata(text, source.name);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of file.entries) tensors.set(name, await readStored(file.source, entry));
  const description = readDescription(keys, stemOf(source.name), source.name);
  return { description, extra, ignored: [], widths, tensors };
}

async function readTorchRecord(source: ByteSource): Promise<HypernetworkRecord> {
  const file = await openTorchFile(source);
  if (!(file.value instanceof Map)) throw notAHypernetwork(source.name, 'no dictionary');
  const leaves = new Map<string, PickledTensor>();
  const widths: number[] = [];
  const keys: Record<string, PlainValue> = {};
  const extra: Record<string, PlainValue> = {};
  const ignored: string[] = [];
  for (const [key, value] of file.value) {
    if (typeof key === 'number') {
      widths.push(key);
      collectWidth(key, value, leaves, source.name);
    } else {
      const name = String(key);
      const plain = plainValue(value);
      if (plain === undefined || name === '__proto__') ignored.push(name);
      else if ((REFERENCE_KEYS as readonly string[]).includes(name)) keys[name] = plain;
      else extra[name] = plain;
    }
  }
  if (widths.length === 0) {
    throw notAHypernetwork(
      source.name,
      file.value.has('string_to_param')
        ? 'an embedding'
        : `keys ${[...file.value.keys()].slice(0, 5).map(String).join(', ')}`,
    );
  }
  const tensors = await readLeaves(file, leaves);
  const description = readDescription(keys, stemOf(source.name), source.name);
  return { description, extra, ignored, widths, tensors };
}

/** Collects the two state dicts of a width under canonical names. */
function collectWidth(
  width: number,
  value: PickleValue,
  leaves: Map<string, PickledTensor>,
  where: string,
): void {
  const place = `${where}, width ${width}`;
  if (!Number.isSafeInteger(width) || width < 1) {
    throw new HypernetworkError('invalid', 'a context width is impossible', { where: place });
  }
  if (!Array.isArray(value) || value.length !== 2) {
    throw new HypernetworkError('invalid', 'a width does not hold two networks, for keys and for values', {
      where: place,
    });
  }
  for (const [i, side] of SIDES.entries()) {
    const state = value[i]!;
    if (!(state instanceof Map))
      throw new HypernetworkError('invalid', 'a network is no state dict', { where: place });
    for (const [key, leaf] of state) {
      const [slot, parameter] = splitKey(String(key), place);
      const name = parameterName(width, side, slot, parameter);
      if (!(leaf instanceof PickledTensor) || leaves.has(name)) {
        throw new HypernetworkError('invalid', 'a parameter is no tensor, or there twice', {
          where: `${place}, ${String(key)}`,
        });
      }
      leaves.set(name, leaf);
    }
  }
}

/** `linear.12.weight` → 12, weight. */
function splitKey(key: string, where: string): [number, string] {
  const match = /^(?:linear\.(\d{1,4})|(linear[12]))\.(weight|bias)$/.exec(key);
  if (match === null) {
    throw new HypernetworkError('invalid', 'a parameter of unknown name', {
      where,
      expected: 'linear.<slot>.weight or linear.<slot>.bias',
      found: key.slice(0, 100),
    });
  }
  const [, slot, oldName, parameter] = match;
  return [slot === undefined ? OLD_NAMES[oldName!]! : Number(slot), parameter!];
}

async function readLeaves(
  file: TorchFile,
  leaves: ReadonlyMap<string, PickledTensor>,
): Promise<Map<string, StoredTensor>> {
  // Tensors may share a storage; all of them together must still not unfold to more than the file's own bytes.
  let total = 0;
  for (const { shape, storage } of leaves.values()) total += elementCount(shape) * DTYPE_BYTES[storage.dtype];
  if (total > file.source.size) {
    throw new HypernetworkError(
      'invalid',
      'the tensors share memory and unfold to more than the file holds',
      {
        where: file.source.name,
        expected: `at most ${file.source.size} bytes`,
        found: `${total}`,
      },
    );
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, leaf] of leaves) tensors.set(name, await file.read(leaf));
  return tensors;
}

/** Undefined for what JSON cannot hold. */
function plainValue(value: PickleValue): PlainValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (!Array.isArray(value)) return undefined;
  const items = value.map(plainValue);
  return items.every((item) => item !== undefined) ? items : undefined;
}

/** A path's or URL's last part without its ending. */
export function stemOf(name: string): string {
  const [path] = name.split(/[?#]/, 1);
  const last = path!.split(/[/\\]/).at(-1)!;
  return last.replace(/\.[^.]+$/, '');
}

function notAHypernetwork(where: string, found: string): HypernetworkError {
  return new HypernetworkError('not-a-hypernetwork', 'the file holds no hypernetwork', {
    where,
    expected: 'a dictionary of context widths, such as 768',
    found,
  });
}
