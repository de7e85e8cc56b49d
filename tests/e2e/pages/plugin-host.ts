// The plugin host's contract inside a page, with sandboxed frames.
import { createFrameHost } from '../../../client/plugin-host/frame.ts';
import { loadStandardPlugin } from '../../../client/plugin-host/standard-plugin.ts';
import type { Plugin, PluginHost } from '../../../plugins/host/plugin.ts';
import { CONTRACT } from '../../plugin-host/contract.ts';
import type { Home } from '../../plugin-host/expectations.ts';
import { type Payload, unpackHome } from '../../plugin-host/payload.ts';

let home: Home | undefined;
let host: PluginHost | undefined;
let plugin: Plugin | undefined;

/** Takes the fixtures; loads the standard plugin as the studio does. Gives its size. */
export async function prepare(payload: Payload): Promise<number> {
  const standard = await loadStandardPlugin();
  home = { ...(await unpackHome(payload)), standard };
  return standard.length;
}

/** Runs one case; rejects with its reason. Leaves no frame behind. */
export async function runCase(name: string): Promise<void> {
  const one = createFrameHost();
  try {
    await CONTRACT[name]!(one, home!);
  } finally {
    await one.close();
  }
}

/** Starts a plugin that loops for ever in apply, and lets it. The deadline is far away. */
export async function startLooping(): Promise<void> {
  host = createFrameHost();
  plugin = await host.start('loopsInApply', home!.plugins.loopsInApply);
  const k = Float32Array.of(1, 2, 3, 4);
  plugin.apply({ rows: 1, width: 4, k, v: k }, 1).catch(() => undefined);
}

export async function closeHost(): Promise<void> {
  await host!.close();
}

export function frameCount(): number {
  return document.querySelectorAll('iframe').length;
}
