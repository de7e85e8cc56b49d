// Signing in by passkey (WebAuthn): what an authenticator is asked, and whether its answer holds. No attestation is asked for, so
// nothing is learnt of the device.
import type { D1Database } from '@cloudflare/workers-types';
import { sha256 } from '@noble/hashes/sha2.js';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { fromBase64url } from '../../plugins/contract/base64url.ts';
import { audit } from './audit.ts';
import { CHALLENGE_SECONDS, issueChallenge, useChallenge } from './challenges.ts';
import { AuthError } from './error.ts';
import { accountError, checkHandle, findPublisher, type NewAccount } from './publishers.ts';
import type { RelyingParty } from './relying-party.ts';
import type { Credential } from './sign-in.ts';

/** COSE: EdDSA, ECDSA on P-256, and RSA, which Windows' own authenticator makes. */
const ALGORITHMS = [-8, -7, -257];

interface PasskeyRow {
  readonly id: string;
  readonly publisher: string;
  readonly public_key: ArrayLike<number> | ArrayBuffer;
  readonly counter: number;
  readonly transports: string;
}

export interface PasskeyFacts {
  readonly id: string;
  readonly transports: readonly string[];
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

/** Who a new passkey is for: an account that it makes, or a publisher who is known. */
export type Registrant =
  | { readonly account: NewAccount; readonly publisher?: never }
  | { readonly publisher: string; readonly account?: never };

/** What the browser needs to make a passkey. Throws AuthError `auth/handle` for an account that could not be made. */
export async function registrationOptions(
  database: D1Database,
  { origin, id }: RelyingParty,
  { account, publisher }: Registrant,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  if (account !== undefined) {
    checkHandle(account.handle);
    if ((await findPublisher(database, account.handle)) !== undefined) {
      throw new AuthError('handle', 'this handle is taken', {
        where: account.handle,
        fix: 'Choose another.',
      });
    }
  }
  const known = publisher === undefined ? undefined : await findPublisher(database, publisher);
  const { handle, displayName } = account ?? known!;
  const challenge = await issueChallenge(database, {
    purpose: 'register',
    ...(publisher === undefined ? {} : { publisher }),
    ...(account === undefined ? {} : { detail: JSON.stringify(account) }),
  });
  const existing = publisher === undefined ? [] : await listPasskeys(database, publisher);
  return generateRegistrationOptions({
    rpName: `Tincture at ${new URL(origin).host}`,
    rpID: id,
    userName: handle,
    userDisplayName: displayName,
    // As the standard asks, nothing that names a person: an authenticator may show it to anybody.
    userID: Uint8Array.from(sha256(new TextEncoder().encode(`tincture publisher ${handle}`))),
    challenge: challengeBytes(challenge),
    timeout: CHALLENGE_SECONDS * 1000,
    attestationType: 'none',
    excludeCredentials: existing.map((passkey) => ({ id: passkey.id, transports: [...passkey.transports] })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/** A new passkey's answer, checked: whom it is for, and how it is kept. Throws `auth/challenge`, `auth/passkey`. */
export async function verifyRegistration(
  database: D1Database,
  party: RelyingParty,
  response: RegistrationResponseJSON,
): Promise<{ readonly registrant: Registrant; readonly credential: Credential }> {
  const challenge = challengeOf(response.response.clientDataJSON);
  const used = await useChallenge(database, 'register', challenge);
  const { registrationInfo } = await holding(() =>
    verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  );
  const { id, publicKey, counter, transports } = registrationInfo!.credential;
  return {
    registrant:
      used.publisher === null
        ? { account: JSON.parse(used.detail ?? '') as NewAccount }
        : { publisher: used.publisher },
    credential: {
      method: 'passkey',
      id,
      keep: (index, publisher) => [
        index
          .prepare(
            `INSERT INTO passkeys (id, publisher, public_key, counter, transports, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
          )
          .bind(
            id,
            publisher,
            publicKey,
            counter,
            JSON.stringify(transports ?? []),
            new Date().toISOString(),
          ),
      ],
    },
  };
}

/** What the browser needs to ask for a passkey. Any of the registry's: who it is, the passkey tells. */
export async function signInOptions(
  database: D1Database,
  { id }: RelyingParty,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const challenge = await issueChallenge(database, { purpose: 'sign-in' });
  return generateAuthenticationOptions({
    rpID: id,
    challenge: challengeBytes(challenge),
    timeout: CHALLENGE_SECONDS * 1000,
    userVerification: 'required',
  });
}

/** A passkey's answer, checked: whose it is. Throws `auth/challenge`, `auth/passkey`. */
export async function verifySignIn(
  database: D1Database,
  party: RelyingParty,
  response: AuthenticationResponseJSON,
): Promise<{ readonly publisher: string; readonly credential: Credential }> {
  const challenge = challengeOf(response.response.clientDataJSON);
  await useChallenge(database, 'sign-in', challenge);
  const row = await database
    .prepare('SELECT id, publisher, public_key, counter, transports FROM passkeys WHERE id = ?')
    .bind(response.id)
    .first<PasskeyRow>();
  if (row === null) {
    throw new AuthError('passkey', 'the registry does not know this passkey', {
      fix: 'Choose another, or make an account.',
    });
  }
  const { authenticationInfo } = await holding(() =>
    verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: {
        id: row.id,
        publicKey: Uint8Array.from(new Uint8Array(row.public_key)),
        // The library refuses an answer whose counter does not grow: a copied authenticator.
        counter: row.counter,
        transports: JSON.parse(row.transports) as string[],
      },
    }),
  );
  const { newCounter } = authenticationInfo;
  return {
    publisher: row.publisher,
    credential: {
      method: 'passkey',
      id: row.id,
      keep: (index) => [
        index
          .prepare('UPDATE passkeys SET counter = ?, last_used_at = ? WHERE id = ?')
          .bind(newCounter, new Date().toISOString(), row.id),
      ],
    },
  };
}

/** The publisher's passkeys, oldest first. */
export async function listPasskeys(database: D1Database, publisher: string): Promise<PasskeyFacts[]> {
  const { results } = await database
    .prepare(
      'SELECT id, transports, created_at, last_used_at FROM passkeys WHERE publisher = ? ORDER BY created_at, id',
    )
    .bind(publisher)
    .all<{ id: string; transports: string; created_at: string; last_used_at: string | null }>();
  return results.map((row) => ({
    id: row.id,
    transports: JSON.parse(row.transports) as string[],
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** Forgets a passkey, unless it is the publisher's last. Throws `auth/not-found`, `auth/last`. */
export async function removePasskey(database: D1Database, publisher: string, id: string): Promise<void> {
  if (!(await listPasskeys(database, publisher)).some((passkey) => passkey.id === id)) {
    throw new AuthError('not-found', 'you have no such passkey', { where: id });
  }
  await database
    .batch([
      database.prepare('DELETE FROM passkeys WHERE id = ?').bind(id),
      audit(database, { actor: publisher, action: 'passkey.remove', subject: id }),
    ])
    .catch((error: unknown) => {
      throw accountError(error);
    });
}

/** The challenge that an answer was made for, as `issueChallenge` gave it. */
function challengeOf(clientDataJSON: string): string {
  try {
    const text = new TextDecoder().decode(fromBase64url(clientDataJSON));
    const { challenge } = JSON.parse(text) as { challenge?: unknown };
    if (typeof challenge === 'string') return challenge;
  } catch {
    // No JSON: told below.
  }
  throw new AuthError('passkey', 'the answer of the authenticator cannot be read');
}

/** The library spells bytes in base64url, which gives the challenge's text back. */
function challengeBytes(challenge: string): Uint8Array<ArrayBuffer> {
  return fromBase64url(challenge)!;
}

/** What `verify` gives where the answer holds; the library throws, or says false, where it does not. */
async function holding<T extends { readonly verified: boolean }>(verify: () => Promise<T>): Promise<T> {
  let result: T | undefined;
  let cause: unknown;
  try {
    result = await verify();
  } catch (error) {
    cause = error;
  }
  if (result?.verified === true) return result;
  throw new AuthError('passkey', 'the answer of the authenticator does not hold', {
    ...(cause instanceof Error && { found: cause.message, cause }),
    fix: 'Try again.',
  });
}
