// The engine in Chromium, in the page's thread and in a Worker: the same pictures, errors and cancellation.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../client/runtime/session.ts';
import { biasPlugin, packed } from '../engine/bias-plugin.ts';
import { inPage, launchChromium, type TestBrowser } from './chromium.ts';
import type { Alive, Home } from './pages/engine.ts';

const cases: { home: Home; backend: Backend }[] = [
  { home: 'page', backend: 'wasm' },
  { home: 'worker', backend: 'wasm' },
  { home: 'worker', backend: 'webgpu' },
];

/** SwiftShader compiles all shaders anew for each GPU: minutes. */
const SLOW = process.env['TINCTURE_SLOW'] !== undefined;
/** It runs them on the CPU too. */
const TIMEOUT = process.env['TINCTURE_ALL_PICTURES'] === undefined ? 240_000 : 3_600_000;

describe.each(cases)('the engine in the $home on $backend', { timeout: TIMEOUT }, ({ home, backend }) => {
  let browser: TestBrowser;
  let page: Page;
  const engine = <T>(name: string, ...args: unknown[]): Promise<T> =>
    inPage<T>(page, '/tests/e2e/pages/engine.ts', name, ...args);

  beforeAll(async () => {
    browser = await launchChromium({ webgpu: backend === 'webgpu' });
    page = await browser.newPage();
    expect(await engine<string>('open', home, backend)).toMatch(new RegExp(`^${backend}: .`));
  });
  afterAll(() => browser.close());

  // On SwiftShader the one with styles stands for both: each UNet's shaders take it a minute.
  if (backend === 'wasm' || SLOW) {
    test('draws the reference’s latent', async () => {
      expect(await engine<number>('latentError', false)).toBeLessThan(1e-3);
    });
  }

  test('draws it with two styles, their text part in the sandboxed frame', async () => {
    expect(await engine<number>('latentError', true)).toBeLessThan(1e-3);
  });

  // Shaders for one session more take SwiftShader minutes, and the plugin knows nothing of the backend.
  if (backend === 'wasm') {
    test('draws with a plugin in its frame, and its parameters', async () => {
      const { file } = packed(await biasPlugin()) as { file: Blob };
      const base64 = Buffer.from(await file.arrayBuffer()).toString('base64');
      const { told, moved, refused } = await engine<{ told: unknown; moved: number; refused: string }>(
        'plugin',
        base64,
      );
      expect(told).toEqual([0.25, 2].map((amount) => [{ style: 'tones', parameters: { amount } }]));
      expect(moved).toBeGreaterThan(1e-3);
      expect(refused).toMatch(/style tones has no such parameter; expected amount \(0 … 2\), found curve/);
    });
  }

  if (home === 'worker' && (backend === 'wasm' || process.env['TINCTURE_ALL_PICTURES'] !== undefined)) {
    test('draws the golden pictures', async () => {
      const errors = await engine<{ context: number; latents: number }[]>('goldenPictures', backend);
      expect(errors).toHaveLength(8);
      for (const { context, latents } of errors) {
        expect(context).toBeLessThan(1e-4);
        expect(latents).toBeLessThan(2e-3);
      }
    });

    test('gives all pictures of a batch, drawn with an embedding', async () => {
      expect(await engine('batchWithEmbedding')).toEqual({
        seeds: ['8589934592', '8589934593'],
        sizes: [64 * 64 * 4, 64 * 64 * 4],
        hashes: { 'brush-strips': expect.stringMatching(/^[0-9a-f]{12}$/) },
      });
    });
  }

  test('cancels, and draws the next picture', async () => {
    expect(await engine('abort')).toEqual({ name: 'AbortError', next: 64 });
  });

  test('errors keep class name, code and advice', async () => {
    const error = await engine<{ message: string }>('failure');
    expect(error).toMatchObject({ name: 'EngineError', code: 'engine/request', fix: 'Use 64.' });
    expect(error.message).toMatch(/width.*multiple of 16 pixels.*63/);
  });

  test('leaves nothing in the page when closed', async () => {
    expect(await engine<number>('close')).toBe(0);
    expect(browser.errors).toEqual([]);
  });
});

describe.runIf(SLOW)('the engine in the page on webgpu', { timeout: 3_600_000 }, () => {
  let browser: TestBrowser;
  let page: Page;
  const engine = <T>(name: string, ...args: unknown[]): Promise<T> =>
    inPage<T>(page, '/tests/e2e/pages/engine.ts', name, ...args);

  beforeAll(async () => {
    browser = await launchChromium({ webgpu: true });
    page = await browser.newPage();
    await engine('open', 'page', 'webgpu');
  });
  afterAll(() => browser.close());

  test('holds no more after fifty pictures than after ten, cancelled ones included', async () => {
    const after = await engine<Alive[]>('aliveAfterEach', 50);
    // Text encoder, decoder, the UNet without and with a style.
    for (const { sessions, deviceValues } of after.slice(2)) expect([sessions, deviceValues]).toEqual([4, 0]);
    const most = (alive: Alive[]) => [
      Math.max(...alive.map(({ buffers }) => buffers)),
      Math.max(...alive.map(({ bytes }) => bytes)),
    ];
    expect(most(after.slice(10))).toEqual(most(after.slice(0, 10)));
  });

  test.each([false, true])(
    'says that the GPU was lost (within a run: %s), and draws the next picture',
    async (within) => {
      const { code, message, next } = await engine<{ code: string; message: string; next: number }>(
        'loseGpu',
        within,
      );
      expect(code).toBe('runtime/device-lost');
      expect(message).toMatch(
        /^the GPU was lost while the picture was drawn; found [^;]*destroyed\. Draw it again/,
      );
      expect(next).toBe(32);
    },
  );

  test('frees all when closed', async () => {
    expect(await engine<number>('close')).toBe(0);
  });
});
