// Who asks: a publisher with a token or a session, or nobody; and the guards of the routes that need somebody.
import type { Context, MiddlewareHandler } from 'hono';
import { isTokenSpelling, SCOPES, type Scope } from '../../plugins/contract/token.ts';
import type { Environment } from '../environment.ts';
import { AuthError } from './error.ts';
import { checkSameOrigin } from './same-origin.ts';
import { hashOf } from './secret.ts';
import { readSessionCookie } from './session-cookie.ts';

export type { Scope } from '../../plugins/contract/token.ts';

export type Role = 'publisher' | 'administrator';

export interface Caller {
  /** The handle. */
  readonly publisher: string;
  readonly role: Role;
  readonly via: 'session' | 'token';
  /** Where `via` is `token`. */
  readonly tokenId?: string;
  /** Never `admin` for who is no administrator (any more). */
  readonly scopes: ReadonlySet<Scope>;
}

/** `last_used_at` is written when it is older than this, so that a token's use costs a write an hour at most. */
const LAST_USED_MS = 3_600_000;

interface TokenRow {
  readonly id: string;
  readonly publisher: string;
  readonly role: Role;
  readonly scopes: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
  readonly suspended_at: string | null;
}

interface SessionRow {
  readonly publisher: string;
  readonly role: Role;
  readonly expires_at: string;
  readonly suspended_at: string | null;
}

/**
 * For every route: sets `caller` where the request has a token. A token that is wrong, expired or revoked is an AuthError (401)
 * even where nobody would do, because its sender believes to be somebody. Cookies are left to `requireCaller`:
 * public answers are the same for all, may be cached, and cost no look-up.
 */
export const authenticate: MiddlewareHandler<Environment> = async (c, next) => {
  const header = c.req.header('authorization');
  if (header !== undefined) c.set('caller', await callerOfToken(c, header));
  await next();
};

/** For routes that somebody must call, with a token or signed in. Else AuthError `auth/required` (401). */
export const requireCaller: MiddlewareHandler<Environment> = async (c, next) => {
  await knownCaller(c);
  await next();
};

/**
 * For routes that ask for a scope: AuthError `auth/required` (401) from nobody, `auth/scope` (403) where the credentials do not
 * reach. Whether a style is the caller's own is the route's to check.
 */
export function requireScope(scope: Scope): MiddlewareHandler<Environment> {
  return async (c, next) => {
    const caller = await knownCaller(c);
    if (!caller.scopes.has(scope)) {
      throw new AuthError('scope', 'the credentials do not allow this', {
        expected: `scope ${scope}`,
        found: [...caller.scopes].join(', ') || 'no scope',
        fix:
          scope === 'admin'
            ? 'Only administrators can do this.'
            : `Make a token with the scope ${scope}, or sign in.`,
      });
    }
    await next();
  };
}

/** For routes that only a person may call: those that make tokens and keys, which a token must not. Else 401 or 403. */
export const requireSession: MiddlewareHandler<Environment> = async (c, next) => {
  await sessionCaller(c);
  await next();
};

/** The person who is signed in; `requireSession` for routes that ask only now and then. */
export async function sessionCaller(c: Context<Environment>): Promise<Caller> {
  const caller = await knownCaller(c);
  if (caller.via !== 'session') {
    throw new AuthError('scope', 'a token cannot do this', {
      expected: 'a session',
      found: 'a token',
      fix: 'Sign in with a passkey.',
    });
  }
  return caller;
}

/** The caller of a guarded route. */
export function callerOf(c: Context<Environment>): Caller {
  const caller = c.get('caller');
  if (caller === undefined) throw missing();
  return caller;
}

/** Scopes that a role can have at all. */
export function scopesOfRole(role: Role): readonly Scope[] {
  return SCOPES.filter((scope) => scope !== 'admin' || role === 'administrator');
}

async function knownCaller(c: Context<Environment>): Promise<Caller> {
  const caller = c.get('caller') ?? (await callerOfSession(c));
  if (caller === undefined) throw missing();
  c.set('caller', caller);
  return caller;
}

function missing(): AuthError {
  return new AuthError('required', 'this needs credentials', {
    expected: 'Authorization: Bearer with a token, or a session',
    fix: 'Run `tincture login`, or sign in in the studio.',
  });
}

async function callerOfToken(c: Context<Environment>, header: string): Promise<Caller> {
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined || !isTokenSpelling(token)) {
    throw new AuthError('token-unknown', 'the Authorization header holds no token of a registry', {
      expected: 'Bearer tinc_…',
      fix: 'Check that the whole token was copied.',
    });
  }
  const { database } = c.get('stores');
  const row = await database
    .prepare(
      `SELECT t.id, t.publisher, t.scopes, t.expires_at, t.revoked_at, t.last_used_at, p.role, p.suspended_at
       FROM tokens t JOIN publishers p ON p.handle = t.publisher WHERE t.hash = ?`,
    )
    .bind(await hashOf(token))
    .first<TokenRow>();
  if (row === null) {
    throw new AuthError('token-unknown', 'the registry does not know this token', {
      fix: 'Check the address of the registry, or make a new token.',
    });
  }
  const now = new Date().toISOString();
  if (row.revoked_at !== null) {
    throw new AuthError('token-revoked', 'this token was revoked', { found: row.revoked_at, fix: NEW_TOKEN });
  }
  if (row.expires_at <= now) {
    throw new AuthError('token-expired', 'this token has expired', { found: row.expires_at, fix: NEW_TOKEN });
  }
  checkActive(row.suspended_at);
  if (row.last_used_at === null || Date.parse(now) - Date.parse(row.last_used_at) > LAST_USED_MS) {
    await database.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?').bind(now, row.id).run();
  }
  const granted = JSON.parse(row.scopes) as Scope[];
  const scopes = new Set(scopesOfRole(row.role).filter((scope) => granted.includes(scope)));
  return { publisher: row.publisher, role: row.role, via: 'token', tokenId: row.id, scopes };
}

const NEW_TOKEN = 'Make a new one: `tincture login`.';

async function callerOfSession(c: Context<Environment>): Promise<Caller | undefined> {
  const secret = readSessionCookie(c);
  if (secret === undefined) return undefined;
  checkSameOrigin(c);
  const row = await c
    .get('stores')
    .database.prepare(
      `SELECT s.publisher, s.expires_at, p.role, p.suspended_at
       FROM sessions s JOIN publishers p ON p.handle = s.publisher WHERE s.hash = ?`,
    )
    .bind(await hashOf(secret))
    .first<SessionRow>();
  if (row === null || row.expires_at <= new Date().toISOString()) {
    throw new AuthError('session-ended', 'the session has ended', { fix: 'Sign in again.' });
  }
  checkActive(row.suspended_at);
  return {
    publisher: row.publisher,
    role: row.role,
    via: 'session',
    scopes: new Set(scopesOfRole(row.role)),
  };
}

function checkActive(suspendedAt: string | null): void {
  if (suspendedAt === null) return;
  throw new AuthError('suspended', 'an administrator has suspended this publisher', {
    found: `suspended since ${suspendedAt}`,
  });
}
