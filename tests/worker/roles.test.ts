// Every route with every role, in workerd: the table in `roles-table.ts`, which no route escapes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newToken } from '../../plugins/contract/token.ts';
import { app } from '../../worker/index.ts';
import { addPublisher, addSession, addToken } from './auth/account.ts';
import { bundledFolder, type Folder, serveForTest } from './fixture.ts';
import { PUBLISHING_ROWS } from './publishing/roles-rows.ts';
import {
  ALL_SCOPES,
  type Asked,
  ROWS as FIRST_ROWS,
  HANDLES,
  ROLES,
  type Role,
  type Row,
  type World,
} from './roles-table.ts';

const ROWS = [...FIRST_ROWS, ...PUBLISHING_ROWS];

let world: World;
let bundled: Folder;
let tokens: Readonly<Record<Role, Record<string, string>>>;

beforeAll(async () => {
  bundled = await bundledFolder();
  const edge = await serveForTest({ bundledDir: bundled.path });
  world = { edge, origin: edge.url.replace('127.0.0.1', 'localhost') };
  await addPublisher(edge, HANDLES.other);
  await addPublisher(edge, HANDLES.owner);
  await addPublisher(edge, HANDLES.admin, 'administrator');
  tokens = {
    nobody: {},
    wrong: { authorization: `Bearer ${newToken()}` },
    expired: (await addToken(edge, HANDLES.owner, ALL_SCOPES, -1)).headers,
    other: (await addToken(edge, HANDLES.other, ALL_SCOPES)).headers,
    owner: (await addToken(edge, HANDLES.owner, ALL_SCOPES)).headers,
    admin: (await addToken(edge, HANDLES.admin, ALL_SCOPES)).headers,
  };
});
afterAll(async () => {
  await world.edge.close();
  await bundled.remove();
});

/** What a role comes with; a session is new for each request, because signing in ends the one before. */
async function credentials(role: Role, by: Row['by']): Promise<Record<string, string>> {
  if (by === 'token') return tokens[role];
  const { origin, edge } = world;
  if (role === 'nobody') return { origin };
  const handle = role === 'wrong' || role === 'expired' ? HANDLES.owner : HANDLES[role];
  const cookie = await addSession(edge, handle, role === 'expired' ? -1 : 1);
  return { origin, cookie: role === 'wrong' ? cookie.replace(/=.*/, `=${'A'.repeat(43)}`) : cookie };
}

async function ask(row: Row, asked: Asked, headers: Record<string, string>): Promise<Response> {
  const [method = '', path = ''] = row.route.split(' ');
  const { json, body } = asked;
  const hasBody = json !== undefined || body !== undefined;
  return fetch(world.origin + (asked.path ?? path), {
    method,
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...asked.headers,
      ...headers,
    },
    ...(hasBody && { body: json === undefined ? body! : JSON.stringify(json) }),
  });
}

test('every route has its row, and every row its route', () => {
  const routes = new Set(
    app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/^\/\*$/, '*')}`),
  );
  expect(ROWS.map(({ route }) => route).sort()).toEqual([...routes].sort());
});

test.each(ROWS.map((row) => [row.route, row] as const))('%s', async (_, row) => {
  const found: Record<string, number> = {};
  const bodies: string[] = [];
  for (const role of ROLES) {
    const asked = (await row.ask?.(world, role)) ?? {};
    const response = await ask(row, asked, await credentials(role, row.by));
    found[role] = response.status;
    bodies.push(`${role}: ${(await response.text()).slice(0, 300)}`);
    if (response.status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
  }
  const expected = Object.fromEntries(ROLES.map((role, index) => [role, row.statuses[index]]));
  expect(found, bodies.join('\n')).toEqual(expected);
  if (row.statuses[0] !== 401) return;
  if (row.by === 'session') {
    const asked = (await row.ask?.(world, 'owner')) ?? {};
    expect((await ask(row, asked, tokens.owner)).status, 'the owner’s token').toBe(403);
  }
  if (row.route.startsWith('GET ')) return;
  // Whatever a token may change, a session may; but not when another site's page sends it.
  const asked = (await row.ask?.(world, 'owner')) ?? {};
  const crossSite = { ...(await credentials('owner', 'session')), 'sec-fetch-site': 'cross-site' };
  const refused = await ask(row, asked, crossSite);
  expect([refused.status, (await refused.json()).code]).toEqual([403, 'auth/cross-site']);
});
