// The contract in Node, in worker threads, and again through a port as an engine in a Worker sees it.
import { afterEach, expect, test } from 'vitest';
import { createFrameHost } from '../../client/plugin-host/frame.ts';
import { createNodeHost } from '../../client/plugin-host/node.ts';
import { remotePluginHost, servePluginHost } from '../../client/plugin-host/remote.ts';
import { hasRelaxedSimd, loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import type { PluginHost } from '../../plugins/host/plugin.ts';
import { pluginHostContract } from './suite.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function overPort(): PluginHost {
  const { port1, port2 } = new MessageChannel();
  const host = createNodeHost();
  ends.push(
    () => host.close(),
    () => port1.close(),
    () => port2.close(),
  );
  servePluginHost(host, port1);
  return remotePluginHost(port2);
}

pluginHostContract('over worker threads', createNodeHost);

/** What a port can spoil: order, results, errors and their facts, the ends of plugins and hosts. */
pluginHostContract('over a port', overPort, {
  only: [
    'every golden hypernetwork and chain to 1e-5',
    'calls made at once are answered in order',
    'two plugins run beside each other',
    'a loop in apply is ended',
    'calls that wait behind a loop are refused',
    'imports are refused',
    'NaN names the style',
    'a refusal carries the plugin’s words',
    'impossible calls are refused before they are sent',
    'calls that the plugin does not offer are refused',
    'a plugin describes itself, and says what it offers',
    'parameters arrive by name, with defaults, and only within their range',
    'context, tensors and phases arrive',
    'a schedule',
    'layers of both sides, by phase and parameter; a width left alone',
    'slow calls within the deadline end with the picture’s budget',
    'a module that belongs to another card is refused before it runs',
    'a closed plugin and a closed host say so',
  ],
});

test('this Node gets the build with relaxed SIMD', async () => {
  expect(hasRelaxedSimd()).toBe(true);
  expect(validatePlugin(await loadStandardPlugin())).toMatchObject({ abiVersion: 1, relaxedSimd: true });
});

test('without a page there is no frame host, and the error says what to use', () => {
  expect(() => createFrameHost()).toThrow(
    expect.objectContaining({ code: 'plugin/closed', message: expect.stringContaining('remotePluginHost') }),
  );
});
