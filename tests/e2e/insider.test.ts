// Someone hostile inside the sandbox's frame, in Chromium: every way out that we know is tried, and none may be open.
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inPage, launchChromium, type TestBrowser } from './chromium.ts';
import { attemptsText, DOCUMENT_ATTEMPTS, NAVIGATION_ATTEMPTS, WORKER_ATTEMPTS } from './insider-attempts.ts';
import type { Outcomes } from './pages/insider.ts';

const PAGE = '/tests/e2e/pages/insider.ts';

let browser: TestBrowser;
let page: Page;
/** Answers anyone; what reaches it got out. */
let outside: Server;
/** The same port for packets. */
let packets: Socket;
let url: string;
const reached: string[] = [];

beforeAll(async () => {
  outside = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    response.writeHead(200, {
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'content-type': 'text/javascript',
    });
    response.end('globalThis.postMessage?.(1)');
  });
  outside.on('upgrade', (request, socket) => {
    reached.push(`upgrade ${request.url}`);
    socket.destroy();
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  const { port } = outside.address() as AddressInfo;
  packets = createSocket('udp4', () => reached.push('a packet'));
  await new Promise<void>((resolve) => packets.bind(port, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${port}/leak`;
  browser = await launchChromium();
  page = await browser.newPage();
});
afterAll(async () => {
  await browser?.close();
  outside?.close();
  packets?.close();
});

function attempt(
  from: 'fromWorker' | 'fromDocument',
  attempts: Readonly<Record<string, string>>,
): Promise<Outcomes> {
  return inPage<Outcomes>(page, PAGE, from, attemptsText(attempts, url));
}

function letIn(outcomes: Outcomes): string[] {
  return Object.entries(outcomes)
    .filter(([, outcome]) => outcome.startsWith('LET IN') || outcome === 'no answer')
    .map(([name, outcome]) => `${name}: ${outcome}`);
}

test('the page itself reaches the outside, so that what follows means something', async () => {
  expect(await page.evaluate(`fetch(${JSON.stringify(url)}).then(({ status }) => status)`)).toBe(200);
  expect(reached.splice(0)).toEqual(['GET /leak']);
  await page.evaluate(`(async (url) => { ${DOCUMENT_ATTEMPTS['a WebRTC connection']} })(${JSON.stringify(url)}).catch(() => {})`);
  expect(new Set(reached.splice(0))).toEqual(new Set(['a packet']));
}); // biome-ignore format: long

test('nothing gets out of the Worker', async () => {
  const outcomes = await attempt('fromWorker', WORKER_ATTEMPTS);
  expect(letIn(outcomes)).toEqual([]);
  expect(Object.keys(outcomes)).toEqual(Object.keys(WORKER_ATTEMPTS));
  expect(outcomes).toMatchObject({ eval: 'EvalError', 'new Function': 'EvalError', fetch: 'TypeError' });
  expect(reached).toEqual([]);
});

test('nothing gets out of the frame’s document', async () => {
  const outcomes = await attempt('fromDocument', DOCUMENT_ATTEMPTS);
  expect(letIn(outcomes)).toEqual([]);
  expect(Object.keys(outcomes)).toEqual(Object.keys(DOCUMENT_ATTEMPTS));
  expect(outcomes).toMatchObject({
    eval: 'EvalError',
    fetch: 'TypeError',
    'the page’s document': 'SecurityError',
    'a WebRTC connection': 'TypeError',
    'WebRTC of another realm': 'SecurityError',
  });
  expect(reached).toEqual([]);
  expect(page.context().pages()).toContain(page);
  expect(page.url()).toContain(browser.origin);
});

test('no other script runs in the frame', async () => {
  expect(await inPage(page, PAGE, 'otherScript')).toBe('refused');
});

test('what the Worker says to its frame stays there', async () => {
  expect(await inPage(page, PAGE, 'heard')).toEqual([]);
});

test('a frame can leave by navigating itself only where the page has no frame-src', async () => {
  const leave = async (name: string): Promise<void> => {
    await inPage(page, PAGE, 'leaving', attemptsText({ [name]: NAVIGATION_ATTEMPTS[name]! }, url));
  };
  await leave('another address');
  expect(reached.splice(0), 'without a policy').toEqual(['GET /leak']);
  await inPage(page, PAGE, 'forbidForeignFrames');
  for (const name of Object.keys(NAVIGATION_ATTEMPTS)) await leave(name);
  expect(reached, 'under the page’s policy').toEqual([]);
});
