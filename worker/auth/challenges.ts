// Challenges: random texts that an authenticator signs. Each is good once and for five minutes, and is kept as its hash.
import type { D1Database } from '@cloudflare/workers-types';
import { AuthError } from './error.ts';
import { hashOf, newSecret } from './secret.ts';

export const CHALLENGE_SECONDS = 300;

export interface Challenge {
  /** Such as `register`. */
  readonly purpose: string;
  /** Whom it is for, where that is known. */
  readonly publisher?: string;
  /** What goes with it, JSON. */
  readonly detail?: string;
}

/** Keeps a new challenge and gives its text. What has expired is forgotten on the way. */
export async function issueChallenge(
  database: D1Database,
  { purpose, publisher, detail }: Challenge,
): Promise<string> {
  const secret = newSecret();
  const now = Date.now();
  await database.batch([
    database.prepare('DELETE FROM challenges WHERE expires_at < ?').bind(new Date(now).toISOString()),
    database
      .prepare('INSERT INTO challenges (hash, purpose, publisher, detail, expires_at) VALUES (?, ?, ?, ?, ?)')
      .bind(
        await hashOf(secret),
        purpose,
        publisher ?? null,
        detail ?? null,
        new Date(now + CHALLENGE_SECONDS * 1000).toISOString(),
      ),
  ]);
  return secret;
}

/**
 * Uses a challenge up, in one statement, so that of two uses at once only one succeeds. Throws AuthError `auth/challenge` unless
 * it was given out for this purpose, is unused, and has not expired.
 */
export async function useChallenge(
  database: D1Database,
  purpose: string,
  challenge: string,
): Promise<{ readonly publisher: string | null; readonly detail: string | null }> {
  const row = await database
    .prepare('DELETE FROM challenges WHERE hash = ? AND purpose = ? RETURNING publisher, detail, expires_at')
    .bind(await hashOf(challenge), purpose)
    .first<{ publisher: string | null; detail: string | null; expires_at: string }>();
  if (row !== null && row.expires_at > new Date().toISOString()) return row;
  throw new AuthError('challenge', 'the challenge was used already, or has expired', { fix: 'Try again.' });
}
