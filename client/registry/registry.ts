// The registry's client: finds styles and models by name, and brings their blobs, checked, into the cache.
import type { z } from 'zod';
import type { BlobCache } from '../cache/blob-cache.ts';
import { CacheError } from '../cache/error.ts';
import {
  type BlobReference,
  type ModelPage,
  modelAnswer,
  modelPageAnswer,
  problemAnswer,
  type RegistryModel,
  type RegistryStyle,
  type StylePage,
  styleAnswer,
  stylePageAnswer,
} from './answers.ts';
import { download } from './download.ts';
import { RegistryError } from './error.ts';

/** Bytes of one JSON answer: a full page of the largest manifests. */
export const MAX_ANSWER_BYTES = 16 * 2 ** 20;

export interface StyleQuery {
  /** Words that must all occur. */
  readonly text?: string;
  readonly architecture?: string;
  readonly contextWidth?: number;
  /** 1 … 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
}

export type ModelQuery = Omit<StyleQuery, 'contextWidth'>;

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
  const base = parseBase(baseUrl);
  // A bare reference would be called with another `this` than window, which browsers refuse.
  const send: typeof globalThis.fetch = (input, init) => fetch(input, init);

  const get = async <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal | undefined): Promise<T> => {
    const url = new URL(path, base).href;
    let text: string;
    try {
      const response = await send(url, {
        headers: { accept: 'application/json' },
        ...(signal === undefined ? {} : { signal }),
      });
      if (!response.ok) throw await refusal(url, response);
      text = await boundedText(url, response);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RegistryError) throw error;
      throw unreachable(url, error);
    }
    const parsed = schema.safeParse(parseJson(url, text));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new RegistryError('answer', 'the answer is not what the interface says', {
      where: url,
      found: `${issue?.path.join('.')}: ${issue?.message}`,
    });
  };

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
      const stream = download(url, blob, (response) => refusal(url, response), {
        fetch: send,
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

function parseBase(baseUrl: string): URL {
  const base = URL.parse(baseUrl);
  const isWeb = base?.protocol === 'https:' || base?.protocol === 'http:';
  // The answers name blobs by paths from the root, so a registry has an origin of its own.
  if (base !== null && isWeb && base.href === `${base.origin}/`) return base;
  throw new RegistryError('network', 'not the address of a registry', {
    where: baseUrl,
    expected: 'an http or https origin, such as https://example.com',
  });
}

function searchParameters({ text, architecture, contextWidth, limit, cursor }: StyleQuery): string {
  const all = { q: text, architecture, width: contextWidth, limit, cursor };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  const parameters = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

/** The error of an answer that is no success, in the words of its problem document if it has one. */
async function refusal(url: string, response: Response): Promise<RegistryError> {
  const text = await boundedText(url, response).catch(() => '');
  const parsed = problemAnswer.safeParse(jsonOrUndefined(text));
  const what = parsed.success ? parsed.data.detail : 'the registry refused';
  return new RegistryError(response.status === 404 ? 'not-found' : 'refused', what, {
    where: url,
    found: `status ${response.status}`,
  });
}

async function boundedText(url: string, response: Response): Promise<string> {
  // A reader, not `for await`: Safari's streams cannot be iterated.
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for (;;) {
    const chunk = await reader.read();
    if (chunk.done) return text + decoder.decode();
    length += chunk.value.length;
    if (length > MAX_ANSWER_BYTES) {
      await reader.cancel();
      throw new RegistryError('answer', 'the answer is too large', {
        where: url,
        expected: `at most ${MAX_ANSWER_BYTES} bytes`,
      });
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
}

function parseJson(url: string, text: string): unknown {
  const value = jsonOrUndefined(text);
  if (value !== undefined) return value;
  throw new RegistryError('answer', 'the answer is not JSON', { where: url, found: text.slice(0, 40) });
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(url: string, cause: unknown): RegistryError {
  return new RegistryError('network', 'the registry cannot be reached', {
    where: url,
    fix: 'Check the address and the connection.',
    cause,
  });
}
