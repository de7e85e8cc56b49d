// A golden model of any layout, opened, with the reference's numbers.
import { readFile } from 'node:fs/promises';
import { fileSource } from '../../client/formats/node-file.ts';
import { openTensorFile } from '../../client/formats/open-tensors.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import type { StrengthenedHypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { assembleCheckpoint, type Checkpoint } from '../../client/models/checkpoint.ts';
import { type ModelConfig, readModelConfig } from '../../client/models/config.ts';
import { DIFFUSERS_FILES, diffusersManifest } from '../../client/models/diffusers-config.ts';
import { type ModelManifest, parseModelManifest } from '../../client/models/manifest.ts';
import type { Tensor } from '../../client/tensor/tensor.ts';

export const GOLDEN_FOLDER = new URL('../golden/', import.meta.url).pathname;

export interface GoldenModel {
  readonly file: Checkpoint;
  readonly config: ModelConfig;
  readonly expected: (name: string) => Promise<Tensor>;
  /** Of the golden configuration, in order. */
  readonly styles: readonly StrengthenedHypernetwork[];
}

/** Opens `sd-tiny`, `sd2-tiny` or `sd-tiny-diffusers`; the last one's numbers and styles are sd-tiny's. */
export async function openGoldenModel(name: string): Promise<GoldenModel> {
  const folder = `${GOLDEN_FOLDER}${name}/`;
  const isDiffusers = name.endsWith('-diffusers');
  const numbers = `${GOLDEN_FOLDER}${name.replace(/-diffusers$/, '')}/`;
  const manifest = isDiffusers
    ? await diffusers(folder, name)
    : parseModelManifest(await json(`${folder}model.json`), 'model.json');
  const paths = [manifest.checkpoint, manifest.textEncoder, manifest.vae].filter(
    (path) => path !== undefined,
  );
  const file = await openParts(paths.map((path) => folder + path));
  const expected = await openSafetensors(await fileSource(`${numbers}expected.safetensors`));
  const { hypernetworks } = (await json(`${numbers}config.json`)) as {
    hypernetworks: { file: string; strength: number }[];
  };
  const styles = await Promise.all(
    hypernetworks.map(async ({ file: style, strength }) => ({
      hypernetwork: await readHypernetwork(await fileSource(numbers + style)),
      strength,
    })),
  );
  return {
    file,
    config: readModelConfig(file, manifest),
    expected: (tensor) => expected.read(tensor),
    styles,
  };
}

/** A model out of the files at these paths. */
export async function openParts(paths: readonly string[]): Promise<Checkpoint> {
  const files = paths.map(async (path) => openTensorFile(await fileSource(path)));
  return assembleCheckpoint(await Promise.all(files));
}

async function diffusers(folder: string, name: string): Promise<ModelManifest> {
  const { configs, weights } = DIFFUSERS_FILES;
  const parsed = await Promise.all(
    Object.entries(configs).map(async ([part, path]) => [part, await json(folder + path)] as const),
  );
  const facts = Object.fromEntries(parsed) as unknown as Parameters<typeof diffusersManifest>[1];
  const [checkpoint, textEncoder, vae] = [weights.checkpoint, weights.textEncoder, weights.vae].map(
    ([first]) => first!,
  );
  return diffusersManifest(name, facts, { checkpoint: checkpoint!, textEncoder: textEncoder!, vae: vae! });
}

async function json(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'));
}
