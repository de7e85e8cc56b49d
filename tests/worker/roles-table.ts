// Who may ask what: one row a route, one status a role. `roles.test.ts` asks all of it in workerd, and fails for a route without a row.
import type { Scope } from '../../plugins/contract/token.ts';
import { STYLESHEET } from '../../worker/pages/stylesheet.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { addPublisher, addToken } from './auth/account.ts';
import { makePasskey } from './auth/authenticator.ts';

/** In the order in which a row's statuses stand, and in which they ask. */
export const ROLES = ['nobody', 'wrong', 'expired', 'other', 'owner', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The publishers behind the roles `other`, `owner` and `admin`. */
export const HANDLES = { other: 'otto', owner: 'olive', admin: 'adele' } as const;
export const ALL_SCOPES: readonly Scope[] = ['publish', 'yank', 'admin'];

export interface World {
  readonly edge: LocalEdge;
  /** The edge under the name at which people sign in. */
  readonly origin: string;
}

export interface Asked {
  /** Default: the route's own, where it has no parameters. */
  readonly path?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Row {
  /** Method and path as the router has them. */
  readonly route: string;
  /** What the roles come with: a token each, or a session each. To a `session` route tokens are refused, which is asked too. */
  readonly by: 'token' | 'session';
  readonly statuses: readonly [number, number, number, number, number, number];
  /** The request, made anew for each role; what it changes must be its own. */
  readonly ask?: (world: World, role: Role) => Promise<Asked> | Asked;
}

/** For everybody; a token that is wrong is told so even where none is needed. */
const OPEN = [200, 401, 401, 200, 200, 200] as const;
/** For everybody who is somebody. */
const KNOWN = [401, 401, 401, 200, 200, 200] as const;

const open = (route: string, path?: string): Row => ({
  route,
  by: 'token',
  statuses: OPEN,
  ...(path === undefined ? {} : { ask: () => ({ path }) }),
});

let unique = 0;
/** A name that no other request has. */
export function fresh(prefix: string): string {
  unique++;
  // No look-alikes among them: letters only.
  return `${prefix}-${[...String(unique)].map((digit) => 'abcdefghjk'[Number(digit)]).join('x')}`;
}

/** A publisher that only this request is about. */
async function victim({ edge }: World, role: 'publisher' | 'administrator' = 'publisher'): Promise<string> {
  const handle = fresh('victim');
  await addPublisher(edge, handle, role);
  return handle;
}

const pages: Row[] = [
  // Outside of /v1 nobody looks at credentials.
  ...['GET /healthz', 'GET /openapi.json', 'GET /docs'].map(
    (route): Row => ({ route, by: 'token', statuses: [200, 200, 200, 200, 200, 200] }),
  ),
  ...[
    ['GET /styles', '/styles'],
    ['GET /styles/:name', '/styles/neon'],
    ['GET /styles/:name/:version', '/styles/neon/1.0.0'],
    ['GET /styles/:name/:version/card.png', '/styles/neon/1.0.0/card.png'],
    ['GET /publishers/:handle', '/publishers/tincture'],
    ['GET /pages/:file', STYLESHEET.path],
  ].map(
    ([route, path]): Row => ({
      route: route!,
      by: 'token',
      statuses: [200, 200, 200, 200, 200, 200],
      ask: () => ({ path: path! }),
    }),
  ),
  {
    route: 'GET *',
    by: 'token',
    statuses: [404, 404, 404, 404, 404, 404],
    ask: () => ({ path: '/nothing.html' }),
  },
];

const finding: Row[] = [
  open('GET /v1/styles'),
  open('GET /v1/styles/:name', '/v1/styles/neon'),
  open('GET /v1/styles/:name/:version', '/v1/styles/neon/1.0.0'),
  open('GET /v1/resolve', '/v1/resolve?style=neon'),
  open('GET /v1/lookup/:hash', '/v1/lookup/0123456789'),
  {
    // Off, as everywhere unless the deployment says otherwise.
    route: 'POST /v1/apply',
    by: 'token',
    statuses: [404, 401, 401, 404, 404, 404],
    ask: () => ({ path: '/v1/apply?style=neon', body: 'context' }),
  },
  open('GET /v1/models'),
  open('GET /v1/models/:name', '/v1/models/tiny'),
  open('GET /v1/models/:name/:version', '/v1/models/tiny/1.0.0'),
  {
    route: 'GET /v1/blobs/:sha256',
    by: 'token',
    statuses: [404, 401, 401, 404, 404, 404],
    ask: () => ({ path: `/v1/blobs/${'0'.repeat(64)}` }),
  },
];

const signingIn: Row[] = [
  {
    route: 'POST /v1/passkeys/registration',
    by: 'session',
    // An account that does not exist yet: sessions are not looked at.
    statuses: [200, 200, 200, 200, 200, 200],
    ask: () => ({ json: { account: { handle: fresh('new'), displayName: 'New' } } }),
  },
  {
    route: 'POST /v1/passkeys/registration/verify',
    by: 'session',
    statuses: [200, 200, 200, 200, 200, 200],
    ask: async ({ origin }) => {
      const begun = await post(origin, '/v1/passkeys/registration', {
        account: { handle: fresh('made'), displayName: 'Made' },
      });
      return { json: (await makePasskey(begun['challenge'] as string, { origin })).attestation };
    },
  },
  { route: 'GET /v1/passkeys', by: 'session', statuses: KNOWN },
  {
    route: 'DELETE /v1/passkeys/:id',
    by: 'session',
    statuses: [401, 401, 401, 404, 204, 404],
    ask: async ({ edge }) => {
      const id = fresh('passkey');
      const { database } = edge.stores;
      for (const added of ['kept', id]) {
        await database
          .prepare(
            `INSERT OR IGNORE INTO passkeys (id, publisher, public_key, counter, transports, created_at)
             VALUES (?, ?, x'00', 0, '[]', '')`,
          )
          .bind(added, HANDLES.owner)
          .run();
      }
      return { path: `/v1/passkeys/${id}` };
    },
  },
  { route: 'POST /v1/session/options', by: 'session', statuses: [200, 200, 200, 200, 200, 200] },
  {
    route: 'POST /v1/session',
    by: 'session',
    // A session does not stand in for the passkey.
    statuses: [400, 400, 400, 400, 400, 400],
    ask: async ({ origin }) => {
      const { challenge } = await post(origin, '/v1/session/options');
      const stranger = await makePasskey('', { origin });
      return { json: await stranger.assert(challenge as string, { origin }) };
    },
  },
];

const accounts: Row[] = [
  { route: 'GET /v1/me', by: 'token', statuses: KNOWN },
  { route: 'GET /v1/tokens', by: 'token', statuses: KNOWN },
  {
    route: 'POST /v1/tokens',
    by: 'token',
    // The scope admin is given only to administrators.
    statuses: [401, 401, 401, 403, 403, 201],
    ask: () => ({ json: { name: 'all', scopes: ALL_SCOPES } }),
  },
  {
    route: 'DELETE /v1/tokens/:id',
    by: 'token',
    statuses: [401, 401, 401, 404, 204, 404],
    ask: async ({ edge }) => ({ path: `/v1/tokens/${(await addToken(edge, HANDLES.owner, [])).id}` }),
  },
  { route: 'GET /v1/keys', by: 'token', statuses: KNOWN },
  {
    route: 'POST /v1/keys',
    by: 'session',
    statuses: [401, 401, 401, 201, 201, 201],
    ask: () => ({ json: { publicKey: randomKey(), name: 'laptop' } }),
  },
  {
    route: 'DELETE /v1/keys/:id',
    by: 'token',
    statuses: [401, 401, 401, 404, 204, 404],
    ask: async ({ edge }) => {
      const id = crypto.randomUUID().replaceAll('-', '').slice(0, 16);
      await edge.stores.database
        .prepare(
          'INSERT INTO signing_keys (id, publisher, public_key, name, created_at) VALUES (?, ?, ?, ?, ?)',
        )
        .bind(id, HANDLES.owner, randomKey(), 'laptop', '')
        .run();
      return { path: `/v1/keys/${id}` };
    },
  },
];

const DEVICE_REQUEST = { name: 'A program', scopes: ['publish'], days: 1 };
const programs: Row[] = [
  {
    route: 'POST /v1/device',
    by: 'token',
    statuses: OPEN,
    ask: () => ({ json: DEVICE_REQUEST }),
  },
  {
    route: 'POST /v1/device/request',
    by: 'session',
    statuses: KNOWN,
    ask: async ({ origin }) => {
      const { userCode } = await post(origin, '/v1/device', DEVICE_REQUEST);
      return { json: { userCode } };
    },
  },
  {
    route: 'POST /v1/device/approve',
    by: 'session',
    statuses: [401, 401, 401, 403, 403, 204],
    ask: async ({ origin }) => {
      const asked = { ...DEVICE_REQUEST, scopes: ['admin'] };
      const { userCode } = await post(origin, '/v1/device', asked);
      return { json: { userCode, approved: true } };
    },
  },
  {
    route: 'POST /v1/device/token',
    by: 'token',
    statuses: [400, 401, 401, 400, 400, 400],
    ask: () => ({ json: { deviceCode: 'invented' } }),
  },
];

const administration: Row[] = [
  open('GET /v1/publishers/:handle', `/v1/publishers/${HANDLES.owner}`),
  {
    route: 'POST /v1/publishers/:handle/suspend',
    by: 'token',
    statuses: [401, 401, 401, 403, 403, 204],
    ask: async (world) => ({
      path: `/v1/publishers/${await victim(world)}/suspend`,
      json: { reason: 'spam' },
    }),
  },
  {
    route: 'DELETE /v1/publishers/:handle/suspend',
    by: 'token',
    statuses: [401, 401, 401, 403, 403, 204],
    ask: async (world) => ({ path: `/v1/publishers/${await victim(world)}/suspend` }),
  },
  {
    route: 'PUT /v1/publishers/:handle/role',
    by: 'token',
    statuses: [401, 401, 401, 403, 403, 204],
    ask: async (world) => ({
      path: `/v1/publishers/${await victim(world)}/role`,
      json: { role: 'administrator' },
    }),
  },
  {
    route: 'POST /v1/admin/first',
    by: 'token',
    // There is an administrator already: the secret is good for nothing more, whoever has it.
    statuses: [409, 401, 401, 409, 409, 409],
    ask: ({ edge }) => ({ json: { secret: edge.bootstrapSecret, handle: fresh('usurper') } }),
  },
  { route: 'DELETE /v1/session', by: 'session', statuses: [204, 204, 204, 204, 204, 204] },
];

export const ROWS: readonly Row[] = [
  ...pages,
  ...finding,
  ...signingIn,
  ...accounts,
  ...programs,
  ...administration,
];

async function post(origin: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
}

function randomKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
}
