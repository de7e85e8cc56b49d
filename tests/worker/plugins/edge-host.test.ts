// The edge home's own: what a loaded Worker cannot reach, what plugins cost, trials of plugins, hosts without the binding.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardDigest, cardOf, withCardSection } from '../../../plugins/contract/card-section.ts';
import type { StyleCard } from '../../../plugins/contract/style.ts';
import type { LoadRequest, TensorsRequest } from '../../../plugins/host/messages.ts';
import { edgePluginHost } from '../../../worker/plugins/edge-host.ts';
import {
  EDGE_MEMORY_BYTES,
  EDGE_MESSAGE_BYTES,
  LOADED_COMPATIBILITY_DATE,
} from '../../../worker/plugins/edge-limits.ts';
import { failureOfRuntime, fuelFor } from '../../../worker/plugins/edge-sandbox.ts';
import { partsOf } from '../../../worker/plugins/request-parts.ts';
import type { PluginTrial } from '../../../worker/plugins/try-plugin.ts';
import { COMPATIBILITY_DATE } from '../../../worker/serve.ts';
import { SAMPLE_STYLE } from '../../contract/sample-style.ts';
import { compileText, moduleText } from '../../plugins/module-text.ts';
import { type EdgeHome, startEdgeHome } from './edge-home.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

let home: EdgeHome;
beforeAll(async () => {
  home = await startEdgeHome();
});
afterAll(() => home?.close());

test('without the binding there is no host', () => {
  expect(edgePluginHost({})).toBeUndefined();
});

test('loaded Workers run on the worker’s own runtime version', () => {
  expect(LOADED_COMPATIBILITY_DATE).toBe(COMPATIBILITY_DATE);
});

test('a loaded Worker has no network, no bindings, no caches, and cannot compile', async () => {
  const probe = `
    const attempt = async (work) => { try { return 'let out: ' + await work() } catch (error) { return String(error) } };
    export default {
      async fetch(request, env) {
        return Response.json({
          fetch: await attempt(async () => (await fetch('http://example.com/')).text()),
          connect: await attempt(async () => {
            const { connect } = await import('cloudflare:sockets');
            await connect('127.0.0.1:80').opened;
          }),
          cache: await attempt(() => caches.default.match('http://example.com/')),
          compile: await attempt(() => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))),
          text: await attempt(() => new Function('return 1')()),
          bindings: Object.keys(env),
        });
      },
    };`;
  const found = await home.post<Record<string, string | string[]>>('/probe', probe);
  expect(found['fetch']).toMatch(/not permitted to access the internet/);
  expect(found['connect']).not.toMatch(/^let out/);
  expect(found['cache']).toMatch(/undefined$|not permitted|Error/);
  expect(found['compile']).toMatch(/disallowed by embedder/);
  expect(found['text']).toMatch(/EvalError|disallowed/);
  expect(found['bindings']).toEqual([]);
});

describe('trials', () => {
  const limits = { deadlineMs: 500 };
  const trial = (wasm: Uint8Array, card?: StyleCard): Promise<{ trial: PluginTrial; fuelUsed: string }> =>
    home.post('/try', JSON.stringify({ wasm: base64(wasm), card, limits }));

  test('a plugin that changes nothing finishes; the same trial costs the same', async () => {
    const wasm = await compileText(moduleText({ memory: '1 64' }));
    const first = await trial(wasm);
    expect(first.trial).toEqual({ finished: true, refusals: [] });
    expect(Number(first.fuelUsed)).toBeGreaterThan(20);
    expect((await trial(wasm)).fuelUsed).toBe(first.fuelUsed);
  });

  test('the standard plugin finishes, and says that it has no layers', async () => {
    const wasm = await readFile(new URL('../../../build/plugins/hypernetwork.wasm', import.meta.url));
    const { trial: found } = await trial(wasm);
    expect(found.finished).toBe(true);
    expect(found.finished && found.refusals.join()).toMatch(/no layers for width 768/);
  });

  test.each([
    ['a loop in apply', { tincture_apply: '(loop $again (br $again)) (i32.const 0)' }, 'tincture_apply', 'deadline'],
    ['a loop at the start', { marker: '(loop $again (br $again))' }, 'start', 'deadline'],
    ['a trap in the context', { tincture_context: 'unreachable' }, 'tincture_context', 'trap'],
    ['NaN', { tincture_apply: '(f32.store (local.get 2) (f32.const nan)) (i32.const 0)' }, 'tincture_apply', 'non-finite'],
    ['a phase without phases', { tincture_schedule: '(i32.store offset=4 (local.get 1) (i32.const 5)) (i32.const 0)' }, 'tincture_schedule', 'invalid'],
    ['a memory that starts too large', { memory: '1025 2000' }, 'start', 'memory'],
    ['no room for the context', { memory: '1 2' }, 'tincture_apply', 'memory'],
  ] as const)('%s', async (_, parts, call, kind) => {
    const { trial: found } = await trial(await compileText(moduleText({ memory: '1 64', ...parts })));
    expect(found).toMatchObject({ finished: false, call, kind });
  }); // biome-ignore format: a table

  test('with a card: its width, and only its own module', async () => {
    const card = {
      ...cardOf(SAMPLE_STYLE),
      base: { architecture: 'stable-diffusion-v1', contextWidth: 320 },
    };
    const only320 = moduleText({ memory: '1 64', tincture_apply: '(i32.ne (local.get 0) (i32.const 320))' });
    const wasm = await compileText(only320);
    expect((await trial(withCardSection(wasm, cardDigest(card)), card)).trial).toEqual({
      finished: true,
      refusals: [],
    });
    const other = withCardSection(wasm, cardDigest({ ...card, title: 'Another' }));
    expect((await trial(other, card)).trial).toMatchObject({
      finished: false,
      call: 'start',
      kind: 'invalid',
    });
  });
});

