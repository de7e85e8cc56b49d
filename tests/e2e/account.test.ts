// Accounts in the studio, in real Chromium with a virtual authenticator: passkeys, tokens, letting a program in, and other sites kept out.
import { mkdir } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalEdge } from '../../worker/serve.ts';
import { serveForTest } from '../worker/fixture.ts';
import { launchChromium, type TestBrowser } from './chromium.ts';

const STUDIO = new URL('../../build/studio', import.meta.url).pathname;
/** Where to leave pictures of the dialogs for people to look at; unset: nowhere. */
const PICTURES = process.env.TINCTURE_SCREENSHOTS;

let edge: LocalEdge;
let browser: TestBrowser;
let page: Page;
/** Passkeys need a name. */
let origin: string;

beforeAll(async () => {
  // Without models: this page draws nothing.
  edge = await serveForTest({ studioDir: STUDIO });
  origin = edge.url.replace('127.0.0.1', 'localhost');
  browser = await launchChromium({ origin });
  page = await browser.newPage('/#account');
  const devtools = await browser.context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
});
afterAll(async () => {
  await browser?.close();
  await edge?.close();
});

const dialog = () => page.getByRole('dialog');
const press = (name: string | RegExp) => dialog().getByRole('button', { name }).click();
const whoami = async (token: string) =>
  (await (await fetch(`${edge.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })).json()) as {
    handle: string;
    scopes: string[];
  };

async function picture(name: string): Promise<void> {
  if (PICTURES === undefined) return;
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

test('an account is made with a passkey; a handle that is taken is told', async () => {
  await picture('entrance');
  await dialog().getByLabel('Handle').fill('admin');
  await dialog().getByLabel('Name that people see').fill('Ada L.');
  await press('Make an account with a passkey');
  await dialog().getByText('This handle is reserved').waitFor();
  await dialog().getByLabel('Handle').fill('ada');
  await press('Make an account with a passkey');
  await dialog().getByText('Signed in as').waitFor();
  expect(await dialog().locator('.account-who').textContent()).toContain('Ada L. ada');
  // Closing takes the address's fragment away, and the head of the page knows the handle.
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'ada: account' }).waitFor();
  await expect.poll(() => new URL(page.url()).hash).toBe('');
});

test('a token is made, shown once, and revoked', async () => {
  await page.getByRole('button', { name: 'ada: account' }).click();
  await dialog().getByText('Make a token').click();
  await dialog().getByLabel('Name of the token').fill('build machine');
  await dialog().getByLabel('Ends after').selectOption('7');
  await dialog().getByLabel(/^yank/).check();
  await press('Make the token');
  const secret = dialog().locator('.secret');
  await secret.waitFor();
  const token = (await secret.textContent())!;
  expect(await whoami(token)).toMatchObject({ handle: 'ada', scopes: ['publish', 'yank'] });
  await picture('token');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'ada: account' }).click();
  await dialog().getByText('build machine', { exact: true }).waitFor();
  expect(await secret.count()).toBe(0);
  await press('Revoke token build machine');
  await dialog().getByText('build machine', { exact: true }).waitFor({ state: 'detached' });
  expect(await whoami(token)).toMatchObject({ code: 'auth/token-revoked' });
});

test('the device that has a passkey is told so; signing out and in again with it', async () => {
  await press('Add a passkey');
  await dialog().getByText('This device has a passkey for the account already').waitFor();
  await press('Sign out');
  await press('Sign in with a passkey');
  await dialog().getByText('Signed in as').waitFor();
});

test('a program is let in by its code, with its key, and another is sent away', async () => {
  const begin = async () => {
    const response = await fetch(`${edge.url}/v1/device`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'tincture on a laptop',
        scopes: ['publish', 'yank'],
        days: 30,
        key: {
          publicKey: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'),
          name: 'laptop',
        },
      }),
    });
    return (await response.json()) as Record<string, string>;
  };
  const collect = async (deviceCode: string) => {
    const response = await fetch(`${edge.url}/v1/device/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ deviceCode }),
    });
    return (await response.json()) as Record<string, string>;
  };
  const first = await begin();
  await page.goto(first['verificationUriComplete']!);
  await page.reload();
  await dialog().getByRole('button', { name: 'Go on' }).click();
  await dialog().getByText('tincture on a laptop').waitFor();
  expect(await dialog().locator('.account-list').textContent()).toMatch(/publish.*yank.*signing key/);
  await picture('device');
  await press('Let it in');
  await dialog().getByText('It is let in').waitFor();
  const { token = '' } = await collect(first['deviceCode']!);
  expect((await whoami(token)).handle).toBe('ada');

  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'ada: account' }).click();
  await dialog()
    .getByRole('list', { name: 'Signing keys in force' })
    .getByText('laptop', { exact: true })
    .waitFor();
  await page.setViewportSize({ width: 360, height: 700 });
  await picture('phone');
  const overflow = await page.evaluate(() => {
    const open = document.querySelector('dialog[open]')!;
    return Math.max(document.documentElement.scrollWidth - 360, open.scrollWidth - open.clientWidth);
  });
  expect(overflow).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.keyboard.press('Escape');

  const second = await begin();
  await page.goto(`${origin}/#device`);
  await dialog().getByLabel('Code, as the program shows it').fill(second['userCode']!.toLowerCase());
  await page.keyboard.press('Enter');
  await press('Send it away');
  await dialog().getByText('It was sent away').waitFor();
  expect(await collect(second['deviceCode']!)).toMatchObject({ code: 'auth/access-denied' });
});

test('nothing of the account is kept by the service worker, and no script sees the session', async () => {
  const kept = await page.evaluate(async () => {
    const urls: string[] = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) urls.push(new URL(url).pathname);
    }
    return { urls, cookie: document.cookie };
  });
  expect(kept.urls).toContain('/v1/models');
  expect(kept.urls.filter((path) => /^\/v1\/(me|tokens|keys|passkeys)/.test(path))).toEqual([]);
  expect(kept.cookie).toBe('');
});

test('a page of another site can do nothing with the session', async () => {
  // 127.0.0.1 is another site than localhost, and its own pages send the browser to where passkeys work.
  const other = await browser.context.newPage();
  await other.goto(`${edge.url}/#account`);
  await other.getByRole('link', { name: /the same page at localhost/ }).waitFor();
  const tokens = () => edge.stores.database.prepare('SELECT count(*) AS n FROM tokens').first<number>('n');
  const before = await tokens();
  await other.evaluate(async (to) => {
    const body = JSON.stringify({ name: 'stolen', scopes: ['publish'] });
    for (const mode of ['no-cors', 'cors'] as const) {
      await fetch(`${to}/v1/tokens`, { method: 'POST', mode, credentials: 'include', body }).catch(() => {});
    }
  }, origin);
  expect(await tokens()).toBe(before);
  await other.close();
});
