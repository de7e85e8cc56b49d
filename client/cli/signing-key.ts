// The key that this user signs styles with: Ed25519, made on this machine, its private half in one file that only the user can read.
import { base64url, fromBase64url } from '../../plugins/contract/base64url.ts';
import { TinctureError } from '../../plugins/contract/error.ts';
import { keyIdOf, signManifest } from '../../plugins/contract/signature.ts';
import { configFolder, readPrivate, writePrivate } from './private-files.ts';

/** PKCS #8 in PEM, in the folder of private files. */
const FILE = 'signing-key.pem';
const LABEL = 'PRIVATE KEY';

export interface SigningKey {
  /** 16 hexadecimal digits; the registry knows the key by it. */
  readonly id: string;
  /** The raw 32 bytes, base64url. */
  readonly publicKey: string;
  /** The signature over a style's manifest, base64url. */
  sign(manifest: unknown): Promise<string>;
}

/** The user's key; `undefined` where none has been made. Throws `cli/signing-key` for a file that is no such key. */
export async function readSigningKey(): Promise<SigningKey | undefined> {
  const pem = await readPrivate(FILE);
  return pem === undefined ? undefined : signingKeyOf(pem);
}

/** The user's key, made now where there is none yet. */
export async function ensureSigningKey(): Promise<SigningKey> {
  const kept = await readSigningKey();
  if (kept !== undefined) return kept;
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const pem = pemOf(new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey)));
  await writePrivate(FILE, pem);
  return signingKeyOf(pem);
}

async function signingKeyOf(pem: string): Promise<SigningKey> {
  const body = new RegExp(`^-----BEGIN ${LABEL}-----\\s+([A-Za-z0-9+/=\\s]+)-----END ${LABEL}-----\\s*$`);
  const base64 = body.exec(pem)?.[1]?.replaceAll(/\s/g, '');
  let key: CryptoKey;
  let publicKey: Uint8Array | undefined;
  try {
    const pkcs8 = Uint8Array.from(Buffer.from(base64 ?? '', 'base64'));
    key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
    publicKey = fromBase64url((await crypto.subtle.exportKey('jwk', key)).x ?? '');
  } catch (cause) {
    throw broken(cause);
  }
  if (publicKey === undefined) throw broken(undefined);
  // Only the copy that signs stays, and it cannot be read out again.
  const signer = await crypto.subtle.importKey(
    'pkcs8',
    await crypto.subtle.exportKey('pkcs8', key),
    'Ed25519',
    false,
    ['sign'],
  );
  return {
    id: keyIdOf(publicKey),
    publicKey: base64url(publicKey),
    sign: (manifest) => signManifest(manifest, signer),
  };
}

function pemOf(pkcs8: Uint8Array): string {
  const lines =
    Buffer.from(pkcs8)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${LABEL}-----\n${lines.join('\n')}\n-----END ${LABEL}-----\n`;
}

function broken(cause: unknown): TinctureError {
  return new TinctureError('cli/signing-key', 'the file is no Ed25519 key', {
    where: `${configFolder()}/${FILE}`,
    expected: 'PKCS #8 in PEM',
    fix: 'Put the right file back, or move this one away and run `tincture login` for a new key.',
    ...(cause === undefined ? {} : { cause }),
  });
}
