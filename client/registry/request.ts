// Requests to a registry and its answers: bounded, checked, and its refusals in its own words.
import type { z } from 'zod';
import { problemAnswer } from './answers.ts';
import { RegistryError } from './error.ts';

/** Bytes of one JSON answer: a full page of the largest manifests. */
export const MAX_ANSWER_BYTES = 16 * 2 ** 20;

export interface RequesterOptions {
  /** Sent as a Bearer token; without it the browser's session counts, where there is one. */
  readonly token?: string | undefined;
  /** For tests and for runtimes with their own fetch. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface JsonRequest {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export interface Requester {
  readonly base: URL;
  readonly fetch: typeof globalThis.fetch;
  /**
   * Asks, and gives the answer as `schema` reads it; an answer without content is `undefined` to it. Throws RegistryError:
   * `registry/network`, `registry/not-found`, `registry/refused` with the problem's own words and code, `registry/answer`. An aborted
   * call rejects with the signal's reason.
   */
  json<T>(path: string, schema: z.ZodType<T>, request?: JsonRequest): Promise<T>;
  /** The error of an answer that is no success, in the words of its problem document if it has one. */
  refusal(url: string, response: Response): Promise<RegistryError>;
}

/** A requester of the registry at `baseUrl`, an http or https origin. Throws `registry/network` for anything else. */
export function createRequester(
  baseUrl: string,
  { token, fetch = globalThis.fetch }: RequesterOptions = {},
): Requester {
  const base = parseBase(baseUrl);
  // A bare reference would be called with another `this` than window, which browsers refuse.
  const send: typeof globalThis.fetch = (input, init) => fetch(input, init);
  return {
    base,
    fetch: send,
    refusal,
    async json(path, schema, { method = 'GET', body, signal } = {}) {
      const url = new URL(path, base).href;
      let text: string;
      try {
        const response = await send(url, {
          method,
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(signal === undefined ? {} : { signal }),
        });
        if (!response.ok) throw await refusal(url, response);
        text = await boundedText(url, response);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof RegistryError) throw error;
        throw unreachable(url, error);
      }
      const parsed = schema.safeParse(text === '' ? undefined : parseJson(url, text));
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      throw new RegistryError('answer', 'the answer is not what the interface says', {
        where: url,
        found: `${issue?.path.join('.')}: ${issue?.message}`,
      });
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

async function refusal(url: string, response: Response): Promise<RegistryError> {
  const text = await boundedText(url, response).catch(() => '');
  const parsed = problemAnswer.safeParse(jsonOrUndefined(text));
  const what = parsed.success ? parsed.data.detail : 'the registry refused';
  return new RegistryError(
    response.status === 404 ? 'not-found' : 'refused',
    what,
    { where: url, found: `status ${response.status}` },
    parsed.success ? parsed.data.code : undefined,
  );
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
