// The runtime in Chromium: wasm without a GPU, WebGPU on SwiftShader, in Workers, and without JSPI.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXPECTED_OUTCOME, type MathOutcome } from '../sampling/math-cases.ts';
import { inPage, launchChromium, type TestBrowser } from './chromium.ts';

const LATENTS = '/tests/e2e/pages/latents.ts';
const TINY = '/tests/e2e/pages/tiny.ts';
const Y = [5, 14, 23];

describe('without a GPU', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  test('wasm runs in the page, and the reason says what is missing', async () => {
    const page = await browser.newPage();
    expect(await inPage(page, TINY, 'tinyRun')).toEqual({
      backend: 'wasm',
      reason: 'wasm, because the browser offers no GPU adapter',
      isolated: true,
      y: Y,
    });
    await expect(inPage(page, TINY, 'tinyRun', 'webgpu')).rejects.toThrow('WebGPU was asked for, but');
    await page.close();
  });

  test('wasm runs in a Worker', async () => {
    const page = await browser.newPage();
    expect(await inPage(page, TINY, 'inWorker', 'tinyRun', 'wasm')).toMatchObject({ isolated: true, y: Y });
    await page.close();
  });

  test('without JSPI a Worker reads the Blob piece by piece, with the plain build', async () => {
    const page = await browser.newPage();
    const loaded: string[] = [];
    browser.context.on('request', (request) => loaded.push(new URL(request.url()).pathname));
    expect(await inPage(page, TINY, 'inWorker', 'tinyRunWithoutJspi')).toEqual({
      backend: 'wasm',
      reason: 'wasm, because this browser has no JSPI (WebAssembly.Suspending)',
      isolated: true,
      y: Y,
    });
    expect(loaded.filter((path) => path.endsWith('.wasm'))).toEqual([
      '/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
    ]);
    await page.close();
  });

  test('a Blob is read to its end, however often the browser collects garbage meanwhile', async () => {
    const page = await browser.newPage();
    await inPage(page, TINY, 'readSlices');
    const devtools = await browser.context.newCDPSession(page);
    // A reader that nobody holds is collected within a few dozen slices; its read never ends.
    for (let before = -1, count = 0; count < 300; ) {
      await devtools.send('HeapProfiler.collectGarbage');
      before = count;
      count = await inPage<number>(page, TINY, 'countSlices');
      if (count === before) await expect.poll(() => inPage(page, TINY, 'countSlices'), { timeout: 20_000 }).not.toBe(before);
    }
    await page.close();
  }); // biome-ignore format: long

  test('nothing was written to the console', () => {
    expect(browser.errors).toEqual([]);
  });
});

describe('on SwiftShader', () => {
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launchChromium({ webgpu: true });
  });
  afterAll(() => browser.close());

  test('WebGPU is chosen, in the page and in a Worker', async () => {
    const page = await browser.newPage();
    const facts = { backend: 'webgpu', reason: 'WebGPU on google swiftshader', y: Y };
    expect(await inPage(page, TINY, 'tinyRun')).toMatchObject(facts);
    expect(await inPage(page, TINY, 'inWorker', 'tinyRun')).toMatchObject(facts);
    await page.close();
  });

  test('the arithmetic of latents gives exactly what arrays give, and leaves nothing on the GPU', async () => {
    const page = await browser.newPage();
    const { outcome, values, buffers } = await inPage<{
      outcome: MathOutcome;
      values: number[];
      buffers: number[];
    }>(page, LATENTS, 'outcome');
    expect(outcome).toEqual(EXPECTED_OUTCOME);
    // The one that is held.
    expect(values).toEqual([0, 1, 0]);
    expect(buffers).toEqual([0, 0]);

    const runs = await inPage<{ sampler: string; error: number; alive: number }[]>(
      page,
      LATENTS,
      'samplerErrors',
    );
    expect(runs).toHaveLength(27);
    for (const { sampler, error, alive } of runs) {
      expect(error, sampler).toBeLessThan(1e-4);
      // The last latent, and what the sampler remembers.
      expect(alive, sampler).toBe(1 + ({ lms: 4, dpmpp_2m: 1, dpmpp_2m_sde: 1 }[sampler] ?? 0));
    }
    await page.close();
  });

  test('a lost GPU has its own error, and a new session gets a new GPU', async () => {
    const page = await browser.newPage();
    expect(await inPage(page, TINY, 'loseDevice')).toEqual({ code: 'runtime/device-lost', y: Y });
    await page.close();
  });
});
