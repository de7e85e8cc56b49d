// Tokens, signing keys, programs that are let in, administration, and bodies that nobody should read: over HTTP in workerd.

import { stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { base64url } from '../../../plugins/contract/base64url.ts';
import { isTokenSpelling } from '../../../plugins/contract/token.ts';
import { hashOf } from '../../../worker/auth/secret.ts';
import { MAX_JSON_BYTES } from '../../../worker/http/body-limit.ts';
import type { LocalEdge } from '../../../worker/serve.ts';
import { type Folder, serveForTest, temporaryFolder } from '../fixture.ts';
import { addPublisher, addSession, addToken } from './account.ts';

let edge: LocalEdge;
let data: Folder;
/** Signed in. */
let ada: Record<string, string>;
let eve: Record<string, string>;

beforeAll(async () => {
  data = await temporaryFolder();
  edge = await serveForTest({ dataDir: data.path });
  for (const handle of ['ada', 'eve']) await addPublisher(edge, handle);
  ada = { cookie: await addSession(edge, 'ada'), origin: edge.url };
  eve = { cookie: await addSession(edge, 'eve'), origin: edge.url };
});
afterAll(async () => {
  await edge.close();
  await data.remove();
});

async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
  const response = await fetch(edge.url + path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const publicKey = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const actions = async (subject: string) =>
  (
    await edge.stores.database
      .prepare('SELECT actor, action FROM audit_log WHERE subject = ? ORDER BY id')
      .bind(subject)
      .all<{ actor: string; action: string }>()
  ).results.map(({ actor, action }) => `${actor} ${action}`);

describe('tokens', () => {
  test('are shown once, kept as a hash, listed without it, and revoked', async () => {
    const made = await ask('POST', '/v1/tokens', ada, { name: 'laptop', scopes: ['publish'] });
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const { token, id, expiresAt } = made.body;
    expect(isTokenSpelling(token)).toBe(true);
    expect(token).toHaveLength(54);
    expect((Date.parse(expiresAt) - Date.now()) / 86_400_000).toBeCloseTo(90, 2);
    const list = await ask('GET', '/v1/tokens', bearer(token));
    expect(list.body.tokens).toEqual([
      expect.objectContaining({ id, name: 'laptop', scopes: ['publish'], revokedAt: null }),
    ]);
    expect(JSON.stringify(list.body)).not.toContain(token);
    expect(JSON.stringify(list.body)).not.toContain(await hashOf(token));
    expect((await ask('GET', '/v1/me', bearer(token))).body).toMatchObject({
      handle: 'ada',
      via: 'token',
      tokenId: id,
      scopes: ['publish'],
    });
    expect((await ask('DELETE', `/v1/tokens/${id}`, eve)).status).toBe(404);
    expect((await ask('DELETE', `/v1/tokens/${id}`, ada)).status).toBe(204);
    expect((await ask('DELETE', `/v1/tokens/${id}`, ada)).status).toBe(204);
    expect((await ask('GET', '/v1/me', bearer(token))).body.code).toBe('auth/token-revoked');
    expect(await actions(id)).toEqual(['ada token.create', 'ada token.revoke']);
  });

  test.each([
    [{ name: 'x', scopes: [] }, 'body.scopes'],
    [{ name: 'x', scopes: ['publish', 'publish'] }, 'body.scopes'],
    [{ name: 'x', scopes: ['everything'] }, 'body.scopes.0'],
    [{ name: 'x', scopes: ['yank'], days: 366 }, 'body.days'],
    [{ name: 'x', scopes: ['yank'], days: 0 }, 'body.days'],
    [{ name: 'x\u0000', scopes: ['yank'] }, 'body.name'],
    [{ name: 'x', scopes: ['yank'], publisher: 'eve' }, 'body.publisher'],
    ['{', 'body'],
    ['[]', 'body.'],
  ])('%j is no request for one', async (body, field) => {
    const answer = await ask('POST', '/v1/tokens', ada, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'edge/invalid-request', field } });
  });

  test('a token makes none that reaches or lasts further than itself, and takes them along', async () => {
    const parent = await addToken(edge, 'ada', ['publish'], 10);
    const make = (body: object) => ask('POST', '/v1/tokens', parent.headers, { name: 'child', ...body });
    expect(await make({ scopes: ['publish', 'yank'] })).toMatchObject({
      status: 403,
      body: { code: 'auth/scope' },
    });
    const child = (await make({ scopes: ['publish'], days: 300 })).body;
    expect((Date.parse(child.expiresAt) - Date.now()) / 86_400_000).toBeCloseTo(10, 2);
    const grandchild = (
      await ask('POST', '/v1/tokens', bearer(child.token), { name: 'g', scopes: ['publish'] })
    ).body;
    const other = await addToken(edge, 'ada', ['publish']);
    await ask('DELETE', `/v1/tokens/${parent.id}`, ada);
    const alive = async (token: string) => (await ask('GET', '/v1/me', bearer(token))).status;
    expect([await alive(child.token), await alive(grandchild.token), await alive(other.token)]).toEqual([
      401, 401, 200,
    ]);
  });

  test('fifty in force at most, and those that have ended do not count', async () => {
    await addPublisher(edge, 'many');
    const many = { cookie: await addSession(edge, 'many'), origin: edge.url };
    for (let index = 0; index < 49; index++) await addToken(edge, 'many', []);
    await addToken(edge, 'many', [], -1);
    const make = async () => (await ask('POST', '/v1/tokens', many, { name: 'x', scopes: ['yank'] })).body;
    expect((await make()).token).toMatch(/^tinc_/);
    expect(await make()).toMatchObject({ code: 'auth/limit', detail: expect.stringContaining('50 tokens') });
  });
});

