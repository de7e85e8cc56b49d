// Letting a program in without typing a secret into it (RFC 8628): it shows a code, somebody who is signed in looks at what it asks for
// and approves, and the program comes back for its token.
import type { D1Database } from '@cloudflare/workers-types';
import { z } from 'zod';
import { MAX_TOKEN_DAYS, type Scope, scopesSchema } from '../../plugins/contract/token.ts';
import { audit } from './audit.ts';
import { type Caller, type Role, scopesOfRole } from './caller.ts';
import { AuthError } from './error.ts';
import { prepareKey, publicKeySchema } from './keys.ts';
import { accountError, displayNameSchema } from './publishers.ts';
import { hashOf, newSecret } from './secret.ts';
import { checkScopes, type MadeToken, prepareToken } from './tokens.ts';

export const DEVICE_SECONDS = 600;
/** Seconds between two polls; who comes sooner is told to slow down. */
export const POLL_SECONDS = 3;

/** Consonants that are not mistaken for each other, and make no words. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const CODE_LETTERS = 8;

/** What a program asks for. */
export const deviceRequestSchema = z.strictObject({
  name: displayNameSchema.describe('What the token is called in the list of tokens.'),
  scopes: scopesSchema,
  days: z.int().min(1).max(MAX_TOKEN_DAYS),
  key: z
    .strictObject({ publicKey: publicKeySchema, name: displayNameSchema })
    .optional()
    .describe('A key to sign styles with, registered by the approval.'),
});
export type DeviceRequest = z.infer<typeof deviceRequestSchema>;

export interface DeviceCodes {
  /** The program's secret. */
  readonly deviceCode: string;
  /** For people, such as BCDF-GHJK. */
  readonly userCode: string;
}

/** Keeps a program's request. Requests that have expired are forgotten on the way. */
export async function requestLogin(database: D1Database, request: DeviceRequest): Promise<DeviceCodes> {
  const codes = { deviceCode: newSecret(), userCode: newUserCode() };
  const now = Date.now();
  await database.batch([
    database.prepare('DELETE FROM device_logins WHERE expires_at < ?').bind(new Date(now).toISOString()),
    database
      .prepare('INSERT INTO device_logins (device_hash, user_hash, request, expires_at) VALUES (?, ?, ?, ?)')
      .bind(
        await hashOf(codes.deviceCode),
        await hashOf(plainCode(codes.userCode)),
        JSON.stringify(request),
        new Date(now + DEVICE_SECONDS * 1000).toISOString(),
      ),
  ]);
  return codes;
}

/** What the program that shows `userCode` asks for. Throws `auth/not-found` for no such code, or one that was decided or has expired. */
export async function findLogin(database: D1Database, userCode: string): Promise<DeviceRequest> {
  const row = await database
    .prepare(
      'SELECT request FROM device_logins WHERE user_hash = ? AND publisher IS NULL AND denied_at IS NULL AND expires_at > ?',
    )
    .bind(await hashOf(plainCode(userCode)), new Date().toISOString())
    .first<{ request: string }>();
  if (row !== null) return JSON.parse(row.request) as DeviceRequest;
  throw new AuthError('not-found', 'no program waits with this code', {
    fix: 'Check the code, or start `tincture login` again: a code lasts ten minutes.',
  });
}

/**
 * Lets the program in as the caller, or sends it away. Approving registers its key. Throws `auth/scope` where the caller may not do
 * what it asks for, `auth/key-taken`, `auth/limit`, and `findLogin`'s error, also for the second of two decisions at once.
 */
