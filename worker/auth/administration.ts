// What only administrators do to accounts, and how the first of them comes to be.
import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import { DEFAULT_TOKEN_DAYS, SCOPES } from '../../plugins/contract/token.ts';
import { audit } from './audit.ts';
import type { Caller, Role } from './caller.ts';
import { AuthError } from './error.ts';
import { accountError, checkHandle, findPublisher, type NewAccount, publisherOf } from './publishers.ts';
import { hashOf } from './secret.ts';
import { type MadeToken, prepareToken } from './tokens.ts';

/** Shorter ones are refused: it opens everything, and may be tried from anywhere. */
export const MIN_BOOTSTRAP_CHARACTERS = 32;

/**
 * Makes the first administrator, whoever holds the deployment's bootstrap secret: a publisher who is there already, or a new one. The
 * token that it gives has all scopes. Throws `auth/bootstrap` for a wrong secret, or a registry without one that is long enough;
 * `auth/administrator-exists` ever after, also to the second of two at once.
 */
export async function makeFirstAdministrator(
  database: D1Database,
  account: NewAccount,
  given: string,
  secret: string | undefined,
): Promise<MadeToken> {
  if (secret === undefined || secret.length < MIN_BOOTSTRAP_CHARACTERS) {
    throw new AuthError('bootstrap', 'this registry has no bootstrap secret', {
      expected: `BOOTSTRAP_SECRET of ${MIN_BOOTSTRAP_CHARACTERS} characters or more`,
      fix: 'Set it: `npx wrangler secret put BOOTSTRAP_SECRET`.',
    });
  }
  // Hashes are compared, so the time tells nothing of how much of a guess is right.
  if ((await hashOf(given)) !== (await hashOf(secret))) {
    throw new AuthError('bootstrap', 'this is not the bootstrap secret of the registry');
  }
  const { handle, displayName } = account;
  checkHandle(handle);
  const existing = await findPublisher(database, handle);
  // NULL breaks the column's rule, and so the batch, where an administrator is there already.
  const role = `(SELECT CASE WHEN EXISTS (SELECT 1 FROM publishers WHERE role = 'administrator') THEN NULL ELSE 'administrator' END)`;
  const { made, statements } = await prepareToken(
    database,
    handle,
    { name: 'First administrator', scopes: SCOPES, days: DEFAULT_TOKEN_DAYS },
    { actor: 'bootstrap' },
  );
  await database
    .batch([
      existing === undefined
        ? database
            .prepare(
              `INSERT INTO publishers (handle, display_name, role, created_at) VALUES (?, ?, ${role}, ?)`,
            )
            .bind(handle, displayName, new Date().toISOString())
        : database
            .prepare(`UPDATE publishers SET role = ${role}, suspended_at = NULL WHERE handle = ?`)
            .bind(handle),
      ...statements,
      audit(database, { actor: 'bootstrap', action: 'role.change', subject: handle, detail: ADMINISTRATOR }),
    ])
    .catch((error: unknown) => {
      if (error instanceof Error && error.message.includes('publishers.role')) {
        throw new AuthError('administrator-exists', 'the registry has an administrator', {
          fix: 'Ask an administrator to make you one.',
        });
      }
      throw accountError(error);
    });
  return made;
}

const ADMINISTRATOR = { role: 'administrator' } as const;

/** Suspends a publisher: its credentials are refused and its sessions end. What it published stays. Twice changes nothing. Throws
 * `auth/last` rather than leave the registry without an administrator. */
export async function suspend(
  database: D1Database,
  caller: Caller,
  handle: string,
  reason: string,
): Promise<void> {
  const publisher = await publisherOf(database, handle);
  if (publisher.suspendedAt !== null) return;
  await apply(database, [
    database
      .prepare('UPDATE publishers SET suspended_at = ? WHERE handle = ?')
      .bind(new Date().toISOString(), handle),
    database.prepare('DELETE FROM sessions WHERE publisher = ?').bind(handle),
    audit(database, {
      actor: caller.publisher,
      action: 'publisher.suspend',
      subject: handle,
      detail: { reason },
    }),
  ]);
}

/** Lifts a suspension: tokens that have not ended meanwhile are good again. */
export async function restore(database: D1Database, caller: Caller, handle: string): Promise<void> {
  if ((await publisherOf(database, handle)).suspendedAt === null) return;
  await database.batch([
    database.prepare('UPDATE publishers SET suspended_at = NULL WHERE handle = ?').bind(handle),
    audit(database, { actor: caller.publisher, action: 'publisher.restore', subject: handle }),
  ]);
}

/** Gives a publisher a role. Throws `auth/last` rather than leave the registry without an administrator. */
export async function changeRole(
  database: D1Database,
  caller: Caller,
  handle: string,
  role: Role,
): Promise<void> {
  const publisher = await publisherOf(database, handle);
  if (publisher.role === role) return;
  // Only `tincture` has a reserved handle, and nobody can sign in as it.
  if (role === 'administrator') checkHandle(handle);
  await apply(database, [
    database.prepare('UPDATE publishers SET role = ? WHERE handle = ?').bind(role, handle),
    audit(database, { actor: caller.publisher, action: 'role.change', subject: handle, detail: { role } }),
  ]);
}

async function apply(database: D1Database, statements: D1PreparedStatement[]): Promise<void> {
  await database.batch(statements).catch((error: unknown) => {
    throw accountError(error);
  });
}
