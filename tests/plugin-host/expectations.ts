// What the plugin hosts' contract is written with: fixtures, assertions, and whole cases for plugins that fail.
import type { Hypernetwork, LayerPair } from '../../client/hypernetwork/hypernetwork.ts';
import { encodePair } from '../../client/plugin-host/layer-block.ts';
import { TinctureError } from '../../plugins/contract/error.ts';
import type { ContextPair, Plugin, PluginHost, StartOptions } from '../../plugins/host/plugin.ts';
import type { HOSTILE_TEXTS } from './hostile.ts';
import type { SPEAKING_TEXTS } from './speaking.ts';

export type FixtureName = keyof typeof HOSTILE_TEXTS | keyof typeof SPEAKING_TEXTS | 'illTyped';
export type Fixtures = Readonly<Record<FixtureName, Uint8Array<ArrayBuffer>>>;

export interface GoldenCase {
  readonly title: string;
  readonly files: readonly string[];
  readonly multipliers: readonly number[];
  readonly width: number;
  readonly x: readonly (readonly number[])[];
  readonly k: readonly (readonly number[])[];
  readonly v: readonly (readonly number[])[];
}

/** What a home brings to the contract. */
export interface Home {
  readonly standard: Uint8Array;
  readonly plugins: Fixtures;
  readonly golden: readonly GoldenCase[];
  readonly hypernetworks: ReadonlyMap<string, Hypernetwork>;
}

export type Run = (host: PluginHost, home: Home) => Promise<void>;

/** For plugins that loop; the others get the default, so that a busy machine fails no test. */
const SHORT = { deadlineMs: 500 };

/** What the plugin `speaking` says of itself. */
export const DESCRIPTION = {
  title: 'Speaking',
  description: 'Adds what it was told.',
  half: true,
  parameters: [
    { name: 'gain', title: 'Gain', default: 1.5, minimum: -2, maximum: 4 },
    { name: 'lift', default: 0, minimum: 0, maximum: 1 },
  ],
};

/** A linear layer that doubles: f(x) = 2x, so that y = (1 + 2 · strength) · x. */
export function doubling(width: number): LayerPair {
  const weight = { shape: [width, width], data: new Float32Array(width * width) };
  for (let i = 0; i < width; i++) weight.data[i * width + i] = 2;
  const bias = { shape: [width], data: new Float32Array(width) };
  const stack = [{ kind: 'linear', weight, bias }] as const;
  return { k: stack, v: stack };
}

export function context(rows: number, width: number): ContextPair {
  const values = Float32Array.from({ length: rows * width }, (_, i) => ((i * 7) % 11) - 5);
  return { rows, width, k: values, v: values.map((value) => -value) };
}

export function assert(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

export function same(a: Float32Array, b: readonly number[] | Float32Array, what: string): void {
  assert(a.length === b.length && a.every((value, i) => value === b[i]), `${what}: ${a.slice(0, 8).join()}`);
}

/** Expects a TinctureError of this code whose message holds all of the words. */
export async function fails(work: Promise<unknown>, code: string, ...words: string[]): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert(error !== undefined, `expected ${code}, but nothing failed`);
  if (!(error instanceof TinctureError)) throw error;
  assert(error.code === code, `expected ${code}, found ${error.code}: ${error.message}`);
  for (const word of words) assert(error.message.includes(word), `no “${word}” in: ${error.message}`);
}

/** Hands over `doubling` as file 0. */
export async function loadDoubling(plugin: Plugin, width: number): Promise<void> {
  await plugin.load(0, width, encodePair(plugin.name, width, doubling(width)));
}

/** The host is whole: a good plugin starts and computes. */
export async function stillWorks(host: PluginHost, home: Home): Promise<void> {
  const plugin = await host.start('good', home.plugins.scales);
  const bent = await plugin.apply(
    { rows: 1, width: 3, k: Float32Array.of(1, 2, 3), v: Float32Array.of(4, 5, 6) },
    1,
  );
  same(bent.k, [2, 4, 6], 'keys of the good plugin');
  same(bent.v, [8, 10, 12], 'values of the good plugin');
  await plugin.close();
}

export async function started(
  host: PluginHost,
  home: Home,
  name: FixtureName,
  options: StartOptions = {},
): Promise<Plugin> {
  const plugin = await host.start(name, home.plugins[name], options);
  await loadDoubling(plugin, 4);
  return plugin;
}

/** A call that fails in the plugin, which is then over, while the host is not. */
export function endsWith(name: FixtureName, code: string, ...words: string[]): Run {
  return async (host, home) => {
    let plugin: Plugin | undefined;
    const work = async (): Promise<void> => {
      plugin = await host.start(name, home.plugins[name], limitsFor(code));
      await loadDoubling(plugin, 4);
      await plugin.apply(context(2, 4), 1);
    };
    await fails(work(), code, name, ...words);
    if (plugin !== undefined) await fails(plugin.apply(context(2, 4), 1), 'plugin/closed', name);
    await stillWorks(host, home);
  };
}

/** A module that does not start. */
export function neverStarts(name: FixtureName, code: string, ...words: string[]): Run {
  return async (host, home) => {
    await fails(host.start(name, home.plugins[name], limitsFor(code)), code, name, ...words);
    await stillWorks(host, home);
  };
}

function limitsFor(code: string): { deadlineMs?: number } {
  return code === 'plugin/deadline' ? SHORT : {};
}

/** A plugin that starts, and whose answer to one call ends it or leaves it alive. */
export function answers(
  name: FixtureName,
  call: (plugin: Plugin) => Promise<unknown>,
  code: string,
  ...words: string[]
): Run {
  return async (host, home) => {
    const plugin = await host.start(name, home.plugins[name], limitsFor(code));
    await fails(call(plugin), code, name, ...words);
    const ended = code === 'plugin/trap' || code === 'plugin/invalid' || code === 'plugin/deadline';
    await fails(call(plugin), ended ? 'plugin/closed' : code, name);
    await stillWorks(host, home);
  };
}

/** A call that the plugin answers with an error of its own; it goes on. */
export function refuses(name: FixtureName, code: string, ...words: string[]): Run {
  return async (host, home) => {
    const plugin = await started(host, home, name);
    await fails(plugin.apply(context(2, 4), 1), code, name, ...words);
    await fails(plugin.apply(context(2, 4), 1), code, name, ...words);
    await stillWorks(host, home);
  };
}

/** A running plugin under a short deadline; on a busy machine, under the first that its start can keep. */
export async function startedToLoop(host: PluginHost, home: Home, name: FixtureName): Promise<Plugin> {
  for (const deadlineMs of [500, 2000, 8000]) {
    try {
      return await started(host, home, name, { deadlineMs });
    } catch (error) {
      if (!(error instanceof TinctureError) || error.code !== 'plugin/deadline') throw error;
    }
  }
  throw new Error(`${name} did not start within 8 s`);
}
