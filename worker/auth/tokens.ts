// A publisher's tokens: made, listed, revoked.
import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import { newToken, type Scope } from '../../plugins/contract/token.ts';
import { audit } from './audit.ts';
import type { Caller } from './caller.ts';
import { AuthError } from './error.ts';
import { accountError } from './publishers.ts';
import { hashOf } from './secret.ts';

const DAY_MS = 86_400_000;

export interface TokenRequest {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly days: number;
}

/** What may be shown of a token. */
export interface TokenFacts {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface MadeToken extends TokenFacts {
  /** Shown this once. */
  readonly token: string;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly scopes: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

/**
 * Makes a token for the caller. One that a token makes reaches no further and lasts no longer than its maker, and is revoked with
 * it. Throws AuthError `auth/scope` for more than the caller has, `auth/limit` for too many.
 */
export async function createToken(
  database: D1Database,
  caller: Caller,
  request: TokenRequest,
): Promise<MadeToken> {
  checkScopes(request.scopes, [...caller.scopes]);
  const parent = caller.tokenId;
  const limit =
    parent === undefined
      ? undefined
      : await database
          .prepare('SELECT expires_at FROM tokens WHERE id = ?')
          .bind(parent)
          .first<string>('expires_at');
  const { made, statements } = await prepareToken(database, caller.publisher, request, {
    ...(parent === undefined ? {} : { parent }),
    ...(limit === undefined || limit === null ? {} : { notAfter: limit }),
  });
  await database.batch(statements).catch((error: unknown) => {
    throw accountError(error);
  });
  return made;
}

/** Throws AuthError `auth/scope` unless all of `wanted` are among `allowed`. */
export function checkScopes(wanted: readonly Scope[], allowed: readonly Scope[]): void {
  const refused = wanted.filter((scope) => !allowed.includes(scope));
  if (refused.length === 0) return;
  throw new AuthError('scope', 'a token cannot reach further than who makes it', {
    expected: `scopes among ${allowed.join(', ') || 'none'}`,
    found: refused.join(', '),
  });
}

/** A token and the statements that keep it, for a batch: the row and its line in the audit log. */
export async function prepareToken(
  database: D1Database,
  publisher: string,
  { name, scopes, days }: TokenRequest,
  { actor = publisher, parent, notAfter }: { actor?: string; parent?: string; notAfter?: string } = {},
): Promise<{ readonly made: MadeToken; readonly statements: D1PreparedStatement[] }> {
  const token = newToken();
  const now = new Date();
  const wanted = new Date(now.getTime() + days * DAY_MS).toISOString();
  const made: MadeToken = {
    id: crypto.randomUUID(),
    name,
    scopes,
    createdAt: now.toISOString(),
    expiresAt: notAfter !== undefined && notAfter < wanted ? notAfter : wanted,
    revokedAt: null,
    lastUsedAt: null,
    token,
  };
  return {
    made,
    statements: [
      database
        .prepare(
          `INSERT INTO tokens (id, hash, publisher, name, scopes, created_at, expires_at, parent)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .bind(
          made.id,
          await hashOf(token),
          publisher,
          name,
          JSON.stringify(scopes),
          made.createdAt,
          made.expiresAt,
          parent ?? null,
        ),
      audit(database, {
        actor,
        action: 'token.create',
        subject: made.id,
        detail: { publisher, scopes: [...scopes], expiresAt: made.expiresAt },
      }),
    ],
  };
}

/** The publisher's tokens, newest first; of those that have ended, the last 20. */
export async function listTokens(database: D1Database, publisher: string): Promise<TokenFacts[]> {
  const columns = 'id, name, scopes, created_at, expires_at, revoked_at, last_used_at';
  const now = new Date().toISOString();
  const inForce = 'revoked_at IS NULL AND expires_at > ?2';
  const { results } = await database
    .prepare(
      `SELECT ${columns} FROM (
         SELECT * FROM tokens WHERE publisher = ?1 AND ${inForce}
         UNION ALL
         SELECT * FROM (SELECT * FROM tokens WHERE publisher = ?1 AND NOT (${inForce}) ORDER BY created_at DESC LIMIT 20)
       ) ORDER BY created_at DESC, id`,
    )
    .bind(publisher, now)
    .all<Row>();
  return results.map((row) => ({
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** Revokes a token of the caller's publisher and all that it made. A second time changes nothing. Throws `auth/not-found`. */
export async function revokeToken(database: D1Database, { publisher }: Caller, id: string): Promise<void> {
  const row = await database
    .prepare('SELECT revoked_at FROM tokens WHERE id = ? AND publisher = ?')
    .bind(id, publisher)
    .first<{ revoked_at: string | null }>();
  if (row === null) throw new AuthError('not-found', 'you have no such token', { where: id });
  if (row.revoked_at !== null) return;
  await database.batch([
    database
      .prepare(
        `WITH RECURSIVE made (id) AS (VALUES (?1) UNION SELECT t.id FROM tokens t JOIN made m ON t.parent = m.id)
         UPDATE tokens SET revoked_at = ?2 WHERE revoked_at IS NULL AND id IN (SELECT id FROM made)`,
      )
      .bind(id, new Date().toISOString()),
    audit(database, { actor: publisher, action: 'token.revoke', subject: id }),
  ]);
}
