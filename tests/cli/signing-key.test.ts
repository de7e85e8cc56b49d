// What the command line keeps for its user alone: modes of files, the signing key, and the registries' tokens.
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  forgetCredential,
  keepCredential,
  registryAccess,
  registryOf,
} from '../../client/cli/credentials.ts';
import { ensureSigningKey, readSigningKey } from '../../client/cli/signing-key.ts';
import { fromBase64url } from '../../plugins/contract/base64url.ts';
import { verifyManifest } from '../../plugins/contract/signature.ts';
import { newToken } from '../../plugins/contract/token.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'tincture-config-')), 'made');
  vi.stubEnv('TINCTURE_CONFIG', folder);
  vi.stubEnv('TINCTURE_REGISTRY', undefined);
  vi.stubEnv('TINCTURE_TOKEN', undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(join(folder, '..'), { recursive: true });
});

const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test('the key is made once, signs what the contract verifies, and nobody else can read it', async () => {
  expect(await readSigningKey()).toBeUndefined();
  const key = await ensureSigningKey();
  expect(key.id).toMatch(/^[0-9a-f]{16}$/);
  expect(await ensureSigningKey()).toMatchObject({ id: key.id, publicKey: key.publicKey });
  expect(await readdir(folder)).toEqual(['signing-key.pem']);
  expect(await mode(folder)).toBe('700');
  expect(await mode(join(folder, 'signing-key.pem'))).toBe('600');
  const manifest = { name: 'blueprint', version: '1.0.0' };
  const signature = await (await readSigningKey())!.sign(manifest);
  const publicKey = fromBase64url(key.publicKey)!;
  expect(await verifyManifest({ version: '1.0.0', name: 'blueprint' }, signature, publicKey)).toBe(true);
  expect(await verifyManifest({ ...manifest, version: '1.0.1' }, signature, publicKey)).toBe(false);
});

test('a key that others can read, or that is none, is refused with what to do', async () => {
  await ensureSigningKey();
  const path = join(folder, 'signing-key.pem');
  await chmod(path, 0o644);
  await expect(readSigningKey()).rejects.toMatchObject({
    code: 'cli/private-file',
    message: expect.stringContaining('chmod 600'),
  });
  await chmod(path, 0o600);
  const pem = await readFile(path, 'utf8');
  for (const text of ['', 'not a key', pem.replace('\n', '\nAAAA')]) {
    await writeFile(path, text);
    await expect(readSigningKey()).rejects.toMatchObject({ code: 'cli/signing-key' });
  }
});

test('a token is kept for each registry, and the last login is where commands go', async () => {
  const [first, second] = [newToken(), newToken()];
  const credential = (token: string) => ({ token, publisher: 'ada', expiresAt: '2027-01-01T00:00:00.000Z' });
  await expect(registryOf(undefined)).rejects.toThrow(/which registry/);
  await keepCredential('https://a.example', credential(first));
  await keepCredential('https://b.example', credential(second));
  expect(await mode(join(folder, 'credentials.json'))).toBe('600');
  expect(await registryAccess(undefined)).toEqual({ registry: 'https://b.example', token: second });
  expect(await registryAccess('https://a.example/')).toEqual({ registry: 'https://a.example', token: first });
  expect((await forgetCredential('https://b.example'))?.token).toBe(second);
  expect(await forgetCredential('https://b.example')).toBeUndefined();
  await expect(registryAccess('https://b.example')).rejects.toMatchObject({ code: 'cli/signed-out' });
  await expect(registryOf(undefined)).rejects.toThrow(/which registry/);
  vi.stubEnv('TINCTURE_REGISTRY', 'https://c.example');
  vi.stubEnv('TINCTURE_TOKEN', ` ${first}\n`);
  expect(await registryAccess(undefined)).toEqual({ registry: 'https://c.example', token: first });
});

test.each(['example.com', 'ftp://example.com', 'https://example.com/registry', 'https://a@example.com'])(
  '%s is no registry',
  async (address) => {
    await expect(registryOf(address)).rejects.toThrow(/not the address of a registry/);
  },
);
