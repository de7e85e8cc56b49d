// The README's example of a web app, as it stands there, in Chromium: on a page of another origin it finds a style and draws in it.
// In the same browser: the registry's pages are as wide as a phone.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalEdge } from '../../worker/serve.ts';
import { serveForTest } from '../worker/fixture.ts';
import { launchChromium, type TestBrowser } from './chromium.ts';

const ROOT = new URL('../../', import.meta.url);
const text = (path: string) => readFile(new URL(path, ROOT), 'utf8');
let edge: LocalEdge;
let browser: TestBrowser;

beforeAll(async () => {
  edge = await serveForTest({ bundledDir: new URL('client/default-model', ROOT).pathname });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await edge.close();
});

test('the README’s web app finds a style and draws in it', { timeout: 240_000 }, async () => {
  const [readme, page, program] = await Promise.all(
    ['README.md', 'tests/e2e/readme-app/index.html', 'tests/e2e/readme-app/app.ts'].map(text),
  );
  // What is compiled with the tests and runs below is what the README shows.
  expect(readme).toContain(`\`\`\`html\n${page}\`\`\``);
  expect(readme).toContain(`\`\`\`ts\n${program}\`\`\``);
  expect(`${page}${program}`.trim().split('\n').length).toBeLessThan(60);

  const tab = await browser.newPage();
  await tab.goto(`${tab.url()}?registry=${encodeURIComponent(edge.url)}`);
  await tab.setContent(page!.replace('./app.ts', '/tests/e2e/readme-app/app.ts'));
  await tab.locator('input[name=q]').fill('silhou');
  // The module may still be on its way: until it is, the form would load the page anew.
  await tab.waitForFunction('document.querySelector("form").onsubmit !== null');
  await tab.locator('form button').click();
  const style = tab.locator('#styles button');
  await style.waitFor();
  expect(await style.textContent()).toBe('Silhouette by The Tincture authors');
  await expect.poll(() => style.locator('img').evaluate((it: HTMLImageElement) => it.naturalWidth)).toBe(256);
  await style.click();
  await tab.locator('#said', { hasText: 'drawn in silhouette' }).waitFor({ timeout: 200_000 });
  expect(await tab.locator('#picture').evaluate((it: HTMLImageElement) => it.naturalWidth)).toBe(64);
});

test('the registry’s pages fit a phone, and their form works', async () => {
  const tab = await browser.context.newPage();
  await tab.setViewportSize({ width: 390, height: 844 });
  await tab.goto(`${edge.url}/styles`);
  await tab.getByRole('searchbox').fill('black');
  await tab.getByRole('button', { name: 'Find' }).click();
  await tab.getByRole('link', { name: 'Silhouette' }).click();
  await tab.getByRole('heading', { level: 1, name: 'Silhouette' }).waitFor();
  for (const path of ['/styles', '/styles/silhouette', '/publishers/tincture']) {
    await tab.goto(edge.url + path);
    expect(await tab.evaluate('document.documentElement.scrollWidth'), path).toBe(390);
  }
  expect(browser.errors).toEqual([]);
});
