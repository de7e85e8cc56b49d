// The contract in Node, in worker threads, and again through a port as an engine in a Worker sees it.
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PluginHost } from '../../client/plugin-host/host.ts';
import { createNodeHost } from '../../client/plugin-host/node.ts';
import { remotePluginHost, servePluginHost } from '../../client/plugin-host/remote.ts';
import { hasRelaxedSimd, loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { CONTRACT, type Home } from './contract.ts';
import { goldenCases, goldenFiles } from './golden-cases.ts';
import { hostilePlugins } from './hostile.ts';
import { parseHypernetworks } from './parse.ts';

let home: Omit<Home, 'createHost'>;
const hosts: PluginHost[] = [];
const ports: MessagePort[] = [];

beforeAll(async () => {
  const golden = await goldenCases();
  const hypernetworks = await parseHypernetworks(await goldenFiles(golden));
  home = { standard: await loadStandardPlugin(), hostile: await hostilePlugins(), golden, hypernetworks };
});

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
  for (const port of ports.splice(0)) port.close();
});

function nodeHost(): PluginHost {
  const host = createNodeHost();
  hosts.push(host);
  return host;
}

function overPort(): PluginHost {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  servePluginHost(nodeHost(), port1);
  return remotePluginHost(port2);
}

for (const [place, createHost] of Object.entries({ 'worker threads': nodeHost, 'a port': overPort })) {
  describe(`over ${place}`, () => {
    for (const [name, run] of Object.entries(CONTRACT)) {
      test(name, async () => {
        const whole = { ...home, createHost };
        await run(createHost(), whole);
      });
    }
  });
}

test('this Node gets the build with relaxed SIMD', () => {
  expect(hasRelaxedSimd()).toBe(true);
  expect(validatePlugin(home.standard)).toMatchObject({ abiVersion: 1, relaxedSimd: true });
});
