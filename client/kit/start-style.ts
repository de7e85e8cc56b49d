// Starts a packed style in a sandbox with its parameters and weights: what tests, checks and `apply` work on. Node and browsers.
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import type { StyleManifest } from '../../plugins/contract/style.ts';
import { DataStyle } from '../engine/data-style.ts';
import { type ModelWidths, PluginStyle } from '../engine/plugin-style.ts';
import type { RunningStyle } from '../engine/running-style.ts';
import { handOver } from '../engine/weights.ts';
import type { StyleFile } from '../formats/style-file.ts';
import { readHypernetwork } from '../hypernetwork/read.ts';
import type { Plugin, PluginHost, PluginLimits } from '../plugin-host/host.ts';
import { loadStandardPlugin } from '../plugin-host/standard-plugin.ts';

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
    // The standard plugin has no card.
    ...(style.manifest.blobs.plugin === null ? {} : { cardSha256: cardDigest(cardOf(style.manifest)) }),
  });
  try {
    if (plugin.facts.offers.has('tincture_parameter') || Object.keys(parameters).length > 0) {
      await plugin.setParameters(parameters);
    }
    for (const [set, sha256] of weightsOf(style.manifest).entries()) {
      await handOver(plugin, set, style.blob(sha256));
    }
    return plugin;
  } catch (error) {
    await plugin.close();
    throw error;
  }
}

/** Starts it as the engine does: what it bends and makes is what pictures get. The caller closes it. */
export async function runStyle(
  host: PluginHost,
  style: StyleFile,
  widths: ModelWidths,
): Promise<RunningStyle> {
  const { name, blobs } = style.manifest;
  const weights = weightsOf(style.manifest).map((sha256) => style.blob(sha256));
  if (blobs.plugin === null) {
    // The schema sees to it that there are weights where there is no plugin.
    return DataStyle.start(name, await readHypernetwork(weights[0]!), widths.contextWidth, host);
  }
  const cardSha256 = cardDigest(cardOf(style.manifest));
  return PluginStyle.start({ name, wasm: await moduleOf(style), cardSha256, weights }, widths, host);
}
