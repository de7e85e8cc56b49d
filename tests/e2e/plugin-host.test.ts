// The plugin host in Chromium: the contract in sandboxed frames, what a frame may not do, and that nothing stays behind.
import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FRAME_POLICY, FRAME_SCRIPT, FRAME_SCRIPT_HASH } from '../../client/plugin-host/frame-document.ts';
import { CONTRACT } from '../plugin-host/contract.ts';
import { contractPayload } from '../plugin-host/suite.ts';
import { inPage, launchChromium, type TestBrowser } from './chromium.ts';

const PAGE = '/tests/e2e/pages/plugin-host.ts';

let browser: TestBrowser;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
  page = await browser.newPage();
  expect(await inPage(page, PAGE, 'prepare', await contractPayload())).toBeGreaterThan(1000);
});
afterAll(() => browser.close());

describe('in sandboxed frames', () => {
  for (const name of Object.keys(CONTRACT)) {
    test(name, async () => {
      await inPage(page, PAGE, 'runCase', name);
    });
  }
});

test('a frame has no origin, no network, no storage and no parent; ending it ends a busy Worker', async () => {
  expect(await page.evaluate('crossOriginIsolated')).toBe(true);
  await inPage(page, PAGE, 'startLooping');
  await expect.poll(() => page.workers().length).toBe(1);
  // The frames of plugins that ended before leave the page a moment later.
  const frames = () => page.frames().filter((one) => one.parentFrame() === page.mainFrame());
  await expect.poll(() => frames().length).toBe(1);
  const [frame] = frames();
  // Text, not functions: the frame's policy forbids nothing to the debugger, but test runners rewrite functions.
  expect(await frame!.evaluate('origin')).toBe('null');
  expect(
    await frame!.evaluate(`fetch('${browser.origin}/package.json').then(() => 'let in', () => 'refused')`),
  ).toBe('refused');
  expect(
    await frame!.evaluate(
      "(() => { try { indexedDB.open('x'); return 'let in' } catch (e) { return e.name } })()",
    ),
  ).toBe('SecurityError');
  expect(
    await frame!.evaluate('(() => { try { return parent.document.title } catch (e) { return e.name } })()'),
  ).toBe('SecurityError');
  await inPage(page, PAGE, 'closeHost');
  await expect.poll(() => page.workers().length).toBe(0);
  await expect.poll(() => inPage(page, PAGE, 'frameCount')).toBe(0);
});

test('the policy names the script that is there', () => {
  expect(FRAME_SCRIPT_HASH).toBe(`sha256-${createHash('sha256').update(FRAME_SCRIPT).digest('base64')}`);
  expect(FRAME_POLICY.startsWith("default-src 'none'; ")).toBe(true);
});
