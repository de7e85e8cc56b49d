// Signatures of style manifests: Ed25519 over the UTF-8 bytes of canonical JSON, by WebCrypto, the same in every home.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64url, fromBase64url } from './base64url.ts';
import { canonicalJson } from './canonical-json.ts';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** How a signature is spelt: `SIGNATURE_BYTES` in base64url. */
export const SIGNATURE_PATTERN = /^[A-Za-z0-9_-]{86}$/;
/** Hexadecimal digits of a key's id. */
const KEY_ID_DIGITS = 16;

/** The id of a raw public key: the first 16 hexadecimal digits of its SHA-256. */
export function keyIdOf(publicKey: Uint8Array): string {
  return bytesToHex(sha256(publicKey)).slice(0, KEY_ID_DIGITS);
}

/** The signature over a manifest in base64url. `privateKey` is an Ed25519 key of WebCrypto that may sign. */
export async function signManifest(manifest: unknown, privateKey: CryptoKey): Promise<string> {
  const signature = await crypto.subtle.sign('Ed25519', privateKey, signedBytes(manifest));
  return base64url(new Uint8Array(signature));
}

/**
 * Whether `signature` (base64url) over the manifest was made with the private half of `publicKey` (raw, 32 bytes). False for
 * whatever is not a signature or a key; throws only where the manifest has no canonical JSON.
 */
export async function verifyManifest(
  manifest: unknown,
  signature: string,
  publicKey: Uint8Array,
): Promise<boolean> {
  const bytes = signedBytes(manifest);
  const made = fromBase64url(signature);
  if (made?.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_KEY_BYTES) return false;
  try {
    const key = await crypto.subtle.importKey('raw', Uint8Array.from(publicKey), 'Ed25519', false, [
      'verify',
    ]);
    return await crypto.subtle.verify('Ed25519', key, made, bytes);
  } catch {
    // WebCrypto throws for points that are not on the curve: no key, so no signature of it.
    return false;
  }
}

function signedBytes(manifest: unknown): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(utf8ToBytes(canonicalJson(manifest)));
}
