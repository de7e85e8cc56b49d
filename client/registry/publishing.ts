// Publishing to a registry: blobs first, small ones at once and large ones in parts, then the signed version. Every step may be
// made again: who is interrupted anywhere publishes once more, and what has arrived is not sent twice.
import { z } from 'zod';
import type { StyleManifest } from '../../plugins/contract/style.ts';
import type { ByteSource } from '../formats/entry.ts';
import { RegistryError } from './error.ts';
import { createRequester, type JsonRequest, type RequesterOptions } from './request.ts';
import { patiently, type Retry } from './retry.ts';

/** Blobs up to this size go in one request; the parts of larger ones are as large. */
export const SINGLE_BYTES = 16 * 2 ** 20;
/** Rounds of sending what the registry misses: it collects what nothing uses, also while somebody publishes it. */
const MAX_ROUNDS = 3;

const submitted = z.object({
  outcome: z.enum(['published', 'unchanged']),
  name: z.string(),
  version: z.string(),
  url: z.string().max(2048),
});
const upload = z.object({
  id: z.string().max(100),
  partSize: z.int().min(1),
  parts: z
    .array(
      z.object({ part: z.int().min(1), size: z.int().min(1), stored: z.boolean(), url: z.url().optional() }),
    )
    .max(1000),
});
const begun = z.union([upload, z.object({ stored: z.enum(['stored', 'present']) })]);
const anything = z.unknown();
const quota = z.object({ used: z.number(), limit: z.number() });
const quotas = z.object({
  styles: quota,
  dailyVersions: quota,
  storedBytes: quota,
  openUploads: quota,
});

export type Submitted = z.infer<typeof submitted>;
export type Quotas = z.infer<typeof quotas>;

/** A style in hand: `openStyleFile` gives one. */
export interface StyleInHand {
  readonly manifest: StyleManifest;
  blob(sha256: string): ByteSource;
}

/** A key that the publisher has registered. */
export interface Signer {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** Base64url over the manifest's canonical JSON. */
  sign(manifest: unknown): Promise<string>;
}

export interface PublishProgress {
  readonly stage: 'looking' | 'uploading' | 'publishing' | 'waiting';
  /** For people; `waiting` says why. */
  readonly message: string;
  /** Bytes of all blobs that are there by now, and in all. */
  readonly done: number;
  readonly total: number;
}

export interface PublishOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PublishProgress) => void;
}

export interface BlobToSend {
  readonly sha256: string;
  readonly size: number;
  readonly type: 'image/png' | 'application/octet-stream';
}

export type Publishing = ReturnType<typeof createPublishing>;

/** The blobs that a manifest names, each once. */
export function blobsOf({ blobs }: StyleManifest): readonly BlobToSend[] {
  const { weights, moreWeights = [], plugin, previews } = blobs;
  const found = new Map<string, BlobToSend>();
  for (const blob of [weights, ...moreWeights, plugin]) {
    if (blob !== null) found.set(blob.sha256, { ...blob, type: 'application/octet-stream' });
  }
  for (const blob of previews) found.set(blob.sha256, { ...blob, type: 'image/png' });
  return [...found.values()];
}

/**
 * Publishing at the registry `baseUrl`, with a token, or with the session of a page that the registry itself serves. Methods throw
 * RegistryError, whose `problemCode` tells refusals apart, such as `registry/version-order`; an aborted call rejects with the
 * signal's reason, and what has arrived stays for the next try.
 */
