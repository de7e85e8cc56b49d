// Training steps on WebGPU in a real Chromium, on SwiftShader; weights and moments stay in the GPU's buffers. A minute of
// compiling shaders: only with TINCTURE_SLOW set.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inPage, launchChromium, type TestBrowser } from '../e2e/chromium.ts';
import { expectAgreement } from './expectations.ts';
import type { Differences } from './golden-training.ts';

const PAGE = '/tests/training/pages/webgpu.ts';
let browser: TestBrowser;

beforeAll(async () => {
  browser = await launchChromium({ webgpu: true });
});
afterAll(() => browser.close());

test.runIf(process.env['TINCTURE_SLOW'])(
  'losses, all gradients and the weights after three steps',
  async () => {
    expectAgreement(await inPage<Differences>(await browser.newPage(), PAGE, 'hypernetwork'), 1e-4);
  },
);

test.runIf(process.env['TINCTURE_SLOW'])('the gradient of an embedding', async () => {
  const page = await browser.newPage();
  const { loss, gradient } = await inPage<{ loss: number; gradient: number }>(page, PAGE, 'embedding');
  expect(loss).toBeLessThan(1e-4);
  expect(gradient).toBeLessThan(1e-3);
});
