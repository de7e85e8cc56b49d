// Access tokens and their scopes: how a token is spelt, so that a mistyped one is told from a revoked one before it travels.
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { base64url } from './base64url.ts';

/** What a token may be allowed. `admin` only with an administrator's role. */
export const SCOPES = ['publish', 'yank', 'admin'] as const;
export const scopeSchema = z.enum(SCOPES).meta({ id: 'Scope' });
export type Scope = (typeof SCOPES)[number];
/** What a token is asked for: one scope at least, each once. */
export const scopesSchema = z
  .array(scopeSchema)
  .min(1)
  .max(SCOPES.length)
  .refine((scopes) => new Set(scopes).size === scopes.length, 'must not repeat a scope');

/** Days until a token ends. */
export const DEFAULT_TOKEN_DAYS = 90;
export const MAX_TOKEN_DAYS = 365;

/** So that scanners for secrets find tokens in places where none belongs. */
const PREFIX = 'tinc_';
const SECRET_BYTES = 32;
/** Of the SHA-256 over prefix and secret: one mistyped token in 2³² passes. */
const CHECKSUM_BYTES = 4;
/** 32 bytes are 43 characters of base64url, 4 are 6. */
const SHAPE = /^tinc_[A-Za-z0-9_-]{49}$/;

/** A new token: `tinc_`, 32 random bytes in base64url, and a checksum. */
export function newToken(): string {
  const spelt = PREFIX + base64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  return spelt + checksum(spelt);
}

/** Whether `text` is spelt as a token, checksum included; it may still be unknown, expired or revoked. */
export function isTokenSpelling(text: string): boolean {
  return SHAPE.test(text) && checksum(text.slice(0, 48)) === text.slice(48);
}

function checksum(spelt: string): string {
  return base64url(sha256(new TextEncoder().encode(spelt)).subarray(0, CHECKSUM_BYTES));
}
