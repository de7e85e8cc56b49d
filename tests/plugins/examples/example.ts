// An example plugin in the Node host, with weights from its folder or from a test.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { TensorFile } from '../../../client/formats/entry.ts';
import { fileSource } from '../../../client/formats/node-file.ts';
import { openSafetensors } from '../../../client/formats/safetensors.ts';
import { applyReference } from '../../../client/hypernetwork/apply.ts';
import type { Hypernetwork, LayerPair, LayerStack } from '../../../client/hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../../../client/hypernetwork/read.ts';
import { type ContextReader, openContextReader } from '../../../client/kit/prompt-context.ts';
import { decodePair, encodePair } from '../../../client/plugin-host/layer-block.ts';
import { createNodeHost } from '../../../client/plugin-host/node.ts';
import { encodeTensors } from '../../../client/plugin-host/tensor-block.ts';
import { tensor } from '../../../client/tensor/tensor.ts';
import type { ContextPair, Plugin } from '../../../plugins/host/plugin.ts';

const ROOT = new URL('../../../', import.meta.url);
const host = createNodeHost();
afterAll(() => host.close());

let reader: Promise<ContextReader> | undefined;
afterAll(async () => (await reader)?.close());

/** The default model's context of a prompt. */
export async function contextOf(prompt: string): Promise<ContextPair> {
  reader ??= openContextReader();
  return (await reader).read(prompt);
}

/** A path below the repository's root. */
export function path(relative: string): string {
  return fileURLToPath(new URL(relative, ROOT));
}

export async function networkAt(relative: string): Promise<Hypernetwork> {
  return readHypernetwork(await fileSource(path(relative)));
}

export async function tensorsAt(relative: string): Promise<TensorFile> {
  return openSafetensors(await fileSource(path(relative)));
}

/** The built module, started. */
export async function start(name: string): Promise<Plugin> {
  return host.start(name, new Uint8Array(await readFile(path(`build/plugins/${name}.wasm`))));
}

export async function loadNetwork(plugin: Plugin, set: number, network: Hypernetwork): Promise<void> {
  for (const [width, pair] of network.widths) await plugin.load(set, width, encodePair('test', width, pair));
}

export async function loadFile(plugin: Plugin, set: number, file: TensorFile): Promise<void> {
  await plugin.loadTensors(set, await encodeTensors('test', file, { half: false }));
}

/** What `tincture_layers` makes for a width. */
export async function layersOf(plugin: Plugin, width: number): Promise<LayerPair> {
  const blocks = await plugin.layers(width);
  if (blocks === undefined) throw new Error(`no layers for width ${width}`);
  return decodePair('test', width, blocks);
}

/** x + Σ share · f(x) · strength in float64, x [rows, width]. */
export function summed(
  stacks: readonly LayerStack[],
  shares: readonly number[],
  x: Float32Array,
  width: number,
  strength = 1,
): Float32Array {
  const input = tensor([x.length / width, width], x);
  const added = stacks.map((stack) => applyReference(stack, input, 1).data);
  return x.map((value, i) =>
    added.reduce((sum, other, set) => sum + (other[i]! - value) * shares[set]! * strength, value),
  );
}

/** ‖a − b‖ / ‖b − x‖: how far what is added is off. */
export function addedError(a: Float32Array, b: Float32Array, x: Float32Array): number {
  let off = 0;
  let all = 0;
  a.forEach((value, i) => {
    off += (value - b[i]!) ** 2;
    all += (b[i]! - x[i]!) ** 2;
  });
  return Math.sqrt(off / all);
}
