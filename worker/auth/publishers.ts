// Publishers: their handles and names, how one comes to be, and what everybody may know of one.
import type { D1Database, D1PreparedStatement } from '@cloudflare/workers-types';
import { z } from 'zod';
import { nameSchema } from '../../plugins/contract/style.ts';
import { isReserved } from '../registry/names.ts';
import type { Role } from './caller.ts';
import { AuthError } from './error.ts';

export const handleSchema = nameSchema.min(2).max(39).meta({ id: 'Handle', example: 'ada' });

/** One line for people, without characters that are not seen, or that turn the reading direction. */
export const displayNameSchema = z
  .string()
  .min(1)
  .max(60)
  .refine((text) => text.isWellFormed() && text === text.trim(), 'must not begin or end with white space')
  .refine((text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), 'must be one line of visible characters');

export interface Publisher {
  readonly handle: string;
  readonly displayName: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly suspendedAt: string | null;
}

export interface NewAccount {
  readonly handle: string;
  readonly displayName: string;
}

interface Row {
  readonly handle: string;
  readonly display_name: string;
  readonly role: Role;
  readonly created_at: string;
  readonly suspended_at: string | null;
}

export async function findPublisher(database: D1Database, handle: string): Promise<Publisher | undefined> {
  const row = await database
    .prepare('SELECT handle, display_name, role, created_at, suspended_at FROM publishers WHERE handle = ?')
    .bind(handle)
    .first<Row>();
  if (row === null) return undefined;
  return {
    handle: row.handle,
    displayName: row.display_name,
    role: row.role,
    createdAt: row.created_at,
    suspendedAt: row.suspended_at,
  };
}

/** As `findPublisher`; AuthError `auth/not-found` where there is none. */
export async function publisherOf(database: D1Database, handle: string): Promise<Publisher> {
  const publisher = await findPublisher(database, handle);
  if (publisher !== undefined) return publisher;
  throw new AuthError('not-found', 'there is no such publisher', { where: handle });
}

/** Throws AuthError `auth/handle` for a reserved one, or one that looks like it; whether it is free, the index says when the account is made. */
export function checkHandle(handle: string): void {
  if (!isReserved(handle)) return;
  throw new AuthError('handle', 'this handle is reserved, or looks like one that is', {
    where: handle,
    fix: 'Choose another.',
  });
}

/** The statement that makes a publisher; see `accountError` for its failure. */
export function insertPublisher(
  database: D1Database,
  { handle, displayName }: NewAccount,
): D1PreparedStatement {
  return database
    .prepare('INSERT INTO publishers (handle, display_name, role, created_at) VALUES (?, ?, ?, ?)')
    .bind(handle, displayName, 'publisher', new Date().toISOString());
}

/**
 * The error of a batch that the index refused: AuthError for a handle that is taken or looks like another one, for a limit
 * that the index holds (its triggers say `limit: …`), and for a second key of the same id; else as it is.
 */
export function accountError(error: unknown): unknown {
  const text = error instanceof Error ? error.message : '';
  if (/publishers\.handle|publishers_by_look/.test(text)) {
    return new AuthError('handle', 'this handle is taken, or looks like one that is', {
      fix: 'Choose another.',
    });
  }
  const limit = /limit: ([\w ]+)/.exec(text)?.[1];
  if (limit !== undefined) {
    return new AuthError('limit', 'the account has as many as it may have', {
      expected: `at most ${limit}`,
      fix: 'Remove one first.',
    });
  }
  if (/signing_keys\.id/.test(text)) {
    return new AuthError('key-taken', 'this signing key is registered already, or was revoked', {
      fix: 'Make a new key.',
    });
  }
  if (text.includes('last administrator')) {
    return new AuthError('last', 'the registry would have no administrator', { fix: 'Make another first.' });
  }
  if (text.includes('last passkey')) {
    return new AuthError('last', 'this is your only passkey', { fix: 'Add another one first.' });
  }
  if (/passkeys\.id/.test(text)) {
    return new AuthError('passkey', 'this passkey is registered already', { fix: 'Sign in with it.' });
  }
  return error;
}