export function createPublishing(baseUrl: string, options: RequesterOptions & Retry = {}) {
  const requester = createRequester(baseUrl, options);
  const { base, json } = requester;
  const authorization: Record<string, string> =
    options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  const part = encodeURIComponent;

  /** A request with a body of bytes; gives the answer's headers. */
  const put = async (
    url: string,
    body: Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Headers> => {
    let response: Response;
    try {
      response = await requester.fetch(url, {
        method: 'PUT',
        body,
        headers,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new RegistryError('network', 'the connection broke', { where: url, cause });
    }
    if (!response.ok) throw await requester.refusal(url, response);
    await response.body?.cancel();
    return response.headers;
  };

  const isThere = async (sha256: string, signal: AbortSignal | undefined): Promise<boolean> => {
    const url = new URL(`v1/blobs/${sha256}`, base).href;
    try {
      // What a cache remembers of the blob may have been collected since.
      const response = await requester.fetch(url, {
        method: 'HEAD',
        cache: 'no-store',
        ...(signal === undefined ? {} : { signal }),
      });
      if (response.ok) return true;
      if (response.status === 404) return false;
      throw await requester.refusal(url, response);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof RegistryError) throw cause;
      throw new RegistryError('network', 'the registry cannot be reached', { where: url, cause });
    }
  };

  const sendParts = async (
    blob: BlobToSend,
    source: ByteSource,
    retry: Retry,
    signal: AbortSignal | undefined,
    onBytes: (done: number) => void,
  ): Promise<void> => {
    const { sha256, size, type } = blob;
    const request = (): JsonRequest => ({ method: 'POST', body: { sha256, size, type }, signal });
    const answer = await patiently(() => json('v1/uploads', begun, request()), retry, signal);
    if ('stored' in answer) return;
    const told: { part: number; etag: string }[] = [];
    let direct = true;
    let done = 0;
    for (const { part: number, size: bytes, stored, url } of answer.parts) {
      if (!stored) {
        const body = await source.read((number - 1) * answer.partSize, bytes);
        const etag = direct && url !== undefined ? await sendDirectly(url, body, signal) : undefined;
        if (etag !== undefined) told.push({ part: number, etag });
        else {
          // Storage out of reach, as by its rules for other origins: all parts then go through the registry.
          direct = false;
          const to = new URL(`v1/uploads/${part(answer.id)}/${number}`, base).href;
          await patiently(
            () => put(to, body, { ...authorization, 'content-type': 'application/octet-stream' }, signal),
            retry,
            signal,
          );
        }
      }
      done += bytes;
      onBytes(done);
    }
    const complete = `v1/uploads/${part(answer.id)}/complete`;
    await patiently(
      () => json(complete, anything, { method: 'POST', body: { parts: told }, signal }),
      retry,
      signal,
    );
  };

  const sendDirectly = async (
    url: string,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> => {
    try {
      return (await put(url, body, {}, signal)).get('etag')?.replaceAll('"', '') ?? undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RegistryError) return undefined;
      throw error;
    }
  };

  const sendBlob = async (
    blob: BlobToSend,
    source: ByteSource,
    retry: Retry,
    signal: AbortSignal | undefined,
    onBytes: (done: number) => void,
  ): Promise<void> => {
    if (blob.size > SINGLE_BYTES) {
      try {
        await sendParts(blob, source, retry, signal, onBytes);
      } catch (error) {
        // Finished by a request whose answer was lost, or given up by the clock: beginning again tells which.
        if (!(error instanceof RegistryError) || error.code !== 'registry/not-found') throw error;
        await sendParts(blob, source, retry, signal, onBytes);
      }
      return;
    }
    const body = await source.read(0, blob.size);
    const url = new URL(`v1/blobs/${blob.sha256}`, base).href;
    const headers = { ...authorization, 'content-type': blob.type };
    await patiently(() => put(url, body, headers, signal), retry, signal);
    onBytes(blob.size);
  };

  return {
    /** Which blobs of a style the registry lacks. */
    async missing(manifest: StyleManifest, signal?: AbortSignal): Promise<readonly BlobToSend[]> {
      const missing: BlobToSend[] = [];
      for (const blob of blobsOf(manifest)) {
        if (!(await patiently(() => isThere(blob.sha256, signal), options, signal))) missing.push(blob);
      }
      return missing;
    },

    /** Publishes a style, or finds that it is published already. */
    async publish(
      style: StyleInHand,
      signer: Signer,
      { signal, onProgress }: PublishOptions = {},
    ): Promise<Submitted> {
      const { manifest } = style;
      const blobs = blobsOf(manifest);
      const total = blobs.reduce((sum, { size }) => sum + size, 0);
      let done = 0;
      const tell = (stage: PublishProgress['stage'], message: string, more = 0): void =>
        onProgress?.({ stage, message, done: done + more, total });
      const retry: Retry = {
        ...options,
        onWait: (error, seconds) => tell('waiting', `${error.detail}; trying again in ${seconds} s`),
      };
      const signature = await signer.sign(manifest);
      const body = { manifest, signature, keyId: signer.id };
      for (let round = 1; ; round++) {
        done = 0;
        for (const blob of blobs) {
          signal?.throwIfAborted();
          tell('looking', 'asking what the registry has');
          if (!(await patiently(() => isThere(blob.sha256, signal), retry, signal))) {
            tell('uploading', 'uploading');
            await sendBlob(blob, style.blob(blob.sha256), retry, signal, (sent) =>
              tell('uploading', 'uploading', sent),
            );
          }
          done += blob.size;
        }
        tell('publishing', 'publishing; the registry checks the style');
        try {
          return await patiently(
            () => json('v1/styles', submitted, { method: 'POST', body, signal }),
            retry,
            signal,
          );
        } catch (error) {
          const missing = error instanceof RegistryError && error.problemCode === 'registry/missing-blob';
          if (!missing || round === MAX_ROUNDS) throw error;
        }
      }
    },

    /** Hides a version, or with `reason` undefined shows it again. */
    yank: (name: string, version: string, reason: string | undefined) =>
      json(
        `v1/styles/${part(name)}/${part(version)}/yank`,
        z.object({ outcome: z.enum(['changed', 'unchanged']) }),
        reason === undefined ? { method: 'DELETE' } : { method: 'PUT', body: { reason } },
      ),

    owners: async (name: string) => (await json(`v1/styles/${part(name)}/owners`, ownersAnswer)).owners,
    addOwner: async (name: string, handle: string) =>
      (await json(`v1/styles/${part(name)}/owners/${part(handle)}`, ownersAnswer, { method: 'PUT' })).owners,
    removeOwner: async (name: string, handle: string) =>
      (await json(`v1/styles/${part(name)}/owners/${part(handle)}`, ownersAnswer, { method: 'DELETE' }))
        .owners,

    quotas: () => json('v1/quota', quotas),
  };
}

const ownersAnswer = z.object({ owners: z.array(z.string()) });
