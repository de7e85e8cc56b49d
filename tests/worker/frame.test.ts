// What surrounds every answer, in workerd: limits on requests, ids, the log, timings and secure headers.
import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import type { Environment } from '../../worker/environment.ts';
import { frame } from '../../worker/http/frame.ts';
import { errorLines } from '../../worker/http/log.ts';
import { problemOf, UnhealthyError } from '../../worker/http/problem.ts';
import { addressBlock, WindowCounters } from '../../worker/http/rate-limit.ts';
import { RATE_LIMITS, rateLimitOf } from '../../worker/http/rate-limits.ts';
import { RegistryError } from '../../worker/registry/error.ts';
import { COMPATIBILITY_DATE } from '../../worker/serve.ts';

const ADDRESS = '203.0.113.7';
let edge: Miniflare;
let url: string;
const lines: string[] = [];

beforeAll(async () => {
  edge = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: ({ message }) => lines.push(message),
    workers: [
      {
        config: {
          name: 'tincture',
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: {
            mainModule: 'index.js',
            modulesRoot: import.meta.dirname,
            modules: {
              'index.js': { type: 'esm', contents: await readFile(inject('workerScript'), 'utf8') },
            },
          },
          env: {
            BLOBS: { type: 'r2', name: 'blobs' },
            // Without migrations: what asks the index fails.
            DB: { type: 'd1', id: 'empty' },
            // A minute has 6 pictures, 2 plugin runs and 3 sign-ins for an address; Cloudflare's counter lets one sign-in through.
            RATE_LIMITS: { type: 'text', value: '0.1' },
            ADDRESS_KEY: { type: 'text', value: 'a key for the test' },
            RATE_LIMIT_SIGN_IN: {
              type: 'rate-limit',
              namespace: '1',
              simple: { limit: 1, period: 60 },
            },
          },
        },
      },
    ],
  });
  url = (await edge.ready).origin;
});
afterAll(() => edge.dispose());

const ask = (path: string, headers: Record<string, string>, method = 'GET') =>
  fetch(url + path, { method, headers });

