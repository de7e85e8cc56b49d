// Who a request comes from: tokens, sessions and nobody, against the real index; and the audit log's append-only rule.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newToken } from '../../../plugins/contract/token.ts';
import { audit } from '../../../worker/auth/audit.ts';
import { requireCaller, requireScope, requireSession } from '../../../worker/auth/caller.ts';
import { hashOf } from '../../../worker/auth/secret.ts';
import type { Bindings } from '../../../worker/environment.ts';
import { createApp } from '../../../worker/http/app.ts';
import type { LocalEdge } from '../../../worker/serve.ts';
import { serveForTest } from '../fixture.ts';
import { addPublisher, addSession, addToken, type TestToken } from './account.ts';

let edge: LocalEdge;
const tokens: Record<'ada' | 'adaExpired' | 'root' | 'formerAdmin' | 'gone', TestToken> = {} as never;

beforeAll(async () => {
  edge = await serveForTest();
  await addPublisher(edge, 'ada');
  await addPublisher(edge, 'root', 'administrator');
  await addPublisher(edge, 'gone');
  tokens.ada = await addToken(edge, 'ada', ['publish']);
  tokens.adaExpired = await addToken(edge, 'ada', ['publish'], -1);
  tokens.root = await addToken(edge, 'root', ['admin']);
  // Ada has the scope, but not (any more) the role.
  tokens.formerAdmin = await addToken(edge, 'ada', ['yank', 'admin']);
  tokens.gone = await addToken(edge, 'gone', ['publish']);
  await edge.stores.database
    .prepare("UPDATE publishers SET suspended_at = '2026-01-01T00:00:00.000Z' WHERE handle = 'gone'")
    .run();
});
afterAll(() => edge.close());

