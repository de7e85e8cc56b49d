// Sessions: somebody who is signed in with a browser. Every way to sign in ends in `openSession`.
import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import type { Context } from 'hono';
import type { Environment } from '../environment.ts';
import { hashOf, newSecret } from './secret.ts';
import { readSessionCookie, writeSessionCookie } from './session-cookie.ts';

/** Two weeks; using a session does not lengthen it. */
export const SESSION_SECONDS = 14 * 86_400;

/**
 * A new session: the statements that keep it (and forget those that have ended), for the batch of the sign-in, and `begin`, which
 * gives the browser its cookie once that batch has succeeded. A session that the browser had before ends with it.
 */
export async function openSession(
  c: Context<Environment>,
  publisher: string,
): Promise<{ readonly statements: D1PreparedStatement[]; readonly begin: () => void }> {
  const { database } = c.get('stores');
  const secret = newSecret();
  const now = Date.now();
  return {
    statements: [
      database.prepare('DELETE FROM sessions WHERE expires_at < ?').bind(new Date(now).toISOString()),
      ...(await endSession(c, database)),
      database
        .prepare('INSERT INTO sessions (hash, publisher, created_at, expires_at) VALUES (?, ?, ?, ?)')
        .bind(
          await hashOf(secret),
          publisher,
          new Date(now).toISOString(),
          new Date(now + SESSION_SECONDS * 1000).toISOString(),
        ),
    ],
    begin: () => writeSessionCookie(c, secret, SESSION_SECONDS),
  };
}

/** Ends the request's own session, if it has one, and takes the cookie away. */
export async function closeSession(c: Context<Environment>): Promise<void> {
  const { database } = c.get('stores');
  const statements = await endSession(c, database);
  if (statements.length > 0) await database.batch(statements);
  writeSessionCookie(c, '', 0);
}

async function endSession(c: Context<Environment>, database: D1Database): Promise<D1PreparedStatement[]> {
  const secret = readSessionCookie(c);
  if (secret === undefined) return [];
  return [database.prepare('DELETE FROM sessions WHERE hash = ?').bind(await hashOf(secret))];
}