describe('limits', () => {
  test('an address gets its quota, is told what is left, then 429 with the time to wait', async () => {
    const quota = RATE_LIMITS.picture.perAddress / 10;
    for (let left = quota - 1; left >= 0; left--) {
      const { status, headers } = await ask('/no/card.png', { 'cf-connecting-ip': ADDRESS });
      expect(status).toBe(404);
      expect(headers.get('ratelimit-policy')).toBe(`"picture-address";q=${quota};w=60`);
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"picture-address";r=${left};t=\\d+$`));
    }
    const refused = await ask('/no/card.png', { 'cf-connecting-ip': ADDRESS });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toMatch(/;r=0;/);
    expect(await refused.json()).toMatchObject({ code: 'edge/rate-limit', status: 429 });
    expect((await ask('/no/card.png', { 'cf-connecting-ip': '203.0.113.8' })).status).toBe(404);
    // Another kind of request has its own quota.
    expect((await ask('/openapi.json', { 'cf-connecting-ip': ADDRESS })).status).toBe(200);
  });

  test('a network of IPv6 is one address', async () => {
    const refused: boolean[] = [];
    for (const host of ['1', '2', 'ffff:1', '3']) {
      const answer = await ask('/v1/apply', { 'cf-connecting-ip': `2001:db8:0:7::${host}` }, 'POST');
      refused.push(answer.status === 429);
    }
    expect(refused).toEqual([false, false, true, true]);
  });

  test('a token is limited from whatever addresses it comes', async () => {
    const authorization = 'Bearer tinc_of-nobody';
    const quota = RATE_LIMITS.apply.perToken / 10;
    const refused: boolean[] = [];
    for (let i = 0; i <= quota; i++) {
      const headers = { authorization, 'cf-connecting-ip': `198.51.100.${i}` };
      const answer = await ask('/v1/apply', headers, 'POST');
      refused.push(answer.status === 429);
      const left = Math.max(0, quota - 1 - i);
      expect(answer.headers.get('ratelimit')).toMatch(
        new RegExp(`^"apply-address";r=1;t=\\d+, "apply-token";r=${left};t=\\d+$`),
      );
    }
    expect(refused).toEqual([...Array(quota).fill(false), true]);
  });

  test('Cloudflare’s counters are asked where they are bound', async () => {
    const signIn = () => ask('/v1/session', { 'cf-connecting-ip': '192.0.2.1' }, 'DELETE');
    expect((await signIn()).status).not.toBe(429);
    const refused = await signIn();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    // It was not the isolate's own counter.
    expect(refused.headers.get('ratelimit')).toMatch(/;r=1;/);
  });

  test.each([
    ['GET', '/v1/styles', 'search'],
    ['HEAD', '/v1/lookup/0123456789', 'search'],
    ['GET', '/v1/styles/neon', 'read'],
    ['GET', '/styles/neon/1.0.0/card.png', 'picture'],
    ['PUT', '/v1/blobs/x', 'write'],
    ['DELETE', '/v1/session', 'sign-in'],
    ['POST', '/v1/device/token', 'sign-in'],
    ['POST', '/v1/devices', 'write'],
    ['POST', '/v1/apply', 'apply'],
  ])('%s %s counts as %s', (method, path, name) => {
    expect(rateLimitOf(method, path).name).toBe(name);
  });

  test('counters start anew when their window ends, and are bounded', () => {
    const counters = new WindowCounters(3);
    const left = (key: string, now: number) => counters.take(key, 'p', 2, 10, now).remaining;
    expect([left('a', 0), left('a', 9_999), left('a', 9_999)]).toEqual([1, 0, -1]);
    expect(left('a', 10_000)).toBe(1);
    for (let i = 0; i < 100; i++) left(`key ${i}`, 10_000);
    expect(counters.size).toBe(3);
    expect(left('a', 10_001)).toBe(1);
  });

  test.each([
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0DB8:0000:0000:1::', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4'],
    ['1:2:3:4:5::8', '1:2:3:4'],
    ['203.0.113.7', '203.0.113.7'],
  ])('%s counts as %s', (address, block) => expect(addressBlock(address)).toBe(block));
});

test('each answer has an id, which its problem and its line in the log share; no address, token or query is in the log', async () => {
  const secret = 'tinc_secret-token';
  const answer = await ask(`/v1/styles?q=${secret}`, {
    'cf-connecting-ip': '192.0.2.77',
    authorization: `Bearer ${secret}`,
  });
  const id = answer.headers.get('x-request-id')!;
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(await answer.json()).toMatchObject({ requestId: id });
  await expect.poll(() => lines.some((line) => line.includes(id))).toBe(true);
  const line = JSON.parse(lines.find((it) => it.includes(id))!);
  expect(line).toMatchObject({ request: id, method: 'GET', status: answer.status });
  expect(line.at).toMatch(/^\d{4}-\d\d-\d\dT/);
  await ask('/openapi.json', { 'cf-connecting-ip': '192.0.2.78' });
  await expect.poll(() => lines.some((it) => it.includes('"route":"/openapi.json","status":200'))).toBe(true);
  expect(lines.join('\n')).not.toMatch(/192\.0\.2|203\.0\.113|secret-token|2001:db8/);
});

test('an error in the log is bounded and without credentials and addresses', () => {
  const error = new Error(
    `Bearer abc.def refused tinc_abc-1 from 192.0.2.1 and 2001:db8::1:2 ${'x'.repeat(999)}`,
  );
  const { message, stack } = errorLines(error);
  expect(message).toMatch(/^\[credential\] refused \[credential\] from \[address\] and \[address\] x+$/);
  expect(message.length).toBeLessThanOrEqual(520);
  expect(stack[0]).toMatch(/^at .*frame\.test\.ts:\d+:\d+/);
});

test.each([
  ['a registry that is busy', new RegistryError('busy', 'in a moment'), 'info'],
  ['index or storage that do not answer', new UnhealthyError(new Error('gone')), 'error'],
])('%s is a 503 and logged as what it is', async (_what, error, level) => {
  const app = new Hono<Environment>();
  app.onError(problemOf);
  app.use('*', frame).get('/', () => {
    throw error;
  });
  const written: Record<string, unknown>[] = [];
  const keep = (line: string) => void written.push(JSON.parse(line));
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(keep),
    vi.spyOn(console, 'error').mockImplementation(keep),
  ];
  try {
    for (const LOG of ['all', 'errors']) {
      expect((await app.request('/', {}, { LOG } as Environment['Bindings'])).status).toBe(503);
    }
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  // Who collects errors only gets none of what is expected.
  expect(written.map((line) => line['level'])).toEqual(level === 'error' ? ['error', 'error'] : ['info']);
  expect('error' in written[0]!).toBe(level === 'error');
});

test('every answer is secured and timed', async () => {
  for (const path of ['/openapi.json', '/docs', '/nothing', '/v1/nothing']) {
    const { headers } = await ask(path, { 'cf-connecting-ip': '192.0.2.79' });
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'permissions-policy': expect.stringContaining('geolocation=()'),
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'server-timing': expect.stringMatching(/app;dur=[\d.]+$/),
    });
    // Browsers ignore it without TLS, and it would be wrong on a loopback address.
    expect(headers.has('strict-transport-security')).toBe(false);
  }
});
