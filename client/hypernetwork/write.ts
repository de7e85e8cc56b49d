// Writes hypernetworks: safetensors with the description in the metadata, and `.pt` as the reference writes it.
import { writeSafetensors } from '../formats/safetensors.ts';
import {
  TorchOrderedDict,
  TorchTensor,
  type TorchTree,
  TorchTuple,
  writeTorchFile,
} from '../formats/torch-write.ts';
import { writeDescription } from './description.ts';
import type { Hypernetwork } from './hypernetwork.ts';
import { type HypernetworkRecord, recordOf, SIDES, type Side } from './record.ts';
import { formatMetadata, METADATA_KEY } from './safetensors-metadata.ts';

/**
 * A safetensors file that `readHypernetwork` reads. A record keeps its element types bit by bit; a network in memory
 * is written as float32.
 */
export function writeHypernetworkSafetensors(
  style: HypernetworkRecord | Hypernetwork,
): Uint8Array<ArrayBuffer> {
  const record = asRecord(style);
  return writeSafetensors(record.tensors, { format: 'pt', [METADATA_KEY]: formatMetadata(record) });
}

/** A `.pt` file with the keys, order and types of the reference, for it and its relatives to load. */
export function writeHypernetworkPt(style: HypernetworkRecord | Hypernetwork): Uint8Array<ArrayBuffer> {
  const record = asRecord(style);
  const tree = new Map<string | number, TorchTree>();
  for (const width of record.widths) {
    tree.set(width, new TorchTuple(SIDES.map((side) => stateDict(record, width, side))));
  }
  for (const [key, value] of Object.entries(writeDescription(record.description))) tree.set(key, value);
  for (const [key, value] of Object.entries(record.extra)) tree.set(key, value);
  return writeTorchFile(record.description.name, tree);
}

/** `linear.<slot>.<parameter>` in the order of the slots, weight before bias. */
function stateDict(record: HypernetworkRecord, width: number, side: Side): TorchOrderedDict {
  const prefix = `${width}.${side}.`;
  const parameters = [...record.tensors]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, stored]) => ({ key: name.slice(prefix.length), stored }))
    .sort((a, b) => slotOf(a.key) - slotOf(b.key) || b.key.localeCompare(a.key, 'en'));
  return new TorchOrderedDict(new Map(parameters.map(({ key, stored }) => [key, new TorchTensor(stored)])));
}

function slotOf(key: string): number {
  return Number(key.split('.')[1]);
}

function asRecord(style: HypernetworkRecord | Hypernetwork): HypernetworkRecord {
  return 'tensors' in style ? style : recordOf(style);
}
