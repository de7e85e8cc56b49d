// What training has of a real Chromium: pictures that it decodes; and steps on WebGPU, on SwiftShader, where weights and
// moments stay in the GPU's buffers. Those take a minute of compiling shaders: only with TINCTURE_SLOW set.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inPage, launchChromium, type TestBrowser } from '../e2e/chromium.ts';
import { expectAgreement } from './expectations.ts';
import type { Differences } from './golden-training.ts';
import type { Decoded } from './pages/pictures.ts';

const PICTURES = '/tests/training/pages/pictures.ts';
const PAGE = '/tests/training/pages/webgpu.ts';
let browser: TestBrowser;

beforeAll(async () => {
  browser = await launchChromium({ webgpu: true });
});
afterAll(() => browser.close());

test('JPEG and WebP are decoded by the browser, PNG to the same numbers; what is broken is named', async () => {
  const page = await browser.newPage();
  const decode = (type: string, alpha = false) => inPage<Decoded>(page, PICTURES, 'decoded', type, alpha);
  const size = [96, 64];
  expect(await decode('image/png')).toEqual({ size, difference: 0 });
  for (const type of ['image/jpeg', 'image/webp']) {
    const found = await decode(type);
    expect(found.size).toEqual(size);
    expect(found.difference, type).toBeLessThan(3);
  }
  // Half of the picture is half there, in a format that keeps that.
  expect((await decode('image/webp', true)).difference).toBeLessThan(3);
  expect(await inPage<string>(page, PICTURES, 'broken')).toBe('photo.jpg: the picture is broken');
  await page.close();
});

test.runIf(process.env['TINCTURE_SLOW'])(
  'losses, all gradients and the weights after three steps',
  async () => {
    expectAgreement(await inPage<Differences>(await browser.newPage(), PAGE, 'hypernetwork'));
  },
);

test.runIf(process.env['TINCTURE_SLOW'])('the gradient of an embedding', async () => {
  const page = await browser.newPage();
  const { loss, gradient } = await inPage<{ loss: number; gradient: number }>(page, PAGE, 'embedding');
  expect(loss).toBeLessThan(1e-4);
  expect(gradient).toBeLessThan(1e-3);
});
