// The graphs on WebGPU in a real Chromium, on SwiftShader: every op has a kernel there and gives the golden numbers.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inPage, launchChromium, type TestBrowser } from '../e2e/chromium.ts';

const PAGE = '/tests/models/pages/webgpu.ts';
/** SwiftShader computes shaders on the CPU. */
const SLOW = 240_000;
let browser: TestBrowser;

beforeAll(async () => {
  browser = await launchChromium({ webgpu: true });
});
afterAll(() => browser.close());

async function inFreshPage<T>(name: string): Promise<T> {
  const page = await browser.newPage();
  try {
    return await inPage<T>(page, PAGE, name);
  } finally {
    await page.close();
  }
}

test(
  'text encoder and UNet meet the golden numbers',
  async () => {
    const errors = await inFreshPage<{ text: number; unet: number }>('goldenErrors');
    expect(errors.text).toBeLessThan(1e-4);
    expect(errors.unet).toBeLessThan(1e-4);
  },
  SLOW,
);

test(
  'the probe finds that fused attention is wrong with SwiftShader’s subgroups of four, and right without',
  async () => {
    expect(await inFreshPage<boolean>('probeWithSubgroups')).toBe(false);
    expect(await inFreshPage<boolean>('probe')).toBe(true);
  },
  SLOW,
);

test(
  'convolutions that wrap give what they give on wasm',
  async () => {
    expect(await inFreshPage<number>('wrapDifference')).toBeLessThan(1e-4);
  },
  SLOW,
);

test(
  'activations give what they give on wasm',
  async () => {
    expect(await inFreshPage<number>('activationDifference')).toBeLessThan(1e-5);
  },
  SLOW,
);

test(
  'cosines and sines of the timestep are as exact as on wasm',
  async () => {
    expect(await inFreshPage<number>('sinusoids')).toBeLessThan(1.2e-7);
  },
  SLOW,
);
