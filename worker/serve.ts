// Serves the edge and the studio on this machine: the worker in workerd, with R2 and D1 kept in a folder.
import { createServer } from 'node:net';
import type { D1Database } from '@cloudflare/workers-types';
import { Log, LogLevel, Miniflare, Response } from 'miniflare';
import { localSecret } from './local/bootstrap-secret.ts';
import { migrate } from './local/migrate.ts';
import { seed } from './local/seed.ts';
import type { PublishingStores } from './registry/release.ts';
import { runScheduled } from './scheduled.ts';
import { type BlobBucket, r2BlobStore, r2Staging } from './storage/r2.ts';

export const DEFAULT_PORT = 8787;
/** Loopback only: pages from there count as secure, and nobody else can reach it. */
const HOST = '127.0.0.1';
/** An hour, as the cron in wrangler.toml. */
const SCHEDULE_MS = 3_600_000;
/** As in wrangler.toml; a test holds them equal. */
export const COMPATIBILITY_DATE = '2026-11-01';

/** Nobody but this machine reaches the edge, so nothing is limited; and who started it reads errors only. */
const LOCAL_VARIABLES = { RATE_LIMITS: 'off', LOG: 'errors' };

/** Index and blobs as the folder of a local edge keeps them. */
export const LOCAL_BINDINGS = {
  BLOBS: { type: 'r2', name: 'tincture-blobs' },
  DB: { type: 'd1', id: 'tincture' },
} as const;

export interface ServeOptions {
  /** Default `DEFAULT_PORT`; another free one where it is taken. 0: any free one. */
  readonly port?: number;
  /** Folder of the blobs and the index; made where it is missing. Without one they are lost at the end. */
  readonly dataDir?: string;
  /** Folder of the studio's built files; without one, only the registry is served. */
  readonly studioDir?: string;
  /** Folder of the bundled model and styles, to be seeded; see `seed`. */
  readonly bundledDir?: string;
  /** Text variables of the worker by name, such as BOOTSTRAP_SECRET; they go before `LOCAL_VARIABLES`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The worker's module in one piece; without one it is bundled now. */
  readonly script?: string;
}

export interface LocalEdge {
  /** Such as http://127.0.0.1:8787, without a slash at the end. */
  readonly url: string;
  /** Index and blobs, for tests and seeding: the running worker's own. */
  readonly stores: PublishingStores;
  /** What makes the first administrator; also in the data folder. */
  readonly bootstrapSecret: string;
  /** Ends workerd. */
  close(): Promise<void>;
}

/**
 * Starts workerd with the worker, applies the migrations, seeds, and answers once all that is done. It sends
 * nothing to anyone: no telemetry, and the worker's own fetch is refused.
 */
export async function serve(options: ServeOptions): Promise<LocalEdge> {
  // Only where it is needed: the bundler takes a second to load.
  const script = options.script ?? (await (await import('./local/bundle.ts')).bundleWorker());
  const bootstrapSecret = options.variables?.['BOOTSTRAP_SECRET'] ?? (await localSecret(options.dataDir));
  const edge = new Miniflare({
    host: HOST,
    port: await freePort(options.port ?? DEFAULT_PORT),
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.WARN),
    ...(options.dataDir === undefined ? {} : { resourcePersistencePath: options.dataDir }),
    workers: [
      {
        config: {
          name: 'tincture',
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: {
            mainModule: 'index.js',
            modulesRoot: import.meta.dirname,
            modules: { 'index.js': { type: 'esm', contents: script } },
          },
          env: {
            ...LOCAL_BINDINGS,
            ...textVariables({ ...LOCAL_VARIABLES, BOOTSTRAP_SECRET: bootstrapSecret, ...options.variables }),
            LOADER: { type: 'worker-loader' },
            ...(options.studioDir === undefined ? {} : { ASSETS: { type: 'assets' as const } }),
          },
          ...(options.studioDir === undefined
            ? {}
            : { assets: { directory: options.studioDir, hasUserWorker: true, runWorkerFirst: true } }),
        },
        dev: { outboundService: { type: 'fetcher', handler: () => new Response(null, { status: 403 }) } },
      },
    ],
  });
  try {
    const url = (await edge.ready).origin;
    // The worker's bindings, called from Node: the same index and bucket that its requests see.
    const database = (await edge.getD1Database('DB')) as unknown as D1Database;
    const bucket = (await edge.getR2Bucket('BLOBS')) as unknown as BlobBucket;
    const stores = { database, blobs: r2BlobStore(bucket), staging: r2Staging(bucket) };
    await migrate(database);
    if (options.bundledDir !== undefined) await seed(stores, options.bundledDir);
    // What the cron does at the edge.
    const clock = setInterval(
      () =>
        void runScheduled(stores).catch((error: unknown) => console.error('the scheduled job failed', error)),
      SCHEDULE_MS,
    );
    clock.unref();
    const close = async (): Promise<void> => {
      clearInterval(clock);
      await edge.dispose();
    };
    return { url, stores, bootstrapSecret, close };
  } catch (error) {
    await edge.dispose();
    throw error;
  }
}

function textVariables(variables: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, { type: 'text' as const, value }]),
  );
}

/** `port` if nobody listens there, else one that the system picks. */
async function freePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(0);
      else reject(error);
    });
    probe.listen(port, HOST, () => probe.close(() => resolve(port)));
  });
}
