// The contract as a suite of tests, for homes that are reached from Node.
import { afterEach, beforeAll, describe, test } from 'vitest';
import { loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';
import type { PluginHost } from '../../plugins/host/plugin.ts';
import { CONTRACT } from './contract.ts';
import type { Home } from './expectations.ts';
import { pluginFixtures } from './fixtures.ts';
import { goldenCases, goldenFiles } from './golden-cases.ts';
import { parseHypernetworks } from './parse.ts';
import type { Payload } from './payload.ts';

export interface ContractOptions {
  /** Names of `CONTRACT`; default all. */
  readonly only?: readonly string[];
  /** What the home adds or cannot do: cases by name, in place of the contract's. */
  readonly instead?: typeof CONTRACT;
}

let home: Promise<Home> | undefined;

/** Everything that the contract runs, read and compiled once. */
export function nodeHome(): Promise<Home> {
  home ??= (async () => {
    const golden = await goldenCases();
    const hypernetworks = await parseHypernetworks(await goldenFiles(golden));
    return {
      standard: await loadStandardPlugin(),
      plugins: await pluginFixtures(),
      golden,
      hypernetworks,
    };
  })();
  return home;
}

/** The same for homes that are reached over a wire; see `unpackHome`. */
export async function contractPayload(): Promise<Payload> {
  const golden = await goldenCases();
  return {
    standard: Buffer.from(await loadStandardPlugin()).toString('base64'),
    plugins: base64(Object.entries(await pluginFixtures())),
    files: base64(await goldenFiles(golden)),
    golden,
  };
}

function base64(all: Iterable<readonly [string, Uint8Array]>): Record<string, string> {
  return Object.fromEntries([...all].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]));
}

/** Runs the contract: each case with a host of its own, which is closed afterwards. */
export function pluginHostContract(
  name: string,
  makeHost: () => PluginHost | Promise<PluginHost>,
  { only = Object.keys(CONTRACT), instead = {} }: ContractOptions = {},
): void {
  describe(name, () => {
    let host: PluginHost | undefined;
    beforeAll(async () => {
      await nodeHome();
    });
    afterEach(() => host?.close());
    for (const title of only) {
      const run = instead[title] ?? CONTRACT[title];
      if (run === undefined) throw new Error(`the contract has no case “${title}”`);
      test(title, async () => {
        host = await makeHost();
        await run(host, await nodeHome());
      });
    }
  });
}
