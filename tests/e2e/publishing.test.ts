// The publishing page as publishers get it: from a dropped hypernetwork to a style that others find and draw with.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalEdge } from '../../worker/serve.ts';
import { addPublisher, addSession } from '../worker/auth/account.ts';
import { launchChromium, type TestBrowser } from './chromium.ts';
import { draw, drop, engineReady, fill, serveStudio, strongStyle } from './studio-page.ts';

/** For machines that are busy with other tests; alone each takes seconds. */
const TIMEOUT_MS = 240_000;
const PATIENCE_MS = 120_000;

describe('the publishing page', { timeout: TIMEOUT_MS }, () => {
  let edge: LocalEdge;
  let browser: TestBrowser;
  let page: Page;

  beforeAll(async () => {
    edge = await serveStudio();
    await addPublisher(edge, 'ada');
    browser = await launchChromium({ origin: edge.url });
    const [cookie = '', value = ''] = (await addSession(edge, 'ada')).split('=');
    await browser.context.addCookies([
      { name: cookie, value, url: edge.url, httpOnly: true, sameSite: 'Strict' },
    ]);
    // Neither the plugin's sandboxed frames nor the blank page before have storage.
    await browser.context.addInitScript(() => {
      if (self === top && location.protocol === 'http:') localStorage.setItem('tincture-account', 'ada');
    });
    page = await browser.newPage();
    await engineReady(page);
    await fill(page, { prompt: 'red apple', seed: '7', steps: 1 });
  });
  afterAll(async () => {
    await browser?.close();
    await edge?.close();
  });

  /** URLs of the blobs that the page has sent or begun to send. */
  const sent: string[] = [];
  const publishButton = () => page.getByRole('button', { name: /^Publish woven/ });

  it('reads a dropped .pt, proposes a card and draws a preview; what is wrong is said as one types', async () => {
    await page.getByRole('link', { name: 'Publish', exact: true }).click();
    await page.locator('.publish-drop').waitFor({ timeout: PATIENCE_MS });
    await drop(page, [{ ...strongStyle('woven', [96]), name: 'Woven Threads!.pt' }]);
    await page.locator('.preview-item img').waitFor({ timeout: PATIENCE_MS });
    expect(await page.locator('.publish-facts').textContent()).toMatch(/A hypernetwork.*widths 96/);
    const field = (label: RegExp) =>
      page.getByRole('textbox', { name: label }).or(page.getByRole('combobox', { name: label }));
    expect(await field(/^Name/).inputValue()).toBe('woven-threads');
    await field(/^Name/).fill('Woven');
    await page.getByText('must be lower-case letters and digits').waitFor();
    await field(/^Name/).fill('weave');
    await page.getByText('belongs to tincture').waitFor({ timeout: PATIENCE_MS });
    await field(/^Name/).fill('woven');
    await page.getByText('free', { exact: true }).waitFor({ timeout: PATIENCE_MS });
    await field(/^Author/).fill('Ada');
    expect(await publishButton().getAttribute('aria-disabled')).toBe('true');
    await field(/^Licence/).fill('CC0-1.0');
    await field(/^Tags/).fill('cloth, threads');
  });

  it('is cancelled on the way, and shows nothing of the version', async () => {
    await expect.poll(() => publishButton().getAttribute('aria-disabled')).toBe('false');
    // The first blob arrives; the second one's request gets no answer.
    await page.route('**/v1/blobs/*', async (route) => {
      const request = route.request();
      if (request.method() === 'PUT') sent.push(request.url());
      if (request.method() !== 'PUT' || sent.length !== 2) await route.continue();
    });
    await publishButton().click();
    await expect.poll(() => sent.length, { timeout: PATIENCE_MS }).toBe(2);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('What has arrived is not sent again.').waitFor();
    expect((await fetch(`${edge.url}/v1/styles/woven/1.0.0`)).status).toBe(404);
    expect((await fetch(sent[0]!)).status).toBe(200);
  });

  it('goes on with what is missing and publishes for who is signed in, signed with a key that stays in the browser', async () => {
    await page.getByRole('button', { name: 'Go on publishing' }).click();
    await page.locator('.published, .send-bar .failure').first().waitFor({ timeout: PATIENCE_MS });
    expect(await page.locator('.published').textContent()).toMatch(/woven 1\.0\.0 is published/);
    // Weights and one preview: what had arrived was not sent twice.
    expect(sent.slice(2)).toEqual([sent[1]]);
    const style = await (await fetch(`${edge.url}/v1/styles/woven/1.0.0`)).json();
    expect(style.manifest).toMatchObject({ author: 'Ada', licence: 'CC0-1.0', tags: ['cloth', 'threads'] });
    expect(style.previews).toHaveLength(1);
    const extractable = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const opening = indexedDB.open('tincture-keys');
          opening.onsuccess = () => {
            const asked = opening.result.transaction('signing').objectStore('signing').get('ada');
            asked.onsuccess = () => resolve(asked.result.privateKey.extractable);
          };
        }),
    );
    expect(extractable).toBe(false);
  });

  it('the style is then found by its words and draws', async () => {
    await page.getByRole('link', { name: 'Draw with it' }).click();
    const plain = await draw(page);
    const found = await (await fetch(`${edge.url}/v1/styles?q=cloth+threads`)).json();
    expect(found.styles.map(({ name }: { name: string }) => name)).toEqual(['woven']);
    const shelf = page.getByRole('list', { name: 'Styles at hand' });
    await shelf.getByRole('button', { name: /^Woven threads/ }).click();
    expect((await draw(page)).pixels).not.toEqual(plain.pixels);
    // Chromium tells each 404 as an error: of names that are free, and blobs that are not there yet.
    expect(browser.errors.filter((words) => !words.includes('404'))).toEqual([]);
  });

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${edge.url}/#publish`);
    await page.locator('.publish').waitFor({ timeout: PATIENCE_MS });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
});
