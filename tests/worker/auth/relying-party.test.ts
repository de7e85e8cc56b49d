// Where people sign in, and the cookie that they get there: by the address, without an edge.
import { type Context, Hono } from 'hono';
import { expect, test } from 'vitest';
import { relyingParty, signInOrigin } from '../../../worker/auth/relying-party.ts';
import { readSessionCookie, writeSessionCookie } from '../../../worker/auth/session-cookie.ts';
import type { Environment } from '../../../worker/environment.ts';

/** What `work` gives for a request of `url`, with its answer's headers. */
async function at<T>(
  url: string,
  work: (c: Context<Environment>) => T,
  { ORIGINS, cookie }: { ORIGINS?: string; cookie?: string } = {},
) {
  let result: T | undefined;
  let failure: unknown;
  const app = new Hono<Environment>().get('*', (c) => {
    try {
      result = work(c);
    } catch (error) {
      failure = error;
    }
    return c.body(null);
  });
  const { headers } = await app.request(url, { headers: cookie === undefined ? {} : { cookie } }, {
    ORIGINS,
  } as never);
  if (failure !== undefined) throw failure;
  return { result, headers };
}

test.each([
  ['https://styles.example/x', undefined, 'styles.example'],
  ['https://styles.example:8443/x', undefined, 'styles.example'],
  ['http://localhost:8787/x', undefined, 'localhost'],
  ['https://b.example/x', 'https://a.example https://b.example', 'b.example'],
])('people sign in at %s (ORIGINS %s)', async (url, ORIGINS, id) => {
  const { result } = await at(url, relyingParty, ORIGINS === undefined ? {} : { ORIGINS });
  expect(result).toEqual({ origin: new URL(url).origin, id });
});

test.each([
  ['http://127.0.0.1:8787/x', undefined, /Open http:\/\/localhost:8787\/ instead/],
  ['http://[::1]:8787/x', undefined, /Open http:\/\/localhost:8787\/ instead/],
  ['https://192.0.2.1/x', undefined, /no passkeys for this address/],
  ['http://styles.example/x', undefined, /no passkeys for this address/],
  [
    'https://c.example/x',
    'https://a.example\nhttps://b.example',
    /https:\/\/a\.example or https:\/\/b\.example/,
  ],
])('and not at %s (ORIGINS %j)', async (url, ORIGINS, words) => {
  const asked = at(url, relyingParty, ORIGINS === undefined ? {} : { ORIGINS });
  await expect(asked).rejects.toMatchObject({ code: 'auth/origin', message: expect.stringMatching(words) });
});

test('programs are sent to where passkeys work', async () => {
  expect((await at('http://127.0.0.1:8787/v1/device', signInOrigin)).result).toBe('http://localhost:8787');
  expect((await at('https://styles.example/v1/device', signInOrigin)).result).toBe('https://styles.example');
});

test('over HTTPS the cookie is bound to the host; over HTTP on this machine to the port', async () => {
  const secret = 'A'.repeat(43);
  const write = (c: Context<Environment>) => writeSessionCookie(c, secret, 60);
  const cookieAt = async (url: string) => (await at(url, write)).headers.get('set-cookie');
  const host = '__Host-tincture';
  expect(await cookieAt('https://styles.example/')).toBe(
    `${host}=${secret}; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Strict`,
  );
  expect(await cookieAt('http://localhost:8787/')).toBe(
    `tincture-8787=${secret}; Max-Age=60; Path=/; HttpOnly; SameSite=Strict`,
  );
  const read = async (url: string, cookie: string) => (await at(url, readSessionCookie, { cookie })).result;
  expect(await read('https://styles.example/', `${host}=${secret}`)).toBe(secret);
  // What another program of this machine, or a page over plain HTTP, could have set.
  expect(
    await read('https://styles.example/', `tincture-8787=${secret}; tincture-443=${secret}`),
  ).toBeUndefined();
  expect(await read('http://localhost:8787/', `tincture-8788=${secret}`)).toBeUndefined();
});
