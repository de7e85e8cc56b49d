// A publisher's signing keys: the public halves, which the registry checks styles' signatures with.
import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import { z } from 'zod';
import { fromBase64url } from '../../plugins/contract/base64url.ts';
import { keyIdOf, PUBLIC_KEY_BYTES } from '../../plugins/contract/signature.ts';
import { audit } from './audit.ts';
import { AuthError } from './error.ts';
import { accountError } from './publishers.ts';

/** Ed25519, the raw 32 bytes in base64url. */
export const publicKeySchema = z
  .string()
  .refine((text) => fromBase64url(text)?.length === PUBLIC_KEY_BYTES, 'must be 32 bytes in base64url')
  .meta({ id: 'PublicKey', example: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' });

export interface NewKey {
  readonly publicKey: string;
  readonly name: string;
}

export interface KeyFacts extends NewKey {
  readonly id: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

interface Row {
  readonly id: string;
  readonly public_key: string;
  readonly name: string;
  readonly created_at: string;
  readonly revoked_at: string | null;
}

/** Registers a key. The same key again is a success that changes nothing; another publisher's, or a revoked one, `auth/key-taken`. */
export async function addKey(database: D1Database, publisher: string, key: NewKey): Promise<KeyFacts> {
  const statements = await prepareKey(database, publisher, key);
  if (statements.length > 0) {
    await database.batch(statements).catch((error: unknown) => {
      throw accountError(error);
    });
  }
  const id = keyIdOf(fromBase64url(key.publicKey)!);
  return (await listKeys(database, publisher)).find((facts) => facts.id === id)!;
}

/** The statements that register a key, for a batch; none where the publisher has it in force already. */
export async function prepareKey(
  database: D1Database,
  publisher: string,
  { publicKey, name }: NewKey,
): Promise<D1PreparedStatement[]> {
  const id = keyIdOf(fromBase64url(publicKey)!);
  const row = await database
    .prepare('SELECT publisher, public_key, revoked_at FROM signing_keys WHERE id = ?')
    .bind(id)
    .first<{ publisher: string; public_key: string; revoked_at: string | null }>();
  if (row?.publisher === publisher && row.public_key === publicKey && row.revoked_at === null) return [];
  return [
    database
      .prepare(
        'INSERT INTO signing_keys (id, publisher, public_key, name, created_at) VALUES (?, ?, ?, ?, ?)',
      )
      .bind(id, publisher, publicKey, name, new Date().toISOString()),
    audit(database, { actor: publisher, action: 'key.add', subject: id }),
  ];
}

/** The publisher's keys, newest first, also those that were revoked: old signatures are checked with them. */
export async function listKeys(database: D1Database, publisher: string): Promise<KeyFacts[]> {
  const { results } = await database
    .prepare(
      `SELECT id, public_key, name, created_at, revoked_at FROM signing_keys WHERE publisher = ?
       ORDER BY created_at DESC, id`,
    )
    .bind(publisher)
    .all<Row>();
  return results.map((row) => ({
    id: row.id,
    publicKey: row.public_key,
    name: row.name,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  }));
}

/** Revokes a key: nothing new is accepted with it. A second time changes nothing. Throws `auth/not-found`. */
export async function revokeKey(database: D1Database, publisher: string, id: string): Promise<void> {
  const row = await database
    .prepare('SELECT revoked_at FROM signing_keys WHERE id = ? AND publisher = ?')
    .bind(id, publisher)
    .first<{ revoked_at: string | null }>();
  if (row === null) throw new AuthError('not-found', 'you have no such key', { where: id });
  if (row.revoked_at !== null) return;
  await database.batch([
    database
      .prepare('UPDATE signing_keys SET revoked_at = ? WHERE id = ?')
      .bind(new Date().toISOString(), id),
    audit(database, { actor: publisher, action: 'key.revoke', subject: id }),
  ]);
}
