// How many requests one address and one token may make: every limit, and what it counts.

export interface RateLimit {
  /** As RateLimit-Policy names it. */
  readonly name: string;
  /** Requests of one address in a window: an IPv4 address, or the first 64 bits of an IPv6 one. */
  readonly perAddress: number;
  /** Requests that bear one token in a window, from whatever addresses. */
  readonly perToken: number;
  /** The window's seconds: 10 or 60, as Cloudflare's binding counts. */
  readonly seconds: 10 | 60;
  /** Cloudflare's counter that is asked too, where the deployment has one. */
  readonly binding: 'RATE_LIMIT_READ' | 'RATE_LIMIT_WRITE' | 'RATE_LIMIT_SIGN_IN';
}

/** The limits. Beside them, whoever reads a blob once keeps it: blobs are cached for ever. */
export const RATE_LIMITS = {
  /** Blobs, single styles and models, pages, and the studio's files. */
  read: { name: 'read', perAddress: 1200, perToken: 2400, seconds: 60, binding: 'RATE_LIMIT_READ' },
  /** What asks the index for more than one row by its key. */
  search: { name: 'search', perAddress: 300, perToken: 600, seconds: 60, binding: 'RATE_LIMIT_READ' },
  /** Pictures that are made for each request. */
  picture: { name: 'picture', perAddress: 60, perToken: 60, seconds: 60, binding: 'RATE_LIMIT_READ' },
  /** Everything that changes something. A large style is some hundreds of parts. */
  write: { name: 'write', perAddress: 240, perToken: 240, seconds: 60, binding: 'RATE_LIMIT_WRITE' },
  /** What could be used to guess a credential. */
  signIn: { name: 'sign-in', perAddress: 30, perToken: 30, seconds: 60, binding: 'RATE_LIMIT_SIGN_IN' },
  /** Runs a plugin. */
  apply: { name: 'apply', perAddress: 20, perToken: 60, seconds: 60, binding: 'RATE_LIMIT_WRITE' },
} as const satisfies Readonly<Record<string, RateLimit>>;

/** Counters that one isolate keeps at once; beyond them the oldest are forgotten. */
export const MAX_COUNTERS = 20_000;

const SIGN_IN = /^\/v1\/(?:passkeys|session|device|admin)(?:\/|$)/;
const SEARCH = /^\/(?:v1\/(?:styles|models|resolve|audit)|v1\/lookup\/[^/]*|styles|publishers\/[^/]*)$/;
const PICTURE = /\/card\.png$/;

/** The limit that a request counts for. */
export function rateLimitOf(method: string, path: string): RateLimit {
  if (method === 'GET' || method === 'HEAD') {
    if (SEARCH.test(path)) return RATE_LIMITS.search;
    return PICTURE.test(path) ? RATE_LIMITS.picture : RATE_LIMITS.read;
  }
  if (SIGN_IN.test(path)) return RATE_LIMITS.signIn;
  return path === '/v1/apply' ? RATE_LIMITS.apply : RATE_LIMITS.write;
}
