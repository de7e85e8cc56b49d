// What every backend must give on the golden model inside Chromium; each backend's test file calls it.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttentionLowering } from '../../client/models/attention.ts';
import type { Backend } from '../../client/runtime/session.ts';
import { inPage, launchChromium, type TestBrowser } from './chromium.ts';

/** Relative errors: of one graph's run, and of the latent after all DDIM steps. */
const TOLERANCE = 1e-4;
const TRAJECTORY_TOLERANCE = 1e-3;
/** A finished picture's worst value, of 255. */
const PICTURE_TOLERANCE = 2;

/** SwiftShader compiles each graph's shaders on the processor; this only ends a run that hangs. */
const HANG_MS = 300_000;

const MODULE = '/tests/e2e/pages/golden.ts';

/** Defines the tests of one backend; `attention` is what its fused attention must be found fit for. */
export function goldenContract(backend: Backend, attention: AttentionLowering): void {
  describe(`the golden model on ${backend} in Chromium`, { timeout: HANG_MS }, () => {
    let browser: TestBrowser;
    let page: Page;
    const golden = <T = number>(name: string, ...args: unknown[]): Promise<T> =>
      inPage<T>(page, MODULE, name, backend, ...args);

    beforeAll(async () => {
      browser = await launchChromium({ webgpu: backend === 'webgpu' });
      page = await browser.newPage();
    });
    afterAll(() => browser.close());

    test(`the probe chooses ${attention} attention`, async () => {
      expect(await golden('chooseAttention')).toBe(attention);
    });

    test.each(['context', 'image', 'moments'])('%s', async (name) => {
      expect(await golden(name, attention)).toBeLessThan(TOLERANCE);
    });

    test.each([0, 1, 2])('noise with %d styles', async (count) => {
      expect(await golden('noisePrediction', attention, count)).toBeLessThan(TOLERANCE);
    });

    // On WebGPU the engine's own test walks the trajectory: SwiftShader takes the better part of a minute for each.
    if (backend === 'wasm') {
      test.each([0, 2])('DDIM with guidance and %d styles, to the picture', async (count) => {
        const { latent, picture } = await golden<{ latent: number; picture: number }>(
          'trajectory',
          attention,
          count,
        );
        expect(latent).toBeLessThan(TRAJECTORY_TOLERANCE);
        expect(picture).toBeLessThan(PICTURE_TOLERANCE);
      });
    }

    test('2.x: text and velocity with its style, on wasm the whole way to the picture', async () => {
      await golden('useModel', 'sd2-tiny');
      expect(await golden('context', attention)).toBeLessThan(TOLERANCE);
      expect(await golden('noisePrediction', attention, 1)).toBeLessThan(TOLERANCE);
      // SwiftShader takes a minute for what the run above has shown already.
      if (backend === 'webgpu') return;
      const { latent, picture } = await golden<{ latent: number; picture: number }>(
        'trajectory',
        attention,
        1,
      );
      expect(latent).toBeLessThan(TRAJECTORY_TOLERANCE);
      expect(picture).toBeLessThan(PICTURE_TOLERANCE);
    });

    test('sessions are released, and the console stayed empty', async () => {
      expect(await golden('releaseAll')).toBe(backend === 'webgpu' ? 2 : 3);
      expect(browser.errors).toEqual([]);
    });
  });
}
