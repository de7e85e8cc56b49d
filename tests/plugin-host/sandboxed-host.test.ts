// The host over sandboxes that are themselves at fault: they do not open, die, or answer what nobody asked.
import { beforeAll, expect, test } from 'vitest';
import { remotePluginHost, servePluginHost } from '../../client/plugin-host/remote.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import type { Answer, Request } from '../../plugins/host/messages.ts';
import type { Plugin } from '../../plugins/host/plugin.ts';
import type { OpenSandbox, SandboxEvents } from '../../plugins/host/sandbox.ts';
import { sandboxedHost } from '../../plugins/host/sandboxed-host.ts';
import { context } from './expectations.ts';
import { pluginFixtures } from './fixtures.ts';

let speaking: Uint8Array;
beforeAll(async () => {
  ({ speaking } = await pluginFixtures());
});

/** A sandbox that starts and then answers as it likes. */
function answering(answer: (request: Request) => unknown): OpenSandbox {
  return async ({ onAnswer }) => ({
    send(request) {
      const { id } = request;
      const reply =
        request.kind === 'start' ? { kind: 'started', id, description: undefined } : answer(request);
      queueMicrotask(() => onAnswer(reply as Answer));
    },
    end() {},
  });
}

test('the deadline covers the opening of the sandbox, and one that opens later is ended', async () => {
  let open: (() => void) | undefined;
  let ended = 0;
  const host = sandboxedHost(async () => {
    await new Promise<void>((resolve) => {
      open = resolve;
    });
    return { send: () => expect.unreachable(), end: () => ended++ };
  });
  await expect(host.start('closed door', speaking, { deadlineMs: 20 })).rejects.toMatchObject({
    code: 'plugin/deadline',
    message: expect.stringContaining('20 ms'),
  });
  open!();
  await expect.poll(() => ended).toBe(1);
});

test('a sandbox that cannot be opened is an error of its own', async () => {
  const cause = new Error('no threads left');
  const host = sandboxedHost(() => Promise.reject(cause));
  await expect(host.start('x', speaking)).rejects.toMatchObject({ code: 'plugin/closed', cause });
});

test('a sandbox that dies takes the call and the plugin with it', async () => {
  let events: SandboxEvents | undefined;
  const host = sandboxedHost((given) => {
    events = given;
    return answering(() => events!.onDeath('exit code 7'))(given);
  });
  const plugin = await host.start('x', speaking);
  await expect(plugin.setPhase(1)).rejects.toMatchObject({
    code: 'plugin/trap',
    message: expect.stringContaining('exit code 7'),
  });
  await expect(plugin.setPhase(1)).rejects.toMatchObject({ code: 'plugin/closed' });
});

test('equal contexts travel as one, others as two', async () => {
  const sent: Request[] = [];
  const host = sandboxedHost(
    answering((request) => {
      sent.push(request);
      return { kind: 'applied', id: request.id, k: new Float32Array(4), v: new Float32Array(4) };
    }),
  );
  const plugin = await host.start('x', speaking);
  const k = Float32Array.of(1, 2, 3, 4);
  for (const v of [k, k.subarray(), k.slice()]) await plugin.apply({ width: 4, rows: 1, k, v }, 1);
  expect(sent).toMatchObject([
    { kind: 'apply', k, v: undefined },
    { kind: 'apply', k, v: undefined },
    { kind: 'apply', k, v: k },
  ]);
  await host.close();
});

const bend = (plugin: Plugin): Promise<unknown> => plugin.apply(context(1, 4), 1);
test.each([
  ['nothing', bend, () => undefined, 'plugin/deadline'],
  ['another call’s answer', bend, ({ id }: Request) => ({ kind: 'done', id: id - 1 }), 'plugin/deadline'],
  ['another kind', bend, ({ id }: Request) => ({ kind: 'done', id }), 'plugin/trap'],
  ['contexts that are none', bend, ({ id }: Request) => ({ kind: 'applied', id }), 'plugin/trap'],
  [
    'contexts of another shape',
    bend,
    ({ id }: Request) => ({ kind: 'applied', id, k: new Float32Array(4), v: new Float32Array(5) }),
    'plugin/invalid',
  ],
  [
    'a short schedule',
    (plugin: Plugin) => plugin.schedule(2),
    ({ id }: Request) => ({ kind: 'scheduled', id, entries: new Uint8Array(8) }),
    'plugin/trap',
  ],
  [
    'layers that are none',
    (plugin: Plugin) => plugin.layers(4),
    ({ id }: Request) => ({ kind: 'layered', id, k: 1, v: 2 }),
    'plugin/trap',
  ],
  [
    'a failure of no kind',
    bend,
    ({ id }: Request) => ({ kind: 'failed', id, failure: 'toString' }),
    'plugin/trap',
  ],
])('an answer that is %s', async (_, call, answer, code) => {
  const host = sandboxedHost(answering(answer));
  const plugin = await host.start('forged', speaking, {
    deadlineMs: code === 'plugin/deadline' ? 50 : 10_000,
  });
  await expect(call(plugin)).rejects.toMatchObject({ name: 'PluginError', code });
  await expect(call(plugin)).rejects.toMatchObject({ code: 'plugin/closed' });
});

test('limits that cannot be are refused', async () => {
  const host = sandboxedHost(answering(() => undefined));
  for (const limits of [{ deadlineMs: 0 }, { deadlineMs: Number.NaN }, { pictureBudgetMs: -1 }]) {
    await expect(host.start('x', speaking, limits)).rejects.toMatchObject({ code: 'plugin/input' });
  }
});

test('blocks that are handed over are empty afterwards; those that share a buffer are copied', async () => {
  const asked: Request[] = [];
  const host = sandboxedHost(
    answering((request) => {
      asked.push(structuredClone(request));
      return { kind: 'done', id: request.id };
    }),
  );
  const plugin = await host.start('x', speaking);
  const shared = new Uint8Array(2 * 68);
  for (const at of [0, 68]) new Uint32Array(shared.buffer, at, 12).set([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  await plugin.loadTensors(0, [shared.subarray(0, 68), shared.subarray(68)]);
  expect(shared.length).toBe(136);
  expect(asked[0]).toMatchObject({ kind: 'tensors', blocks: [{ length: 68 }, { length: 68 }] });
});

test('over a port: closing twice is fine, a closed plugin says so, and pictures may begin at any time', async () => {
  const { port1, port2 } = new MessageChannel();
  servePluginHost(sandboxedHost(answering(({ id }) => ({ kind: 'done', id }))), port1);
  const plugin = await remotePluginHost(port2).start('far', speaking);
  await plugin.setPhase(1);
  await plugin.close();
  await plugin.close();
  plugin.beginPicture();
  await expect(plugin.setPhase(1)).rejects.toMatchObject({ code: 'plugin/closed' });
  port1.close();
});

test('over a port: a picture that begins on a plugin that is gone gives nothing to await; the next call tells', async () => {
  const { port1, port2 } = new MessageChannel();
  const host = sandboxedHost(answering(({ id }) => ({ kind: 'done', id })));
  const gone = (): never => {
    throw new PluginError('closed', 'the plugin is closed', { where: 'far' });
  };
  const start: typeof host.start = async (...args) => ({
    ...(await host.start(...args)),
    beginPicture: gone,
    setPhase: gone,
  });
  servePluginHost({ ...host, start }, port1);
  const plugin = await remotePluginHost(port2).start('far', speaking);
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  expect(plugin.beginPicture()).toBeUndefined();
  await expect(plugin.setPhase(1)).rejects.toMatchObject({ code: 'plugin/closed' });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  port1.close();
});
