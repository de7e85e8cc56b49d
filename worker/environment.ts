// What the worker is given: its bindings, and what every handler finds in its context.
import type { D1Database, Fetcher, RateLimit, WorkerLoader } from '@cloudflare/workers-types';
import type { Caller } from './auth/caller.ts';
import type { PublishingStores } from './registry/release.ts';
import type { StorageKeys } from './storage/presigned.ts';
import type { BlobBucket } from './storage/r2.ts';

export interface Bindings extends StorageKeys {
  readonly BLOBS: BlobBucket;
  readonly DB: D1Database;
  /** The studio's built files; absent where only the registry is served. */
  readonly ASSETS?: Fetcher;
  /** Runs plugins at the edge; absent where the plan has no dynamic Workers. */
  readonly LOADER?: WorkerLoader;
  /** Lets its holder make the first administrator; a secret of the deployment. Absent: none can be made that way. */
  readonly BOOTSTRAP_SECRET?: string;
  /** Origins at which people may sign in, separated by white space; absent: at whichever one they ask. */
  readonly ORIGINS?: string;
  /** `on` lets POST /v1/apply run styles' plugins for anyone, where LOADER is bound too. Default off. */
  readonly APPLY_ROUTE?: string;
  /** `off`, or a factor for every quota of http/rate-limits.ts; without it 1. */
  readonly RATE_LIMITS?: string;
  /** Cloudflare's counters beside the isolates' own; asked only where ADDRESS_KEY is set. */
  readonly RATE_LIMIT_READ?: RateLimit;
  readonly RATE_LIMIT_WRITE?: RateLimit;
  readonly RATE_LIMIT_SIGN_IN?: RateLimit;
  /** Secret: what addresses are hashed with before Cloudflare's counters see them. */
  readonly ADDRESS_KEY?: string;
  /** What is logged: `all` requests (the default), or `errors` of the edge only. */
  readonly LOG?: string;
}

/** Hono's environment. */
export interface Environment {
  Bindings: Bindings;
  Variables: {
    stores: PublishingStores;
    /** Set by `authenticate` and the guards; undefined: nobody. */
    caller?: Caller | undefined;
    /** In X-Request-Id, problem documents and the log. */
    requestId: string;
    /** Metrics of Server-Timing. */
    timings: string[];
  };
}
