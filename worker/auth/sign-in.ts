// The seam between ways to sign in and accounts: whoever has proved who they are ends here, with a session. README.md tells how to
// add a way, such as OAuth; passkeys.ts is the one that is there.
import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import type { Context } from 'hono';
import type { Environment } from '../environment.ts';
import { audit } from './audit.ts';
import { AuthError } from './error.ts';
import {
  accountError,
  checkHandle,
  insertPublisher,
  type NewAccount,
  type Publisher,
  publisherOf,
} from './publishers.ts';
import { openSession } from './sessions.ts';

/** What proves somebody's identity the next time: a passkey's public key, an identity at an OAuth provider. */
export interface Credential {
  /** Such as `passkey`; part of the audit log's action. */
  readonly method: string;
  /** The credential's id in the audit log: nothing by which a person could be known elsewhere. */
  readonly id: string;
  /** The statements that keep the credential as `publisher`'s, or that renew what is kept of it. */
  keep(database: D1Database, publisher: string): D1PreparedStatement[];
}

/** Makes an account whose credential has just been proved, and signs it in. One batch: all of it or nothing. Throws `auth/handle`. */
export async function signUp(
  c: Context<Environment>,
  account: NewAccount,
  credential: Credential,
): Promise<Publisher> {
  checkHandle(account.handle);
  const { database } = c.get('stores');
  const { handle } = account;
  await enter(c, handle, [
    insertPublisher(database, account),
    ...credential.keep(database, handle),
    audit(database, { actor: handle, action: 'account.create', subject: handle }),
    audit(database, { actor: handle, action: `${credential.method}.add`, subject: credential.id }),
  ]);
  return publisherOf(database, handle);
}

/** Adds a credential that has just been proved to an account, and signs it in. Throws `auth/limit`. */
export async function addCredential(
  c: Context<Environment>,
  handle: string,
  credential: Credential,
): Promise<Publisher> {
  const { database } = c.get('stores');
  await enter(c, handle, [
    ...credential.keep(database, handle),
    audit(database, { actor: handle, action: `${credential.method}.add`, subject: credential.id }),
  ]);
  return publisherOf(database, handle);
}

/** Signs in the account of a credential that has just been proved. Throws `auth/suspended`. */
export async function signIn(
  c: Context<Environment>,
  handle: string,
  credential: Credential,
): Promise<Publisher> {
  const { database } = c.get('stores');
  const publisher = await publisherOf(database, handle);
  if (publisher.suspendedAt !== null) {
    throw new AuthError('suspended', 'an administrator has suspended this publisher', {
      found: `suspended since ${publisher.suspendedAt}`,
    });
  }
  await enter(c, handle, credential.keep(database, handle));
  return publisher;
}

async function enter(
  c: Context<Environment>,
  handle: string,
  statements: readonly D1PreparedStatement[],
): Promise<void> {
  const session = await openSession(c, handle);
  await c
    .get('stores')
    .database.batch([...statements, ...session.statements])
    .catch((error: unknown) => {
      throw accountError(error);
    });
  session.begin();
}
