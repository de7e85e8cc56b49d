// A publisher for tests: an account, a token and a registered key in a local edge, and requests made as it.

import { encodePng } from '../../../client/formats/png.ts';
import { storeFloat32, writeSafetensors } from '../../../client/formats/safetensors.ts';
import { tensor } from '../../../client/tensor/tensor.ts';
import { base64url } from '../../../plugins/contract/base64url.ts';
import { cardDigest, cardOf, withCardSection } from '../../../plugins/contract/card-section.ts';
import { EMBEDDING_TENSOR } from '../../../plugins/contract/embedding.ts';
import { keyIdOf, signManifest } from '../../../plugins/contract/signature.ts';
import type { StyleManifest } from '../../../plugins/contract/style.ts';
import type { LocalEdge } from '../../../worker/serve.ts';
import { type BlobType, digestOf } from '../../../worker/storage/blob-store.ts';
import { SAMPLE_STYLE } from '../../contract/sample-style.ts';
import { addPublisher, addToken } from '../auth/account.ts';

export interface TestPublisher {
  readonly handle: string;
  readonly keyId: string;
  readonly token: string;
  /** `fetch` with the publisher's token. */
  send(
    method: string,
    path: string,
    body?: BodyInit | object,
    headers?: Record<string, string>,
  ): Promise<Response>;
  sign(manifest: unknown): Promise<string>;
  put(bytes: Uint8Array<ArrayBuffer>, type?: BlobType): Promise<{ sha256: string; size: number }>;
  /** Signs and posts a manifest; `change` spoils the request. */
  submit(manifest: unknown, change?: object): Promise<Response>;
}

export async function testPublisher(
  edge: LocalEdge,
  handle: string,
  role: 'publisher' | 'administrator' = 'publisher',
): Promise<TestPublisher> {
  await addPublisher(edge, handle, role);
  const { token, headers: credentials } = await addToken(edge, handle, ['publish', 'yank', 'admin']);
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const keyId = keyIdOf(publicKey);
  await edge.stores.database
    .prepare('INSERT INTO signing_keys (id, publisher, public_key, name, created_at) VALUES (?, ?, ?, ?, ?)')
    .bind(keyId, handle, base64url(publicKey), 'test', new Date().toISOString())
    .run();
  const send: TestPublisher['send'] = (method, path, body, headers = {}) => {
    const isJson = typeof body === 'object' && Object.getPrototypeOf(body) === Object.prototype;
    return fetch(edge.url + path, {
      method,
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as BodyInit) }),
      headers: { ...credentials, ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
    });
  };
  const sign = (manifest: unknown) => signManifest(manifest, pair.privateKey);
  return {
    handle,
    keyId,
    token,
    send,
    sign,
    async put(bytes, type = 'application/octet-stream') {
      const sha256 = await digestOf(bytes);
      const answer = await send('PUT', `/v1/blobs/${sha256}`, bytes, { 'content-type': type });
      if (!answer.ok) throw new Error(await answer.text());
      return { sha256, size: bytes.length };
    },
    async submit(manifest, change = {}) {
      const signature = await sign(manifest);
      return send('POST', '/v1/styles', { manifest: manifest as object, signature, keyId, ...change });
    },
  };
}

/** Weights of one tensor that holds `value`, so that other values are other blobs. */
export function weightsOf(value: number): Uint8Array<ArrayBuffer> {
  return writeSafetensors(new Map([['x', storeFloat32(tensor([1], Float32Array.of(value)))]]));
}

/** Weights of an embedding: the one tensor that they hold. */
export function embeddingOf(vectors: number, width: number): Uint8Array<ArrayBuffer> {
  return writeSafetensors(new Map([[EMBEDDING_TENSOR, storeFloat32(tensor([vectors, width]))]]));
}

/** A preview of `side` × 1 pixels. */
export function previewOf(side: number): Uint8Array<ArrayBuffer> {
  return encodePng({ width: side, height: 1, pixels: new Uint8ClampedArray(side * 4).fill(255) });
}

/** The sample with other fields; `blobs` has to be given where the sample's will not do. */
export function styleOf(change: Partial<StyleManifest>): StyleManifest {
  return { ...SAMPLE_STYLE, ...change };
}

/** The module as packed with the style's card. */
export function packed(wasm: Uint8Array<ArrayBuffer>, style: StyleManifest): Uint8Array<ArrayBuffer> {
  return withCardSection(wasm, cardDigest(cardOf(style)));
}
