// The account commands as child processes, against a real edge: the first administrator, login in both ways, tokens, logout.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalEdge } from '../../worker/serve.ts';
import { addSession } from '../worker/auth/account.ts';
import { type Folder, serveForTest, temporaryFolder } from '../worker/fixture.ts';
import { finish, startIn } from './run.ts';

let edge: LocalEdge;
let data: Folder;
let config: Folder;
let variables: Record<string, string>;

beforeAll(async () => {
  data = await temporaryFolder();
  config = await temporaryFolder();
  edge = await serveForTest({ dataDir: data.path });
  variables = { TINCTURE_CONFIG: config.path, TINCTURE_REGISTRY: edge.url, TINCTURE_TOKEN: '' };
});
afterAll(async () => {
  await edge.close();
  await data.remove();
  await config.remove();
});

const run = (args: string[], stdin?: string) => finish(startIn(variables, args, stdin));
async function runJson(args: string[], stdin?: string) {
  const { code, stdout, stderr } = await run([...args, '--json'], stdin);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

test('the first administrator is made with the secret of the data folder, and is signed in', async () => {
  const first = ['admin', 'first', 'grace', '--registry', edge.url];
  const wrong = await run([...first, '--secret', 'x'.repeat(43)]);
  expect([wrong.code, wrong.stdout]).toEqual([1, '']);
  expect(wrong.stderr).toContain('not the bootstrap secret');
  const made = await runJson([...first, '--secret-file', join(data.path, 'bootstrap-secret')]);
  expect(made).toMatchObject({ registry: edge.url, handle: 'grace', token: expect.stringMatching(/^tinc_/) });
  expect(await runJson(['whoami'])).toEqual({
    registry: edge.url,
    handle: 'grace',
    displayName: 'grace',
    role: 'administrator',
    scopes: ['publish', 'yank', 'admin'],
  });
});

test('login: the code is approved in a browser, the token kept, the key made and registered; logout revokes', async () => {
  const child = startIn(variables, ['login', '--registry', edge.url, '--days', '30', '--json']);
  let shown = '';
  child.stderr!.on('data', (text) => {
    shown += text;
  });
  await expect.poll(() => shown, { timeout: 60_000 }).toContain('Waiting');
  const [, code = ''] = /compare the code: (\S+)/.exec(shown)!;
  expect(shown).toContain(`${edge.url.replace('127.0.0.1', 'localhost')}/#device=${code}`);
  await edge.stores.database
    .prepare(
      "INSERT INTO publishers (handle, display_name, role, created_at) VALUES ('ada', 'Ada', 'publisher', '')",
    )
    .run();
  const cookie = await addSession(edge, 'ada');
  const approved = await fetch(`${edge.url}/v1/device/approve`, {
    method: 'POST',
    headers: { cookie, origin: edge.url, 'content-type': 'application/json' },
    body: JSON.stringify({ userCode: code, approved: true }),
  });
  expect(approved.status).toBe(204);
  const { code: exit, stdout } = await finish(child);
  expect(exit).toBe(0);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ publisher: 'ada', scopes: ['publish', 'yank'], key: { registered: true } });
  expect((Date.parse(result.expiresAt) - Date.now()) / 86_400_000).toBeCloseTo(30, 1);
  const kept = JSON.parse(await readFile(join(config.path, 'credentials.json'), 'utf8'));
  const { token } = kept.registries[edge.url];
  expect(stdout).not.toContain(token);
  expect(((await stat(join(config.path, 'signing-key.pem'))).mode & 0o777).toString(8)).toBe('600');

  const made = await runJson(['token', 'create', '--name', 'build', '--scope', 'publish']);
  const listed = await runJson(['token', 'list']);
  expect(listed.map(({ name }: { name: string }) => name)).toContain('build');
  expect((await run(['token', 'list'])).stdout).toMatch(new RegExp(`${made.id} +build +publish`));
  expect(await runJson(['token', 'revoke', made.id])).toEqual({ id: made.id });

  expect(await runJson(['logout'])).toEqual({ registry: edge.url, revoked: true });
  const out = await run(['whoami']);
  expect([out.code, out.stderr]).toEqual([1, expect.stringContaining('you are not signed in there')]);
  const me = await fetch(`${edge.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  expect(me.status).toBe(401);
});

test('login --token reads one from stdin, says what it is for, and keeps nothing that is no token', async () => {
  const { token } = await makeToken();
  const bad = await run(['login', '--token'], `${token.slice(0, -1)}x`);
  expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('stdin holds no token')]);
  const unknown = await run(['whoami']);
  expect(unknown.code).toBe(1);
  const { code, stdout, stderr } = await run(['login', '--token'], `${token}\n`);
  expect([code, stdout]).toEqual([0, expect.stringContaining('as ada, for publish')]);
  expect(stderr).not.toContain('not registered');
});

async function makeToken(): Promise<{ token: string }> {
  const response = await fetch(`${edge.url}/v1/tokens`, {
    method: 'POST',
    headers: { cookie: await addSession(edge, 'ada'), origin: edge.url, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'ci', scopes: ['publish'] }),
  });
  return (await response.json()) as { token: string };
}
