// The registry's client: finds styles and models by name, and brings their blobs, checked, into the cache.
import type { z } from 'zod';
import type { StyleKind } from '../../plugins/contract/style.ts';
import type { BlobCache } from '../cache/blob-cache.ts';
import { CacheError } from '../cache/error.ts';
import {
  type BlobReference,
  type ModelPage,
  modelAnswer,
  modelPageAnswer,
  type RegistryModel,
  type RegistryStyle,
  type StylePage,
  styleAnswer,
  stylePageAnswer,
} from './answers.ts';
import { download } from './download.ts';
import { RegistryError } from './error.ts';
import { createRequester } from './request.ts';

export interface StyleQuery {
  /** Words that must all occur. */
  readonly text?: string;
  readonly architecture?: string;
  readonly contextWidth?: number;
  /** Default: both. */
  readonly kind?: StyleKind;
  /** 1 … 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

export type ModelQuery = Omit<StyleQuery, 'contextWidth' | 'kind'>;

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

export interface FetchBlobOptions extends RequestOptions {
  /** Bytes done and in all. A blob out of the cache calls it once, with all done. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Registry {
  readonly url: string;
  searchStyles(query?: StyleQuery, options?: RequestOptions): Promise<StylePage>;
  listModels(query?: ModelQuery, options?: RequestOptions): Promise<ModelPage>;
  /** `range`: an exact version, a semver range, or `latest` (the default). */
  resolveStyle(name: string, range?: string, options?: RequestOptions): Promise<RegistryStyle>;
  resolveModel(name: string, range?: string, options?: RequestOptions): Promise<RegistryModel>;
  /** The blob out of the cache, or downloaded, checked and kept. Aborting keeps nothing. */
  fetchBlob(blob: BlobReference, options?: FetchBlobOptions): Promise<Blob>;
}

export interface RegistryOptions {
  readonly cache: BlobCache;
  /** For tests and for runtimes with their own fetch. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * A client of the registry at `baseUrl`, an http or https origin. Every method throws RegistryError: `registry/network`,
 * `registry/not-found`, `registry/refused` with the problem's own words, `registry/answer`, `registry/digest`;
 * `fetchBlob` also `cache/quota`. An aborted call rejects with the signal's reason.
 */
export function createRegistry(
  baseUrl: string,
  { cache, fetch = globalThis.fetch }: RegistryOptions,
): Registry {
  const requester = createRequester(baseUrl, { fetch });
  const { base } = requester;
  const get = <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal | undefined) =>
    requester.json(path, schema, { signal });

  return {
    url: base.href,
    searchStyles(query = {}, { signal } = {}) {
      return get(`v1/styles${searchParameters(query)}`, stylePageAnswer, signal);
    },
    listModels(query = {}, { signal } = {}) {
      return get(`v1/models${searchParameters(query)}`, modelPageAnswer, signal);
    },
    resolveStyle(name, range = 'latest', { signal } = {}) {
      return get(`v1/styles/${encodeURIComponent(name)}/${encodeURIComponent(range)}`, styleAnswer, signal);
    },
    resolveModel(name, range = 'latest', { signal } = {}) {
      return get(`v1/models/${encodeURIComponent(name)}/${encodeURIComponent(range)}`, modelAnswer, signal);
    },
    async fetchBlob(blob, { signal, onProgress } = {}) {
      signal?.throwIfAborted();
      const kept = await cache.get(blob.sha256);
      if (kept !== undefined && kept.size === blob.size) {
        onProgress?.(blob.size, blob.size);
        return kept;
      }
      const url = new URL(blob.url, base).href;
      const stream = download(url, blob, (response) => requester.refusal(url, response), {
        fetch: requester.fetch,
        signal,
        onProgress,
      });
      try {
        return await cache.put(blob.sha256, blob.size, stream);
      } catch (error) {
        if (!(error instanceof CacheError) || error.code === 'cache/quota') throw error;
        throw new RegistryError('digest', 'the bytes are not those that the registry named', {
          where: url,
          cause: error,
          fix: 'Try again; if that fails too, the registry is damaged or lies.',
        });
      }
    },
  };
}

function searchParameters({ text, architecture, contextWidth, kind, limit, cursor }: StyleQuery): string {
  const all = { q: text, architecture, width: contextWidth, kind, limit, cursor };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  const parameters = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return parameters.size === 0 ? '' : `?${parameters}`;
}