/** Asks an app with one route of each guard, which runs here and looks into the edge's own index. */
async function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const app = createApp();
  const answer = (c: Parameters<typeof requireCaller>[0]) => {
    const caller = c.get('caller');
    return c.json(caller === undefined ? null : { ...caller, scopes: [...caller.scopes] });
  };
  app.all('/v1/open', answer);
  app.all('/v1/known', requireCaller, answer);
  app.all('/v1/publish', requireScope('publish'), answer);
  app.all('/v1/admin', requireScope('admin'), answer);
  app.all('/v1/person', requireSession, answer);
  const bindings = { DB: edge.stores.database, LOG: 'errors' } as unknown as Bindings;
  const response = await app.request(`${edge.url}${path}`, { method, headers }, bindings);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe('tokens', () => {
  test('a token is its publisher, with its scopes', async () => {
    const caller = { publisher: 'ada', role: 'publisher', via: 'token', tokenId: tokens.ada.id };
    for (const path of ['/v1/open', '/v1/known', '/v1/publish']) {
      expect(await ask(path, tokens.ada.headers)).toMatchObject({
        status: 200,
        body: { ...caller, scopes: ['publish'] },
      });
    }
    expect((await ask('/v1/admin', tokens.root.headers)).status).toBe(200);
  });

  test.each<[string, () => string, string]>([
    ['another scheme', () => 'Basic YTpi', 'auth/token-unknown'],
    ['no token at all', () => 'Bearer', 'auth/token-unknown'],
    ['one that was mistyped', () => `Bearer ${tokens.ada.token.slice(0, -1)}`, 'auth/token-unknown'],
    ['one that nobody was given', () => `Bearer ${newToken()}`, 'auth/token-unknown'],
    ['an expired one', () => tokens.adaExpired.headers.authorization, 'auth/token-expired'],
  ])('%s is 401 even where nobody would do', async (_, header, code) => {
    for (const path of ['/v1/open', '/v1/publish']) {
      const answer = await ask(path, { authorization: header() });
      expect(answer).toMatchObject({ status: 401, body: { code } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="tincture", error="invalid_token"');
    }
  });

  test('a revoked one is 401', async () => {
    const token = await addToken(edge, 'ada', ['publish']);
    expect((await ask('/v1/publish', token.headers)).status).toBe(200);
    const { database } = edge.stores;
    await database
      .prepare('UPDATE tokens SET revoked_at = ? WHERE id = ?')
      .bind(new Date().toISOString(), token.id)
      .run();
    expect(await ask('/v1/open', token.headers)).toMatchObject({
      status: 401,
      body: { code: 'auth/token-revoked' },
    });
  });

  test('what the index keeps of a token opens nothing', async () => {
    const hash = await hashOf(tokens.ada.token);
    const dump = await edge.stores.database.prepare('SELECT * FROM tokens').all();
    expect(JSON.stringify(dump.results)).toContain(hash);
    expect(JSON.stringify(dump.results)).not.toContain(tokens.ada.token);
    for (const stolen of [hash, `tinc_${hash.slice(0, 49)}`]) {
      expect((await ask('/v1/open', { authorization: `Bearer ${stolen}` })).status).toBe(401);
    }
  });

  test('a scope that is missing is 403, and so is admin without the role', async () => {
    for (const token of [tokens.ada, tokens.formerAdmin]) {
      const answer = await ask('/v1/admin', token.headers);
      expect(answer).toMatchObject({ status: 403, body: { code: 'auth/scope' } });
      expect(answer.headers.get('www-authenticate')).toContain('insufficient_scope');
    }
    expect((await ask('/v1/known', tokens.formerAdmin.headers)).body.scopes).toEqual(['yank']);
    expect((await ask('/v1/person', tokens.root.headers)).status).toBe(403);
  });

  test('a suspended publisher is refused everywhere', async () => {
    for (const path of ['/v1/open', '/v1/known']) {
      expect(await ask(path, tokens.gone.headers)).toMatchObject({
        status: 403,
        body: { code: 'auth/suspended' },
      });
    }
    expect((await ask('/v1/known', { cookie: await addSession(edge, 'gone') })).status).toBe(403);
  });

  test('the last use is kept to the hour', async () => {
    const token = await addToken(edge, 'ada', ['publish']);
    const lastUse = () =>
      edge.stores.database
        .prepare('SELECT last_used_at FROM tokens WHERE id = ?')
        .bind(token.id)
        .first('last_used_at');
    expect(await lastUse()).toBeNull();
    await ask('/v1/open', token.headers);
    const first = await lastUse();
    expect(Date.parse(String(first))).toBeGreaterThan(Date.now() - 60_000);
    await ask('/v1/open', token.headers);
    expect(await lastUse()).toBe(first);
  });
});

describe('nobody', () => {
  test('may ask what is open, and is told what would do elsewhere', async () => {
    expect(await ask('/v1/open')).toMatchObject({ status: 200, body: null });
    for (const path of ['/v1/known', '/v1/publish', '/v1/admin', '/v1/person']) {
      const answer = await ask(path);
      expect(answer).toMatchObject({ status: 401, body: { code: 'auth/required' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="tincture"');
    }
  });
});

describe('sessions', () => {
  const own = { 'sec-fetch-site': 'same-origin' };

  test('have all scopes of their publisher', async () => {
    const ada = { cookie: await addSession(edge, 'ada'), ...own };
    const root = { cookie: await addSession(edge, 'root'), ...own };
    expect(await ask('/v1/publish', ada, 'POST')).toMatchObject({
      status: 200,
      body: { publisher: 'ada', via: 'session', scopes: ['publish', 'yank'] },
    });
    expect((await ask('/v1/admin', ada, 'POST')).status).toBe(403);
    expect((await ask('/v1/admin', root, 'POST')).body.scopes).toEqual(['publish', 'yank', 'admin']);
    expect((await ask('/v1/person', root, 'POST')).status).toBe(200);
  });

  test('count for nothing where nobody is asked for', async () => {
    expect((await ask('/v1/open', { cookie: await addSession(edge, 'ada') })).body).toBeNull();
  });

  test('an expired or unknown one is 401; a cookie of another shape is nobody', async () => {
    const [name] = (await addSession(edge, 'ada')).split('=');
    for (const cookie of [await addSession(edge, 'ada', -1), `${name}=${'A'.repeat(43)}`]) {
      expect(await ask('/v1/known', { cookie })).toMatchObject({
        status: 401,
        body: { code: 'auth/session-ended' },
      });
    }
    expect((await ask('/v1/known', { cookie: `${name}=x` })).body.code).toBe('auth/required');
  });

  test.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['a browser that tells only another origin', { origin: 'https://elsewhere.example' }],
    ['a frame without origin', { origin: 'null' }],
    [
      'a page that contradicts itself',
      { 'sec-fetch-site': 'same-origin', origin: 'https://elsewhere.example' },
    ],
    ['who tells nothing', {}],
  ])('a POST from %s is 403', async (_, headers) => {
    const cookie = await addSession(edge, 'ada');
    expect(await ask('/v1/publish', { cookie, ...headers }, 'POST')).toMatchObject({
      status: 403,
      body: { code: 'auth/cross-site' },
    });
  });

  test('an equal Origin does where the browser tells no more', async () => {
    const cookie = await addSession(edge, 'ada');
    expect((await ask('/v1/publish', { cookie, origin: edge.url }, 'POST')).status).toBe(200);
  });
});

test('the audit log takes rows in the batch of their change, and never gives one up', async () => {
  const { database } = edge.stores;
  const entry = { actor: 'ada', action: 'test.done', subject: 'a-style', detail: { b: 1, a: null } };
  await database.batch([audit(database, entry)]);
  const row = await database.prepare("SELECT * FROM audit_log WHERE action = 'test.done'").first();
  expect(row).toMatchObject({ actor: 'ada', subject: 'a-style', detail: '{"a":null,"b":1}' });
  for (const sql of [
    'DELETE FROM audit_log',
    "UPDATE audit_log SET actor = 'eve'",
    "REPLACE INTO audit_log SELECT id, at, 'eve', action, subject, detail FROM audit_log",
  ]) {
    await expect(database.prepare(sql).run()).rejects.toThrow(/append-only/);
  }
  // Both or neither.
  const broken = database.prepare("INSERT INTO publishers VALUES ('x', 'x', 'publisher', 'now', NULL)");
  await expect(database.batch([audit(database, entry), broken])).rejects.toThrow();
  expect(await database.prepare('SELECT count(*) AS n FROM audit_log').first('n')).toBe(1);
});

test.each([
  ['b1ue-ink', 'blue-ink'],
  ['burn', 'bum'],
  ['g00d', 'good'],
  ['a-b', 'ab'],
])('%s and %s cannot both be publishers', async (first, second) => {
  await addPublisher(edge, first);
  await expect(addPublisher(edge, second)).rejects.toThrow(/UNIQUE/);
});
