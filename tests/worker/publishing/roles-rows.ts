// The rows of the routes of publishing, for the table of roles.
import { base64url } from '../../../plugins/contract/base64url.ts';
import { keyIdOf, signManifest } from '../../../plugins/contract/signature.ts';
import { digestOf } from '../../../worker/storage/blob-store.ts';
import { SAMPLE_STYLE } from '../../contract/sample-style.ts';
import { addToken } from '../auth/account.ts';
import { bytesOf, putBytes } from '../fixture.ts';
import { ALL_SCOPES, type Asked, fresh, HANDLES, type Row, type World } from '../roles-table.ts';
import { weightsOf } from './publisher.ts';

const OPEN = [200, 401, 401, 200, 200, 200] as const;
const KNOWN = [401, 401, 401, 200, 200, 200] as const;
/** For the owner and administrators. */
const OWNERS = [401, 401, 401, 403, 200, 200] as const;
/** What is another publisher's is not there. */
const OWN = (status: number) => [401, 401, 401, 404, status, 404] as const;
const ADMINISTRATORS = (status: number) => [401, 401, 401, 403, 403, status] as const;

const OCTETS = { 'content-type': 'application/octet-stream' };
const PART = 'a part';

interface Key {
  readonly id: string;
  readonly privateKey: CryptoKey;
}

let key: Promise<Key> | undefined;

/** The owner's signing key, made once. */
async function makeKey({ edge }: World): Promise<Key> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  await edge.stores.database
    .prepare('INSERT INTO signing_keys (id, publisher, public_key, name, created_at) VALUES (?, ?, ?, ?, ?)')
    .bind(keyIdOf(publicKey), HANDLES.owner, base64url(publicKey), 'roles', '')
    .run();
  return { id: keyIdOf(publicKey), privateKey: pair.privateKey };
}

/** A submission that the owner has signed, its blob in place, under a name of its own. */
async function submission(world: World): Promise<{ name: string; json: Record<string, unknown> }> {
  key ??= makeKey(world);
  const { id, privateKey } = await key;
  const { edge } = world;
  const weights = await putBytes(edge, weightsOf(Math.random()));
  const now = new Date().toISOString();
  await edge.stores.database
    .prepare(
      `INSERT INTO blobs (sha256, size, type, publisher, created_at, touched_at, stored_at)
       VALUES (?, ?, 'application/octet-stream', ?, ?, ?, ?)`,
    )
    .bind(weights.sha256, weights.size, HANDLES.owner, now, now, now)
    .run();
  const name = fresh('style');
  const manifest = { ...SAMPLE_STYLE, name, blobs: { weights, plugin: null, previews: [] } };
  const signature = await signManifest(manifest, privateKey);
  return { name, json: { manifest, signature, keyId: id } };
}

/** A style of the owner's; the request is about its path. */
const aboutStyle =
  (tail: string, json?: unknown) =>
  async (world: World): Promise<Asked> => {
    const { name, json: submitted } = await submission(world);
    await asOwner(world, 'POST', '/v1/styles', submitted);
    return { path: `/v1/styles/${name}${tail}`, ...(json === undefined ? {} : { json }) };
  };

/** An upload of the owner's, of one part. */
async function upload(world: World): Promise<string> {
  const sha256 = await digestOf(bytesOf(PART));
  const { id } = await asOwner(world, 'POST', '/v1/uploads', { sha256, size: PART.length });
  return `/v1/uploads/${id}`;
}

let token: ReturnType<typeof addToken> | undefined;

async function asOwner({ edge }: World, method: string, path: string, body: unknown) {
  token ??= addToken(edge, HANDLES.owner, ALL_SCOPES);
  const { headers } = await token;
  const isJson = typeof body !== 'string';
  const response = await fetch(edge.url + path, {
    method,
    headers: { ...headers, 'content-type': isJson ? 'application/json' : 'application/octet-stream' },
    body: isJson ? JSON.stringify(body) : body,
  });
  return response.json();
}

