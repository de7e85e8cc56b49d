// The key that a page signs styles with: made in this browser, kept in IndexedDB, its private half readable by nobody.
import { fromBase64url } from '../../plugins/contract/base64url.ts';
import { TinctureError } from '../../plugins/contract/error.ts';
import { keyIdOf, signManifest } from '../../plugins/contract/signature.ts';
import type { Signer } from './publishing.ts';

const DATABASE = 'tincture-keys';
const STORE = 'signing';

export interface BrowserKey extends Signer {
  /** The raw 32 bytes, base64url. */
  readonly publicKey: string;
}

/** The key of publisher `handle` in this browser; made now where there is none. Throws `key/unsupported` or `key/storage`. */
export async function openBrowserKey(handle: string): Promise<BrowserKey> {
  const kept = await transact<CryptoKeyPair | undefined>('readonly', (store) => store.get(handle));
  return signerOf(kept ?? (await renew(handle)));
}

/** A new key in the place of the one before, for who has revoked that. */
export async function renewBrowserKey(handle: string): Promise<BrowserKey> {
  return signerOf(await renew(handle));
}

async function renew(handle: string): Promise<CryptoKeyPair> {
  let pair: CryptoKeyPair;
  try {
    // Not extractable: a script that got into the page could sign while it runs, but not take the key away.
    pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  } catch (cause) {
    throw new TinctureError('key/unsupported', 'this browser cannot sign with Ed25519', {
      fix: 'Update the browser, or publish with `tincture publish`.',
      cause,
    });
  }
  await transact('readwrite', (store) => store.put(pair, handle));
  return pair;
}

async function signerOf({ privateKey, publicKey }: CryptoKeyPair): Promise<BrowserKey> {
  const spelt = (await crypto.subtle.exportKey('jwk', publicKey)).x ?? '';
  return {
    id: keyIdOf(fromBase64url(spelt) ?? new Uint8Array()),
    publicKey: spelt,
    sign: (manifest) => signManifest(manifest, privateKey),
  };
}

async function transact<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  try {
    const database = await settled<IDBDatabase>(opening());
    try {
      return await settled<T>(ask(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new TinctureError('key/storage', 'this browser keeps no signing key', {
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'Allow this site to store data, or publish with `tincture publish`.',
      cause,
    });
  }
}

function opening(): IDBOpenDBRequest {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return request;
}

function settled<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error);
  });
}
