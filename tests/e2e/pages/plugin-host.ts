// The plugin host's contract inside a page, with sandboxed frames. Bytes arrive as base64.
import { createFrameHost } from '../../../client/plugin-host/frame.ts';
import type { Plugin, PluginHost } from '../../../client/plugin-host/host.ts';
import { loadStandardPlugin } from '../../../client/plugin-host/standard-plugin.ts';
import { CONTRACT } from '../../plugin-host/contract.ts';
import type { GoldenCase, Home } from '../../plugin-host/expectations.ts';
import { parseHypernetworks } from '../../plugin-host/parse.ts';

export interface Payload {
  readonly hostile: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly golden: readonly GoldenCase[];
}

let home: Home | undefined;
let host: PluginHost | undefined;
let plugin: Plugin | undefined;

function bytesOf(texts: Readonly<Record<string, string>>): [string, Uint8Array<ArrayBuffer>][] {
  return Object.entries(texts).map(([name, text]) => [name, Uint8Array.fromBase64(text)]);
}

/** Takes the fixtures; loads the standard plugin as the studio does. Gives its size. */
export async function prepare({ hostile, files, golden }: Payload): Promise<number> {
  const standard = await loadStandardPlugin();
  home = {
    createHost: createFrameHost,
    standard,
    hostile: Object.fromEntries(bytesOf(hostile)) as Home['hostile'],
    golden,
    hypernetworks: await parseHypernetworks(new Map(bytesOf(files))),
  };
  return standard.length;
}

/** Runs one case; rejects with its reason. Leaves no frame behind. */
export async function runCase(name: string): Promise<void> {
  const one = home!.createHost();
  try {
    await CONTRACT[name]!(one, home!);
  } finally {
    await one.close();
  }
}

/** Starts a plugin that loops for ever in apply, and lets it. The deadline is far away. */
export async function startLooping(): Promise<void> {
  host = createFrameHost();
  plugin = await host.start('loopsInApply', home!.hostile.loopsInApply);
  const k = Float32Array.of(1, 2, 3, 4);
  plugin.apply({ rows: 1, width: 4, k, v: k }, 1).catch(() => undefined);
}

export async function closeHost(): Promise<void> {
  await host!.close();
}

export function frameCount(): number {
  return document.querySelectorAll('iframe').length;
}