const REASON = { reason: 'a reason' };

export const PUBLISHING_ROWS: readonly Row[] = [
  {
    route: 'PUT /v1/blobs/:sha256',
    by: 'token',
    statuses: [401, 401, 401, 201, 201, 201],
    ask: async (_, role) => {
      const body = bytesOf(`blob of ${role}`);
      return { path: `/v1/blobs/${await digestOf(body)}`, body, headers: OCTETS };
    },
  },
  {
    route: 'POST /v1/uploads',
    by: 'token',
    statuses: [401, 401, 401, 201, 201, 201],
    ask: async (_, role) => ({ json: { sha256: await digestOf(bytesOf(`upload of ${role}`)), size: 9 } }),
  },
  {
    route: 'GET /v1/uploads/:id',
    by: 'token',
    statuses: OWN(200),
    ask: async (world) => ({ path: await upload(world) }),
  },
  {
    route: 'PUT /v1/uploads/:id/:part',
    by: 'token',
    statuses: OWN(200),
    ask: async (world) => ({ path: `${await upload(world)}/1`, body: PART, headers: OCTETS }),
  },
  {
    route: 'DELETE /v1/uploads/:id',
    by: 'token',
    statuses: OWN(204),
    ask: async (world) => ({ path: await upload(world) }),
  },
  {
    route: 'POST /v1/uploads/:id/complete',
    by: 'token',
    // The administrator comes after the owner: then there is no upload left to begin.
    statuses: [401, 401, 401, 404, 201, 400],
    ask: async (world) => {
      const path = await upload(world);
      await asOwner(world, 'PUT', `${path}/1`, PART);
      return { path: `${path}/complete`, json: {} };
    },
  },
  {
    route: 'POST /v1/styles',
    by: 'token',
    // The signature is the owner's: it is nobody else's to publish with.
    statuses: [401, 401, 401, 403, 201, 403],
    ask: async (world) => ({ json: (await submission(world)).json }),
  },
  { route: 'GET /v1/styles/:name/owners', by: 'token', statuses: OPEN, ask: aboutStyle('/owners') },
  {
    route: 'PUT /v1/styles/:name/owners/:handle',
    by: 'token',
    statuses: OWNERS,
    ask: aboutStyle(`/owners/${HANDLES.other}`),
  },
  {
    route: 'DELETE /v1/styles/:name/owners/:handle',
    by: 'token',
    statuses: OWNERS,
    ask: aboutStyle(`/owners/${HANDLES.other}`),
  },
  {
    route: 'PUT /v1/styles/:name/:version/yank',
    by: 'token',
    statuses: OWNERS,
    ask: aboutStyle('/1.0.0/yank', REASON),
  },
  {
    route: 'DELETE /v1/styles/:name/:version/yank',
    by: 'token',
    statuses: OWNERS,
    ask: aboutStyle('/1.0.0/yank'),
  },
  {
    route: 'PUT /v1/styles/:name/:version/takedown',
    by: 'token',
    statuses: ADMINISTRATORS(200),
    ask: aboutStyle('/1.0.0/takedown', REASON),
  },
  {
    route: 'DELETE /v1/styles/:name/:version/takedown',
    by: 'token',
    statuses: ADMINISTRATORS(200),
    ask: aboutStyle('/1.0.0/takedown'),
  },
  { route: 'GET /v1/quota', by: 'token', statuses: KNOWN },
  { route: 'GET /v1/audit', by: 'token', statuses: KNOWN },
  {
    route: 'PUT /v1/prefixes/:prefix',
    by: 'token',
    statuses: ADMINISTRATORS(204),
    ask: () => ({ path: `/v1/prefixes/${fresh('mine')}-`, json: { publisher: HANDLES.owner } }),
  },
  {
    route: 'DELETE /v1/prefixes/:prefix',
    by: 'token',
    statuses: ADMINISTRATORS(204),
    ask: () => ({ path: `/v1/prefixes/${fresh('mine')}-` }),
  },
];
