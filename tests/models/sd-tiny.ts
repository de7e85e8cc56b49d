// The golden model sd-tiny, opened; and copies of its checkpoint with tensors changed.
import { readFile } from 'node:fs/promises';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import type { StoredTensor, TensorFile } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors, writeSafetensors } from '../../client/formats/safetensors.ts';
import type { Hypernetwork, StrengthenedHypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { assembleCheckpoint, type Checkpoint } from '../../client/models/checkpoint.ts';
import { type ModelManifest, parseModelManifest } from '../../client/models/manifest.ts';
import type { Tensor } from '../../client/tensor/tensor.ts';

const FOLDER = new URL('../golden/sd-tiny/', import.meta.url).pathname;

export async function sdTinyManifest(): Promise<ModelManifest> {
  return parseModelManifest(JSON.parse(await readFile(`${FOLDER}model.json`, 'utf8')), 'model.json');
}

export async function sdTinyCheckpoint(): Promise<TensorFile> {
  return openSafetensors(await fileSource(`${FOLDER}checkpoint.safetensors`));
}

/** Tensors of expected.safetensors by name. */
export async function sdTinyExpected(): Promise<(name: string) => Promise<Tensor>> {
  const file = await openSafetensors(await fileSource(`${FOLDER}expected.safetensors`));
  return (name) => file.read(name);
}

/** style-a and style-b with the strengths of config.json, in order. */
export async function sdTinyStyles(): Promise<StrengthenedHypernetwork[]> {
  const config = JSON.parse(await readFile(`${FOLDER}config.json`, 'utf8')) as {
    hypernetworks: { file: string; strength: number }[];
  };
  return Promise.all(
    config.hypernetworks.map(async ({ file, strength }) => ({
      hypernetwork: await readStyle(file),
      strength,
    })),
  );
}

async function readStyle(file: string): Promise<Hypernetwork> {
  return readHypernetwork(await fileSource(`${FOLDER}${file}`));
}

/** A copy of the checkpoint in memory, after `change` had its way with the tensors. */
export async function changedCheckpoint(
  change: (tensors: Map<string, StoredTensor>) => void,
): Promise<Checkpoint> {
  const file = await sdTinyCheckpoint();
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, offset, byteLength } of file.entries.values()) {
    tensors.set(name, { dtype, shape, bytes: await file.source.read(offset, byteLength) });
  }
  change(tensors);
  const changed = bytesSource('changed.safetensors', writeSafetensors(tensors, {}));
  return assembleCheckpoint([await openSafetensors(changed)]);
}
