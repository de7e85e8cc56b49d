// The contract in Node, in worker threads, and again through a port as an engine in a Worker sees it.
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createFrameHost } from '../../client/plugin-host/frame.ts';
import type { PluginHost } from '../../client/plugin-host/host.ts';
import { createNodeHost } from '../../client/plugin-host/node.ts';
import { remotePluginHost, servePluginHost } from '../../client/plugin-host/remote.ts';
import { hasRelaxedSimd, loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import { CONTRACT } from './contract.ts';
import type { Home } from './expectations.ts';
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

function runContract(names: readonly string[], createHost: () => PluginHost): void {
  for (const name of names) {
    test(name, async () => {
      await CONTRACT[name]!(createHost(), { ...home, createHost });
    });
  }
}

describe('over worker threads', () => {
  runContract(Object.keys(CONTRACT), nodeHost);
});

/** What a port can spoil: order, results, errors and their facts, the ends of plugins and hosts. */
describe('over a port', () => {
  runContract(
    [
      'every golden hypernetwork and chain to 1e-5',
      'calls made at once are answered in order',
      'two plugins run beside each other',
      'a loop in apply is ended',
      'calls that wait behind a loop are refused',
      'imports are refused',
      'NaN names the style',
      'a refusal carries the plugin’s words',
      'impossible calls are refused before they are sent',
      'a closed plugin and a closed host say so',
    ],
    overPort,
  );
});

test('this Node gets the build with relaxed SIMD', () => {
  expect(hasRelaxedSimd()).toBe(true);
  expect(validatePlugin(home.standard)).toMatchObject({ abiVersion: 1, relaxedSimd: true });
});

test('without a page there is no frame host, and the error says what to use', () => {
  expect(() => createFrameHost()).toThrow(
    expect.objectContaining({ code: 'plugin/closed', message: expect.stringContaining('remotePluginHost') }),
  );
});
