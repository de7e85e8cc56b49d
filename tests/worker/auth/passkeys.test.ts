// Accounts and sessions by passkey, over HTTP in workerd, with an authenticator that also lies.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashOf } from '../../../worker/auth/secret.ts';
import type { LocalEdge } from '../../../worker/serve.ts';
import { serveForTest } from '../fixture.ts';
import { addToken } from './account.ts';
import { type Answering, makePasskey, type SoftPasskey, spoilt } from './authenticator.ts';

let edge: LocalEdge;
/** Passkeys need a name: localhost is the same edge as 127.0.0.1. */
let origin: string;
let at: Answering;
let ada: { passkey: SoftPasskey; cookie: string };

beforeAll(async () => {
  edge = await serveForTest();
  origin = edge.url.replace('127.0.0.1', 'localhost');
  at = { origin };
  ada = await register('ada');
});
afterAll(() => edge.close());

async function post(path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

const me = (cookie: string) => fetch(`${origin}/v1/me`, { headers: { cookie } });

async function optionsFor(handle: string, displayName = handle): Promise<string> {
  const { status, body } = await post('/v1/passkeys/registration', { account: { handle, displayName } });
  expect(status).toBe(200);
  return body.challenge;
}

async function signInChallenge(): Promise<string> {
  return (await post('/v1/session/options')).body.challenge;
}

async function register(handle: string): Promise<{ passkey: SoftPasskey; cookie: string }> {
  const passkey = await makePasskey(await optionsFor(handle), at);
  const { status, headers } = await post('/v1/passkeys/registration/verify', passkey.attestation);
  expect(status).toBe(200);
  return { passkey, cookie: headers.get('set-cookie')!.split(';', 1)[0]! };
}

const count = (table: string) =>
  edge.stores.database.prepare(`SELECT count(*) AS n FROM ${table}`).first('n');

describe('an account', () => {
  test('is made with a passkey, which signs in; the cookie is of this host and of no script', async () => {
    const { body, headers } = await post('/v1/passkeys/registration', {
      account: { handle: 'grace', displayName: 'Grace 🌱' },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: 'grace', displayName: 'Grace 🌱' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    // Nothing that names a person goes to the authenticator as the user's id.
    expect(Buffer.from(body.user.id, 'base64url').toString('latin1')).not.toContain('grace');
    const passkey = await makePasskey(body.challenge, at);
    const made = await post('/v1/passkeys/registration/verify', passkey.attestation);
    expect(made).toMatchObject({
      status: 200,
      body: { handle: 'grace', role: 'publisher', suspended: false },
    });
    const cookie = made.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^tincture-\d+=[\w-]{43}; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(await (await me(cookie.split(';', 1)[0]!)).json()).toEqual({
      handle: 'grace',
      displayName: 'Grace 🌱',
      role: 'publisher',
      via: 'session',
      tokenId: null,
      scopes: ['publish', 'yank'],
    });
  });

  test.each<[string, string, number, string]>([
    ['admin', 'A', 409, 'auth/handle'],
    ['adm1n', 'A', 409, 'auth/handle'],
    ['blobs', 'A', 409, 'auth/handle'],
    ['tincture', 'A', 409, 'auth/handle'],
    ['ada', 'A', 409, 'auth/handle'],
    ['a', 'A', 400, 'edge/invalid-request'],
    ['Ada', 'A', 400, 'edge/invalid-request'],
    ['x'.repeat(40), 'A', 400, 'edge/invalid-request'],
    ['eve', 'A\r\nset-cookie: a=b', 400, 'edge/invalid-request'],
    ['eve', '\u202eadA', 400, 'edge/invalid-request'],
    ['eve', ' A', 400, 'edge/invalid-request'],
    ['eve', 'A'.repeat(61), 400, 'edge/invalid-request'],
  ])('cannot be %s (%j)', async (handle, displayName, status, code) => {
    const answer = await post('/v1/passkeys/registration', { account: { handle, displayName } });
    expect(answer).toMatchObject({ status, body: { code } });
  });

  test('of two who want one handle at once the first gets it; of a look-alike nobody', async () => {
    const challenges = [await optionsFor('linus'), await optionsFor('linus'), await optionsFor('1inus')];
    const answers = [];
    for (const challenge of challenges) {
      const { attestation } = await makePasskey(challenge, at);
      answers.push(await post('/v1/passkeys/registration/verify', attestation));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 409, 409]);
    expect(answers[1]!.headers.get('set-cookie')).toBeNull();
  });

  test('nothing of it stays where the index refuses any part', async () => {
    const [publishers, sessions] = [await count('publishers'), await count('sessions')];
    const { id, attestation } = await makePasskey(await optionsFor('barbara'), at);
    const taken = edge.stores.database
      .prepare(
        'INSERT INTO passkeys (id, publisher, public_key, counter, transports, created_at) VALUES (?, ?, ?, 0, ?, ?)',
      )
      .bind(id, 'ada', new Uint8Array(1), '[]', '');
    await taken.run();
    const answer = await post('/v1/passkeys/registration/verify', attestation);
    expect(answer).toMatchObject({ status: 400, body: { code: 'auth/passkey' } });
    expect([await count('publishers'), await count('sessions')]).toEqual([publishers, sessions]);
    await edge.stores.database.prepare('DELETE FROM passkeys WHERE id = ?').bind(id).run();
  });
});

describe('signing in', () => {
  test('with the passkey, and out', async () => {
    const assertion = await ada.passkey.assert(await signInChallenge(), at);
    const { status, headers, body } = await post('/v1/session', assertion);
    expect([status, body.handle]).toEqual([200, 'ada']);
    const cookie = headers.get('set-cookie')!.split(';', 1)[0]!;
    expect((await me(cookie)).status).toBe(200);
    const out = await fetch(`${origin}/v1/session`, { method: 'DELETE', headers: { cookie, origin } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([
      204,
      expect.stringMatching(/^tincture-\d+=; Max-Age=0/),
    ]);
    expect((await me(cookie)).status).toBe(401);
  });

  test('a challenge is good once, for its purpose, and for five minutes', async () => {
    const challenge = await signInChallenge();
    expect((await post('/v1/session', await ada.passkey.assert(challenge, at))).status).toBe(200);
    const used = { status: 400, body: { code: 'auth/challenge' } };
    expect(await post('/v1/session', await ada.passkey.assert(challenge, at))).toMatchObject(used);
    const forAnother = await optionsFor('dennis');
    expect(await post('/v1/session', await ada.passkey.assert(forAnother, at))).toMatchObject(used);
    const invented = Buffer.alloc(32, 7).toString('base64url');
    expect(await post('/v1/session', await ada.passkey.assert(invented, at))).toMatchObject(used);

    const late = await signInChallenge();
    const { database } = edge.stores;
    const stored = await database.prepare('SELECT * FROM challenges').all();
    expect(JSON.stringify(stored.results)).not.toContain(late);
    const expiry = await database
      .prepare('SELECT expires_at FROM challenges WHERE hash = ?')
      .bind(await hashOf(late))
      .first<string>('expires_at');
    expect(Date.parse(expiry!) - Date.now()).toBeGreaterThan(290_000);
    expect(Date.parse(expiry!) - Date.now()).toBeLessThanOrEqual(300_000);
    await database.prepare("UPDATE challenges SET expires_at = '2026-01-01T00:00:00.000Z'").run();
    expect(await post('/v1/session', await ada.passkey.assert(late, at))).toMatchObject(used);
  });

  test.each<[string, (challenge: string) => Promise<object>]>([
    [
      'another origin',
      (it) => ada.passkey.assert(it, { origin: 'https://elsewhere.example', rpId: 'localhost' }),
    ],
    ['another host', (it) => ada.passkey.assert(it, { ...at, rpId: 'elsewhere.example' })],
    ['nobody present', (it) => ada.passkey.assert(it, { ...at, flags: 0x04 })],
    ['a person not verified', (it) => ada.passkey.assert(it, { ...at, flags: 0x01 })],
    ['a signature with a wrong bit', async (it) => spoilt(await ada.passkey.assert(it, at), 'signature')],
    ['data that was not signed', async (it) => spoilt(await ada.passkey.assert(it, at), 'authenticatorData')],
    ['a passkey that nobody registered', async (it) => (await makePasskey(it, at)).assert(it, at)],
    [
      'another’s name on it',
      async (it) => ({ ...(await (await makePasskey(it, at)).assert(it, at)), id: ada.passkey.id }),
    ],
    ['a registration’s answer', async (it) => (await makePasskey(it, at)).attestation],
  ])('%s is refused, and uses the challenge up', async (_, answer) => {
    const challenge = await signInChallenge();
    const refused = await post('/v1/session', await answer(challenge));
    expect(refused.status).toBe(400);
    expect(refused.headers.get('set-cookie')).toBeNull();
    if (refused.body.code === 'auth/passkey') {
      const again = await post('/v1/session', await ada.passkey.assert(challenge, at));
      expect(again.body.code).toBe('auth/challenge');
    }
  });

  test('a counter that does not grow is a copied authenticator', async () => {
    const { passkey } = await register('alan');
    const use = async (counter: number) =>
      (await post('/v1/session', await passkey.assert(await signInChallenge(), { ...at, counter }))).status;
    expect([await use(5), await use(5), await use(4), await use(6)]).toEqual([200, 400, 400, 200]);
  });

  test('not for other sites’ pages, and not at a bare address', async () => {
    for (const path of ['/v1/session/options', '/v1/session', '/v1/passkeys/registration']) {
      const body = path === '/v1/session' ? await ada.passkey.assert(await signInChallenge(), at) : {};
      const answer = await post(path, body, {
        'sec-fetch-site': 'cross-site',
        origin: 'https://elsewhere.example',
      });
      expect(answer).toMatchObject({ status: 403, body: { code: 'auth/cross-site' } });
    }
    const bare = await fetch(`${edge.url}/v1/session/options`, {
      method: 'POST',
      headers: { origin: edge.url },
    });
    expect([bare.status, (await bare.json()).detail]).toEqual([
      403,
      expect.stringContaining(`Open ${origin}/`),
    ]);
  });

  test('a suspended publisher cannot', async () => {
    const { passkey, cookie } = await register('mallory');
    await edge.stores.database
      .prepare("UPDATE publishers SET suspended_at = '2026-01-01T00:00:00.000Z' WHERE handle = 'mallory'")
      .run();
    const answer = await post('/v1/session', await passkey.assert(await signInChallenge(), at));
    expect(answer).toMatchObject({ status: 403, body: { code: 'auth/suspended' } });
    expect((await me(cookie)).status).toBe(403);
  });
});

describe('more passkeys', () => {
  const own = () => ({ cookie: ada.cookie });
  test('are added signed in and taken away but for the last', async () => {
    const { body } = await post('/v1/passkeys/registration', {}, own());
    expect(body.excludeCredentials).toEqual([
      { id: ada.passkey.id, transports: ['internal'], type: 'public-key' },
    ]);
    const second = await makePasskey(body.challenge, at);
    const added = await post('/v1/passkeys/registration/verify', second.attestation, own());
    expect(added.body.handle).toBe('ada');
    ada = { ...ada, cookie: added.headers.get('set-cookie')!.split(';', 1)[0]! };
    const signedIn = await post('/v1/session', await second.assert(await signInChallenge(), at));
    expect(signedIn.body.handle).toBe('ada');

    const remove = async (id: string) =>
      (await fetch(`${origin}/v1/passkeys/${id}`, { method: 'DELETE', headers: { ...own(), origin } }))
        .status;
    const list = await (await fetch(`${origin}/v1/passkeys`, { headers: own() })).json();
    expect(list.passkeys.map(({ id }: { id: string }) => id).sort()).toEqual(
      [ada.passkey.id, second.id].sort(),
    );
    const { passkey: another } = await register('ken');
    expect([await remove(another.id), await remove(second.id), await remove(ada.passkey.id)]).toEqual([
      404, 204, 409,
    ]);
  });

  test('by token only for an account that has none', async () => {
    const token = await addToken(edge, 'ada', ['publish']);
    const refused = await post('/v1/passkeys/registration', {}, token.headers);
    expect(refused).toMatchObject({ status: 403, body: { code: 'auth/scope' } });
    expect((await post('/v1/passkeys/registration', {})).status).toBe(401);
    await edge.stores.database
      .prepare(
        "INSERT INTO publishers (handle, display_name, role, created_at) VALUES ('dana', 'Dana', 'administrator', '')",
      )
      .run();
    const first = await addToken(edge, 'dana', ['admin']);
    const { body } = await post('/v1/passkeys/registration', {}, first.headers);
    const { attestation } = await makePasskey(body.challenge, at);
    const made = await post('/v1/passkeys/registration/verify', attestation);
    expect(made).toMatchObject({ status: 200, body: { handle: 'dana', role: 'administrator' } });
    expect((await post('/v1/passkeys/registration', {}, first.headers)).status).toBe(403);
  });

  test('ten at most', async () => {
    await edge.stores.database.batch(
      Array.from({ length: 9 }, (_, index) =>
        edge.stores.database
          .prepare(
            'INSERT INTO passkeys (id, publisher, public_key, counter, transports, created_at) VALUES (?, ?, ?, 0, ?, ?)',
          )
          .bind(`extra-${index}`, 'grace', new Uint8Array(1), '[]', ''),
      ),
    );
    const { cookie } = await register('margaret');
    await edge.stores.database
      .prepare("UPDATE sessions SET publisher = 'grace' WHERE publisher = 'margaret'")
      .run();
    const { body } = await post('/v1/passkeys/registration', {}, { cookie });
    const { attestation } = await makePasskey(body.challenge, at);
    const answer = await post('/v1/passkeys/registration/verify', attestation, { cookie });
    expect(answer).toMatchObject({ status: 409, body: { code: 'auth/limit' } });
  });
});

test('a dump of the index holds no secret that was given out', async () => {
  const { database } = edge.stores;
  const tables = await database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
    )
    .all<{ name: string }>();
  let dump = '';
  for (const { name } of tables.results) {
    dump += JSON.stringify((await database.prepare(`SELECT * FROM "${name}"`).all()).results);
  }
  expect(dump).toContain(await hashOf(ada.cookie.split('=')[1]!));
  expect(dump).not.toContain(ada.cookie.split('=')[1]);
  // Of a person the handle and the display name, and nothing of where they come from.
  expect(dump).not.toMatch(/127\.0\.0\.1|localhost|user-agent|node/i);
});
