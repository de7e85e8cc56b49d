// What the worker is given: its bindings, and what every handler finds in its context.
import type { D1Database, Fetcher, WorkerLoader } from '@cloudflare/workers-types';
import type { Caller } from './auth/caller.ts';
import type { RegistryStores } from './registry/release.ts';
import type { BlobBucket } from './storage/r2.ts';

export interface Bindings {
  readonly BLOBS: BlobBucket;
  readonly DB: D1Database;
  /** The studio's built files; absent where only the registry is served. */
  readonly ASSETS?: Fetcher;
  /** Runs plugins at the edge; absent where the plan has no dynamic Workers. */
  readonly LOADER?: WorkerLoader;
  /** Lets its holder make the first administrator; a secret of the deployment. Absent: none can be made that way. */
  readonly BOOTSTRAP_SECRET?: string;
}

/** Hono's environment. */
export interface Environment {
  Bindings: Bindings;
  Variables: {
    stores: RegistryStores;
    /** Set by `authenticate` and the guards; undefined: nobody. */
    caller?: Caller | undefined;
  };
}
