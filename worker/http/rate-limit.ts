// Enforces the limits of rate-limits.ts: counters in this isolate, and Cloudflare's own where they are bound.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { MiddlewareHandler } from 'hono';
import { TinctureError } from '../../plugins/contract/error.ts';
import type { Environment } from '../environment.ts';
import { problem } from './problem.ts';
import { MAX_COUNTERS, type RateLimit, rateLimitOf } from './rate-limits.ts';

/** What is left of one quota. */
export interface Allowance {
  readonly policy: string;
  readonly quota: number;
  readonly window: number;
  /** Below 0: this request is one too many. */
  readonly remaining: number;
  /** Whole seconds until the window ends, at least 1. */
  readonly reset: number;
}

interface Counter {
  used: number;
  readonly endsAt: number;
}

/** Requests counted in windows that begin with a key's first request. Holds at most `capacity` keys. */
export class WindowCounters {
  readonly #capacity: number;
  readonly #counters = new Map<string, Counter>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#counters.size;
  }

  /** Counts one request of `key`; `now` in milliseconds. */
  take(key: string, policy: string, quota: number, window: number, now: number): Allowance {
    let counter = this.#counters.get(key);
    if (counter === undefined || counter.endsAt <= now) {
      this.#counters.delete(key);
      this.#makeRoom(now);
      counter = { used: 0, endsAt: now + window * 1000 };
      this.#counters.set(key, counter);
    }
    counter.used++;
    const reset = Math.max(1, Math.ceil((counter.endsAt - now) / 1000));
    return { policy, quota, window, remaining: quota - counter.used, reset };
  }

  /** Forgets what has ended; if that is nothing, the oldest. A Map keeps the order of insertion. */
  #makeRoom(now: number): void {
    if (this.#counters.size < this.#capacity) return;
    for (const [key, { endsAt }] of this.#counters) if (endsAt <= now) this.#counters.delete(key);
    for (const key of this.#counters.keys()) {
      if (this.#counters.size < this.#capacity) return;
      this.#counters.delete(key);
    }
  }
}

const counters = new WindowCounters(MAX_COUNTERS);
/** Made with the first request, because an isolate has no randomness before one. */
let isolateKey: Uint8Array | undefined;

/**
 * Counts the request for its address and, where it bears one, for its token; answers 429 when either has none left. Both are
 * known by a keyed hash only, which never leaves the isolate's memory but for Cloudflare's counters.
 */
export const rateLimit: MiddlewareHandler<Environment> = async (c, next) => {
  const factor = factorOf(c.env.RATE_LIMITS);
  if (factor === undefined) return next();
  const limit = rateLimitOf(c.req.method, c.req.path);
  isolateKey ??= crypto.getRandomValues(new Uint8Array(32));
  const address = addressBlock(c.req.header('cf-connecting-ip') ?? '');
  const token = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  const now = Date.now();
  const take = (kind: 'address' | 'token', value: string, quota: number): Allowance => {
    const policy = `${limit.name}-${kind}`;
    const key = `${policy} ${keyed(isolateKey!, value)}`;
    return counters.take(key, policy, Math.max(1, Math.floor(quota * factor)), limit.seconds, now);
  };
  const allowances = [take('address', address, limit.perAddress)];
  if (token !== undefined) allowances.push(take('token', token, limit.perToken));
  const spent = allowances.filter(({ remaining }) => remaining < 0);
  const refusedBy = spent.length > 0 ? undefined : await refusingBinding(c.env, limit, address);
  const headers = rateLimitHeaders(allowances);
  if (spent.length === 0 && refusedBy === undefined) {
    await next();
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value);
    return;
  }
  const wait = Math.max(...spent.map(({ reset }) => reset), refusedBy ?? 1);
  return problem(
    429,
    {
      code: 'edge/rate-limit',
      detail: `Too many requests of this kind (${limit.name}): wait ${wait} s and try again.`,
    },
    { ...headers, 'retry-after': String(wait) },
  );
};

/** RateLimit and RateLimit-Policy as the IETF's draft (draft-ietf-httpapi-ratelimit-headers) writes them. */
export function rateLimitHeaders(allowances: readonly Allowance[]): Record<string, string> {
  return {
    'ratelimit-policy': allowances
      .map(({ policy, quota, window }) => `"${policy}";q=${quota};w=${window}`)
      .join(', '),
    ratelimit: allowances
      .map(({ policy, remaining, reset }) => `"${policy}";r=${Math.max(0, remaining)};t=${reset}`)
      .join(', '),
  };
}

/** IPv6 by its first 64 bits, which one customer has; everything else as it is. */
export function addressBlock(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  const groups = tail === undefined ? front : [...front, ...zeros, ...back];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/**
 * Cloudflare's counters, which all isolates of a place share; undefined where they let the request through, else the seconds to
 * wait. They need a key that the isolates share too: without ADDRESS_KEY they are not asked.
 */
async function refusingBinding(
  env: Environment['Bindings'],
  limit: RateLimit,
  address: string,
): Promise<number | undefined> {
  const binding = env[limit.binding];
  if (binding === undefined || env.ADDRESS_KEY === undefined) return undefined;
  const { success } = await binding.limit({ key: keyed(utf8ToBytes(env.ADDRESS_KEY), address) });
  return success ? undefined : limit.seconds;
}

function keyed(key: Uint8Array, value: string): string {
  return bytesToHex(hmac(sha256, key, utf8ToBytes(value)).subarray(0, 12));
}

/** RATE_LIMITS: `off`, or a factor for every quota; without it 1. */
function factorOf(text: string | undefined): number | undefined {
  if (text === undefined) return 1;
  if (text === 'off') return undefined;
  const factor = Number(text);
  if (text.trim() !== '' && Number.isFinite(factor) && factor > 0) return factor;
  throw new TinctureError('edge/configuration', 'RATE_LIMITS cannot be used', {
    expected: 'off, or a number above 0 that every quota is multiplied by',
    found: text,
  });
}
