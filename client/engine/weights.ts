// The weights files of a style: which of them are hypernetworks, and how each reaches a plugin.
import { containerOf } from '../formats/container.ts';
import type { ByteSource } from '../formats/entry.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import type { Hypernetwork } from '../hypernetwork/hypernetwork.ts';
import { readHypernetwork } from '../hypernetwork/read.ts';
import { METADATA_KEY } from '../hypernetwork/safetensors-metadata.ts';
import type { Plugin } from '../plugin-host/host.ts';
import { encodePair } from '../plugin-host/layer-block.ts';
import { encodeTensors } from '../plugin-host/tensor-block.ts';

/**
 * Hands file number `set` to a plugin: a hypernetwork width by width, any other safetensors file tensor by tensor. Gives the
 * hypernetwork if it was one. Throws `plugin/input` where the plugin takes no such file, and the readers' errors.
 */
export async function handOver(
  plugin: Plugin,
  set: number,
  source: ByteSource,
): Promise<Hypernetwork | undefined> {
  if ((await containerOf(source)) === 'safetensors') {
    const file = await openSafetensors(source);
    if (file.metadata[METADATA_KEY] === undefined) {
      const { half } = plugin.description;
      await plugin.loadTensors(set, await encodeTensors(`${plugin.name}, weights ${set}`, file, { half }));
      return undefined;
    }
  }
  const hypernetwork = await readHypernetwork(source);
  for (const [width, pair] of hypernetwork.widths) {
    await plugin.load(set, width, encodePair(`${plugin.name}, weights ${set}, width ${width}`, width, pair));
  }
  return hypernetwork;
}