export async function decideLogin(
  database: D1Database,
  caller: Caller,
  userCode: string,
  approved: boolean,
): Promise<void> {
  const request = await findLogin(database, userCode);
  if (approved) checkScopes(request.scopes, [...caller.scopes]);
  const now = new Date().toISOString();
  const undecided = 'WHERE user_hash = ? AND publisher IS NULL AND denied_at IS NULL AND expires_at > ?';
  const hash = await hashOf(plainCode(userCode));
  const decision = approved
    ? database
        .prepare(`UPDATE device_logins SET publisher = ? ${undecided}`)
        .bind(caller.publisher, hash, now)
    : database.prepare(`UPDATE device_logins SET denied_at = ? ${undecided}`).bind(now, hash, now);
  const key =
    approved && request.key !== undefined ? await prepareKey(database, caller.publisher, request.key) : [];
  const [decided] = await database.batch([decision, ...key]).catch((error: unknown) => {
    throw accountError(error);
  });
  if (decided?.meta.changes !== 1) await findLogin(database, userCode);
}

/**
 * The token of a program whose request was approved; the request is used up. Throws the errors of RFC 8628 §3.5:
 * `auth/authorization-pending`, `auth/slow-down`, `auth/access-denied`, `auth/expired-token`.
 */
export async function collectToken(
  database: D1Database,
  deviceCode: string,
): Promise<{ readonly publisher: string; readonly token: MadeToken }> {
  const hash = await hashOf(deviceCode);
  const now = new Date();
  const row = await database
    .prepare(
      `SELECT d.request, d.publisher, d.denied_at, d.polled_at, d.expires_at, p.role, p.suspended_at
       FROM device_logins d LEFT JOIN publishers p ON p.handle = d.publisher WHERE d.device_hash = ?`,
    )
    .bind(hash)
    .first<DeviceRow>();
  if (row === null || row.expires_at <= now.toISOString()) {
    throw new AuthError('expired-token', 'the code has expired or was used', { fix: 'Start again.' });
  }
  if (row.denied_at !== null || row.suspended_at !== null) {
    throw new AuthError('access-denied', 'the request was refused');
  }
  if (row.publisher === null || row.role === null) {
    await database
      .prepare('UPDATE device_logins SET polled_at = ? WHERE device_hash = ?')
      .bind(now.toISOString(), hash)
      .run();
    // A quarter for clocks and networks.
    const soonest = Date.parse(row.polled_at ?? '1970-01-01') + POLL_SECONDS * 750;
    if (now.getTime() < soonest) throw new AuthError('slow-down', `ask every ${POLL_SECONDS} s, not sooner`);
    throw new AuthError('authorization-pending', 'nobody has decided yet');
  }
  const request = JSON.parse(row.request) as DeviceRequest;
  const scopes = request.scopes.filter((scope: Scope) => scopesOfRole(row.role!).includes(scope));
  const { made, statements } = await prepareToken(database, row.publisher, { ...request, scopes });
  // The row's end decides who gets the token where a program asks twice at once.
  const [used] = await database.batch([
    database.prepare('DELETE FROM device_logins WHERE device_hash = ?').bind(hash),
  ]);
  if (used?.meta.changes !== 1) {
    throw new AuthError('expired-token', 'the code has expired or was used', { fix: 'Start again.' });
  }
  await database.batch([
    ...statements,
    audit(database, { actor: row.publisher, action: 'device.login', subject: made.id }),
  ]);
  return { publisher: row.publisher, token: made };
}

interface DeviceRow {
  readonly request: string;
  readonly publisher: string | null;
  readonly denied_at: string | null;
  readonly polled_at: string | null;
  readonly expires_at: string;
  readonly role: Role | null;
  readonly suspended_at: string | null;
}

/** 20⁸ codes, each with the same chance: bytes above the last whole multiple of 20 are thrown away. */
function newUserCode(): string {
  let letters = '';
  while (letters.length < CODE_LETTERS) {
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) {
      if (byte < 240 && letters.length < CODE_LETTERS) letters += ALPHABET[byte % ALPHABET.length];
    }
  }
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** A code as people type it: case and separators count for nothing. */
function plainCode(userCode: string): string {
  return userCode.toUpperCase().replaceAll(/[^A-Z]/g, '');
}
