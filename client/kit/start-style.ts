// Starts a packed style in a sandbox with its parameters and weights: what tests, checks and `apply` work on. Node and browsers.
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import type { StyleManifest } from '../../plugins/contract/style.ts';
import type { ByteSource } from '../formats/entry.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import type { StyleFile } from '../formats/style-file.ts';
import { readHypernetwork } from '../hypernetwork/read.ts';
import { METADATA_KEY } from '../hypernetwork/safetensors-metadata.ts';
import type { Plugin, PluginHost, PluginLimits } from '../plugin-host/host.ts';
import { encodePair } from '../plugin-host/layer-block.ts';
import { loadStandardPlugin } from '../plugin-host/standard-plugin.ts';
import { encodeTensors } from '../plugin-host/tensor-block.ts';

/** The digests of a manifest's weights files, in the order of the plugin's sets. */
export function weightsOf({ blobs }: StyleManifest): string[] {
  return [blobs.weights, ...(blobs.moreWeights ?? [])]
    .filter((it) => it !== null)
    .map(({ sha256 }) => sha256);
}

/** The module of a style: its own, or the standard one. */
export async function moduleOf({ manifest, blob }: StyleFile): Promise<Uint8Array> {
  const { plugin } = manifest.blobs;
  return plugin === null ? loadStandardPlugin() : blob(plugin.sha256).read(0, plugin.size);
}

/** Starts it and hands over everything but a context. The caller closes it. Throws what the host and the readers throw. */
export async function startStyle(
  host: PluginHost,
  style: StyleFile,
  parameters: Readonly<Record<string, number>> = {},
  limits: Partial<PluginLimits> = {},
): Promise<Plugin> {
  const { name } = style.manifest;
  const plugin = await host.start(name, await moduleOf(style), {
    ...limits,
    cardSha256: cardDigest(cardOf(style.manifest)),
  });
  try {
    if (plugin.facts.offers.has('tincture_parameter') || Object.keys(parameters).length > 0) {
      await plugin.setParameters(parameters);
    }
    for (const [set, sha256] of weightsOf(style.manifest).entries()) {
      await loadSet(plugin, set, style.blob(sha256));
    }
    return plugin;
  } catch (error) {
    await plugin.close();
    throw error;
  }
}

async function loadSet(plugin: Plugin, set: number, source: ByteSource): Promise<void> {
  const file = await openSafetensors(source);
  if (file.metadata[METADATA_KEY] === undefined) {
    const { half } = plugin.description;
    await plugin.loadTensors(set, await encodeTensors(plugin.name, file, { half }));
    return;
  }
  const { widths } = await readHypernetwork(source);
  for (const [width, pair] of widths)
    await plugin.load(set, width, encodePair(`${plugin.name}, width ${width}`, width, pair));
}