describe('memory', () => {
  test('a plugin that declares more than the edge has grows to the edge’s cap', async () => {
    const grows = '(loop $again (br_if $again (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0))))';
    const error = '(i32.store (i32.const 1024) (i32.const 0)) (i32.const 1024)';
    const size = '(i32.sub (memory.size) (i32.const 1009))';
    const wasm = await compileText(
      moduleText({ memory: '1 8192', tincture_apply: `${grows} ${size}`, error: error }),
    );
    const host = await home.createHost();
    const plugin = await host.start('grows', wasm);
    // 1 page and 63 times 16 more: 1009 of the 1024 that the cap allows.
    expect(EDGE_MEMORY_BYTES / 65_536).toBe(1024);
    const pair = { width: 4, rows: 1, k: new Float32Array(4), v: new Float32Array(4) };
    await expect(plugin.apply(pair, 1)).resolves.toMatchObject({ width: 4 });
    await plugin.close();
  });

  /** Keeps the place of the first block, and makes it again as both sides of every width. */
  const KEEPS = {
    memory: '1 1000',
    tincture_load: '(if (i32.eqz (global.get $kept)) (then (global.set $kept (local.get 4)))) (i32.const 0)',
    tincture_layers: `(local $length i32)
      (local.set $length (i32.add (i32.const 32)
        (i32.mul (i32.const 4) (i32.mul (local.get 0) (i32.add (local.get 0) (i32.const 1))))))
      (i32.store (i32.const 1024) (global.get $kept)) (i32.store (i32.const 1028) (local.get $length))
      (i32.store (local.get 2) (i32.const 1024)) (i32.store offset=4 (local.get 2) (i32.const 1)) (i32.const 0)`,
    more: '(global $kept (mut i32) (i32.const 0))',
  };
  const load = async (width: number): Promise<{ loaded: string; made: string }> =>
    home.post('/load', JSON.stringify({ wasm: base64(await compileText(moduleText(KEEPS))), width }));

  test('layers that do not cross at once are handed over by sides; too many made at once are refused', async () => {
    // 16 MiB a side: both together are above what one message carries.
    const bytes = 32 + 4 * (2048 * 2048 + 2048);
    expect(2 * bytes).toBeGreaterThan(EDGE_MESSAGE_BYTES);
    const { loaded, made } = await load(2048);
    expect(loaded).toBe('done');
    expect(made).toContain(`memory is full; found ${2 * bytes} bytes of layers do not cross at once`);
    expect(await load(1024)).toEqual({ loaded: 'done', made: 'done' });
  });

  test('a side that does not cross is refused, and the plugin goes on', async () => {
    const { loaded, made } = await load(2900);
    expect(loaded).toMatch(/memory is full.*limited to 32MiB/);
    // It never got a block whose place it could have kept.
    expect(made).not.toMatch(/ended/);
  });
});

describe('requests in parts', () => {
  const bytes = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length);
  const half = EDGE_MESSAGE_BYTES / 2;

  test('layers: whole, or one side after the other', () => {
    const load = (k: number, v: number): LoadRequest => ({
      kind: 'load',
      id: 3,
      set: 1,
      width: 8,
      k: [bytes(k)],
      v: [bytes(v)],
    });
    expect(partsOf(load(half, half))).toHaveLength(1);
    const parts = partsOf(load(half, half + 1)) as readonly LoadRequest[];
    expect(parts.map(({ k, v }) => [k.length, v.length])).toEqual([[1, 0], [0, 1]]); // biome-ignore format: a table
    expect(parts.every(({ id, set, width }) => id === 3 && set === 1 && width === 8)).toBe(true);
  });

  test('tensors: in runs that fit, in their order, none lost', () => {
    const sizes = [half, half, 1, EDGE_MESSAGE_BYTES + 5, 7, half];
    const request: TensorsRequest = { kind: 'tensors', id: 4, set: 0, blocks: sizes.map(bytes) };
    const parts = partsOf(request) as readonly TensorsRequest[];
    expect(parts.map(({ blocks }) => blocks.map(({ length }) => length))).toEqual([
      [half, half],
      [1],
      [EDGE_MESSAGE_BYTES + 5],
      [7, half],
    ]);
    expect(partsOf({ ...request, blocks: [] })).toHaveLength(1);
  });
});

test('fuel by milliseconds never leaves 64 bits', () => {
  expect(fuelFor(10_000)).toBe(5_000_000_000n);
  expect(fuelFor(0.000001)).toBe(1n);
  expect(fuelFor(Number.MAX_VALUE)).toBe(2n ** 53n - 1n);
  expect(fuelFor(Number.POSITIVE_INFINITY)).toBe(2n ** 53n - 1n);
});

test('the runtime’s words for a Worker that failed as a whole', () => {
  expect(failureOfRuntime('Worker exceeded CPU time limit.')).toBe('deadline');
  expect(failureOfRuntime('Worker exceeded memory limit.')).toBe('memory');
  expect(failureOfRuntime('Serialized RPC arguments or return values are limited to 32MiB, but …')).toBe(
    'memory',
  );
  expect(failureOfRuntime('Failed to start Worker:\nUncaught CompileError: …')).toBe('invalid');
  expect(failureOfRuntime('Network connection lost.')).toBeUndefined();
});
