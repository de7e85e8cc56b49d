// Secrets that the worker gives out, and what it keeps of them: a SHA-256, so that a stolen index opens nothing.
import { base64url } from '../../plugins/contract/base64url.ts';
import { digestOf } from '../storage/blob-store.ts';

/** 32 random bytes, base64url. */
export function newSecret(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/**
 * SHA-256 of a secret, in hexadecimal. Secrets are looked up by it: the time that an index takes to find a hash tells nothing of
 * the secret, because who does not know the secret cannot choose its hash. They have 256 random bits, so no salt or
 * slow hash is needed.
 */
export function hashOf(secret: string): Promise<string> {
  return digestOf(Uint8Array.from(new TextEncoder().encode(secret)));
}