describe('signing keys', () => {
  test('are registered by a person, listed, and revoked for good', async () => {
    const key = { publicKey: publicKey(), name: 'laptop' };
    const made = await ask('POST', '/v1/keys', ada, key);
    expect(made).toMatchObject({ status: 201, body: { ...key, revokedAt: null } });
    const { id } = made.body;
    const digest = await hashOfBytes(key.publicKey);
    expect(id).toBe(digest.slice(0, 16));
    // The same again changes nothing.
    expect((await ask('POST', '/v1/keys', ada, key)).body).toEqual(made.body);
    expect((await ask('POST', '/v1/keys', eve, key)).body.code).toBe('auth/key-taken');
    const token = await addToken(edge, 'ada', ['publish']);
    expect((await ask('POST', '/v1/keys', token.headers, key)).status).toBe(403);
    expect((await ask('GET', '/v1/keys', token.headers)).body.keys).toEqual([made.body]);
    expect((await ask('DELETE', `/v1/keys/${id}`, eve)).status).toBe(404);
    expect((await ask('DELETE', `/v1/keys/${id}`, token.headers)).status).toBe(204);
    expect((await ask('POST', '/v1/keys', ada, key)).body.code).toBe('auth/key-taken');
    expect(await actions(id)).toEqual(['ada key.add', 'ada key.revoke']);
  });

  test('twenty in force at most', async () => {
    await addPublisher(edge, 'keen');
    const keen = { cookie: await addSession(edge, 'keen'), origin: edge.url };
    const { database } = edge.stores;
    await database.batch(
      Array.from({ length: 20 }, (_, index) =>
        database
          .prepare(
            'INSERT INTO signing_keys (id, publisher, public_key, name, created_at) VALUES (?, ?, ?, ?, ?)',
          )
          .bind(`keen${String(index).padStart(12, '0')}`, 'keen', publicKey(), 'x', ''),
      ),
    );
    const add = () => ask('POST', '/v1/keys', keen, { publicKey: publicKey(), name: 'x' });
    expect(await add()).toMatchObject({ status: 409, body: { code: 'auth/limit' } });
    await database.prepare("UPDATE signing_keys SET revoked_at = 'now' WHERE id = 'keen000000000000'").run();
    expect((await add()).status).toBe(201);
  });

  test.each(['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}B`, `${'A'.repeat(42)}=`])(
    '%j is no key',
    async (text) => {
      const answer = await ask('POST', '/v1/keys', ada, { publicKey: text, name: 'x' });
      expect(answer).toMatchObject({ status: 400, body: { field: 'body.publicKey' } });
    },
  );
});

describe('a program', () => {
  const wanted = { name: 'tincture on laptop', scopes: ['publish', 'yank'], days: 30 };
  const begin = async (request: object = wanted) => (await ask('POST', '/v1/device', {}, request)).body;
  const decide = (who: Record<string, string>, userCode: string, approved = true) =>
    ask('POST', '/v1/device/approve', who, { userCode, approved });
  const collect = (deviceCode: string) => ask('POST', '/v1/device/token', {}, { deviceCode });

  test('is let in by a person who sees what it asks for; its key is registered; the token is given once', async () => {
    const key = { publicKey: publicKey(), name: 'laptop' };
    const begun = await begin({ ...wanted, key });
    expect(begun).toMatchObject({ expiresIn: 600, interval: 3 });
    expect(begun.userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    const page = `${edge.url.replace('127.0.0.1', 'localhost')}/#device`;
    expect(begun.verificationUri).toBe(page);
    expect(begun.verificationUriComplete).toBe(`${page}=${begun.userCode}`);
    expect((await collect(begun.deviceCode)).body.code).toBe('auth/authorization-pending');
    expect((await collect(begun.deviceCode)).body.code).toBe('auth/slow-down');
    const typed = begun.userCode.toLowerCase().replace('-', ' ');
    const shown = await ask('POST', '/v1/device/request', ada, { userCode: typed });
    expect(shown.body).toEqual({ ...wanted, key });
    expect((await decide(ada, typed)).status).toBe(204);
    expect((await decide(eve, typed)).status).toBe(404);
    const collected = await collect(begun.deviceCode);
    expect(collected.body).toMatchObject({ publisher: 'ada', name: wanted.name, scopes: wanted.scopes });
    expect((await ask('GET', '/v1/me', bearer(collected.body.token))).body.handle).toBe('ada');
    expect((await collect(begun.deviceCode)).body.code).toBe('auth/expired-token');
    const keys = (await ask('GET', '/v1/keys', ada)).body.keys;
    expect(keys).toContainEqual(expect.objectContaining(key));
  });

  test('is sent away, and a code that expired is worth nothing', async () => {
    const denied = await begin();
    expect((await decide(ada, denied.userCode, false)).status).toBe(204);
    expect((await collect(denied.deviceCode)).body.code).toBe('auth/access-denied');
    const late = await begin();
    await edge.stores.database.prepare("UPDATE device_logins SET expires_at = '2026-01-01'").run();
    expect((await decide(ada, late.userCode)).status).toBe(404);
    expect((await collect(late.deviceCode)).body.code).toBe('auth/expired-token');
  });

  test('gets no more than who lets it in has, and no key of somebody else', async () => {
    const { userCode } = await begin({ ...wanted, scopes: ['admin'] });
    expect((await decide(ada, userCode)).body.code).toBe('auth/scope');
    const key = { publicKey: publicKey(), name: 'x' };
    await ask('POST', '/v1/keys', eve, key);
    const stolen = await begin({ ...wanted, key });
    expect((await decide(ada, stolen.userCode)).body.code).toBe('auth/key-taken');
    // Neither has decided anything.
    expect((await collect(stolen.deviceCode)).body.code).toBe('auth/authorization-pending');
  });

  test('is let in by no other site, no token, and nobody who only has the index', async () => {
    const { userCode, deviceCode } = await begin();
    const crossSite = { ...ada, origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' };
    expect((await decide(crossSite, userCode)).body.code).toBe('auth/cross-site');
    expect((await decide((await addToken(edge, 'ada', ['publish'])).headers, userCode)).status).toBe(403);
    const row = await edge.stores.database
      .prepare('SELECT * FROM device_logins WHERE device_hash = ?')
      .bind(await hashOf(deviceCode))
      .first();
    expect(JSON.stringify(row)).not.toContain(userCode.replace('-', ''));
    expect((await collect(String(row?.['device_hash']))).body.code).toBe('auth/expired-token');
  });
});

describe('administration', () => {
  const first = (secret: string, handle: string) => ask('POST', '/v1/admin/first', {}, { secret, handle });

  test('the bootstrap secret makes one administrator, once; then there are always some', async () => {
    const path = join(data.path, 'bootstrap-secret');
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
    expect((await first('x'.repeat(43), 'root-user')).body.code).toBe('auth/bootstrap');
    expect((await first(edge.bootstrapSecret, 'tincture')).body.code).toBe('auth/handle');
    const both = await Promise.all(['grace', 'eve'].map((handle) => first(edge.bootstrapSecret, handle)));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    const winner = both.find(({ status }) => status === 201)!;
    const chief = bearer(winner.body.token);
    const { handle } = (await ask('GET', '/v1/me', chief)).body;
    expect((await first(edge.bootstrapSecret, 'late')).body.code).toBe('auth/administrator-exists');
    expect(await actions(handle)).toContain('bootstrap role.change');

    const role = (who: string, to: string) => ask('PUT', `/v1/publishers/${who}/role`, chief, { role: to });
    expect((await role(handle, 'publisher')).body.code).toBe('auth/last');
    expect((await ask('POST', `/v1/publishers/${handle}/suspend`, chief, { reason: 'x' })).body.code).toBe(
      'auth/last',
    );
    expect((await role('ada', 'administrator')).status).toBe(204);
    expect((await ask('GET', '/v1/me', ada)).body.scopes).toContain('admin');
    expect((await role(handle, 'publisher')).status).toBe(204);
    expect((await role('ada', 'publisher')).status).toBe(403);
    expect((await ask('PUT', '/v1/publishers/tincture/role', ada, { role: 'administrator' })).body.code).toBe(
      'auth/handle',
    );
  });

  test('a suspended publisher is out at once, and in again when it is restored', async () => {
    await addPublisher(edge, 'sam');
    const sam = { cookie: await addSession(edge, 'sam'), origin: edge.url };
    const token = await addToken(edge, 'sam', ['publish']);
    const reason = { reason: 'spam' };
    expect((await ask('POST', '/v1/publishers/sam/suspend', sam, reason)).status).toBe(403);
    expect((await ask('POST', '/v1/publishers/sam/suspend', ada, reason)).status).toBe(204);
    expect((await ask('GET', '/v1/me', token.headers)).body.code).toBe('auth/suspended');
    expect((await ask('GET', '/v1/me', sam)).body.code).toBe('auth/session-ended');
    expect((await ask('GET', '/v1/publishers/sam')).body.suspended).toBe(true);
    expect((await ask('DELETE', '/v1/publishers/sam/suspend', ada)).status).toBe(204);
    expect((await ask('GET', '/v1/me', token.headers)).status).toBe(200);
    expect(await actions('sam')).toEqual(['ada publisher.suspend', 'ada publisher.restore']);
  });
});

describe('hostile requests', () => {
  test('a body that is too large is refused by its length before it is sent', async () => {
    for (const path of ['/v1/device', '/v1/session', '/v1/passkeys/registration', '/v1/admin/first']) {
      // The length is told and nothing follows: an edge that wanted to read would wait for ever.
      const answer = await rawPost(path, { 'content-length': String(MAX_JSON_BYTES + 1) }, []);
      expect(answer).toMatchObject({ status: 413, body: { code: 'edge/body-too-large' } });
    }
  });

  test('and where no length is told, by the bytes that come', async () => {
    const piece = Buffer.alloc(16 * 1024, ' ');
    const answer = await rawPost('/v1/device', { 'transfer-encoding': 'chunked' }, Array(8).fill(piece));
    expect(answer.status).toBe(413);
    const small = JSON.stringify({ name: 'x', scopes: ['yank'], days: 1 });
    const fits = await rawPost('/v1/device', { 'transfer-encoding': 'chunked' }, [Buffer.from(small)]);
    expect(fits.status).toBe(200);
  });

  test.each([
    '/v1/publishers/a%0d%0aset-cookie:%20a=b',
    '/v1/publishers/ada%00',
    "/v1/publishers/ada'--",
    '/v1/publishers/%2e%2e%2fada',
    '/v1/tokens/%0d%0ax:y',
    '/v1/keys/0123456789abcdef%0a',
  ])('%s injects nothing', async (path) => {
    const isPublisher = path.startsWith('/v1/publishers');
    const answer = await ask(isPublisher ? 'GET' : 'DELETE', path, ada);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect([...answer.headers.keys()]).not.toContain('x');
  });

  test('a cookie beside a token counts for nothing, and other sites get no credentials', async () => {
    const token = await addToken(edge, 'sam', ['publish']);
    const both = await ask('GET', '/v1/me', { ...ada, ...token.headers });
    expect(both.body).toMatchObject({ handle: 'sam', via: 'token' });
    const read = await ask('GET', '/v1/me', { ...ada, origin: 'https://elsewhere.example' });
    expect(read.headers.get('access-control-allow-origin')).toBe('*');
    // With `*` and without this, a browser gives no answer to a request that carried cookies.
    expect(read.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

/** A POST of which only `pieces` are sent, whatever the headers promise. */
function rawPost(path: string, headers: Record<string, string>, pieces: Buffer[]) {
  return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
    const sent = request(edge.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: edge.url, ...headers },
    });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        sent.destroy();
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    for (const piece of pieces) sent.write(piece);
    if ('content-length' in headers) sent.flushHeaders();
    else sent.end();
  });
}

async function hashOfBytes(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(key, 'base64url'));
  return Buffer.from(digest).toString('hex');
}
