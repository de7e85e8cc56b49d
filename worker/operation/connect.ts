// Opening a registry's stores for an operator: those of a folder on this machine, or those of a deployment on Cloudflare.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { D1Database } from '@cloudflare/workers-types';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { COMPATIBILITY_DATE, LOCAL_BINDINGS } from '../serve.ts';
import type { BlobBucket } from '../storage/r2.ts';
import type { OpenStores } from './backup.ts';
import { OperationError } from './error.ts';

export interface Connection extends OpenStores {
  close(): Promise<void>;
}

/** The stores that `npm start` keeps in `dataDir`. No edge may be running on them: two would write the same files. */
export async function openLocal(dataDir: string): Promise<Connection> {
  const runtime = new Miniflare({
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.WARN),
    resourcePersistencePath: dataDir,
    workers: [
      {
        config: {
          name: 'tincture',
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: {
            mainModule: 'index.js',
            modulesRoot: import.meta.dirname,
            modules: { 'index.js': { type: 'esm', contents: 'export default {}' } },
          },
          env: LOCAL_BINDINGS,
        },
      },
    ],
  });
  await runtime.ready;
  return {
    database: (await runtime.getD1Database('DB')) as unknown as D1Database,
    bucket: (await runtime.getR2Bucket('BLOBS')) as unknown as BlobBucket,
    close: () => runtime.dispose(),
  };
}

/**
 * The stores of the deployment that the wrangler configuration at `configPath` describes, through wrangler's remote bindings
 * and the operator's own sign-in. Throws `operation/connection` where they cannot be reached.
 */
export async function openRemote(configPath: string, environment?: string): Promise<Connection> {
  // Only here: wrangler takes seconds to load.
  const { getPlatformProxy, unstable_readConfig } = await import('wrangler');
  const config = unstable_readConfig({
    config: configPath,
    ...(environment === undefined ? {} : { env: environment }),
  });
  const remote = { remote: true };
  const folder = await mkdtemp(join(tmpdir(), 'tincture-operation-'));
  const file = join(folder, 'wrangler.json');
  try {
    await writeFile(
      file,
      JSON.stringify({
        name: `${config.name ?? 'tincture'}-operation`,
        compatibility_date: COMPATIBILITY_DATE,
        ...(config.account_id === undefined ? {} : { account_id: config.account_id }),
        d1_databases: config.d1_databases.map((binding: object) => ({ ...binding, ...remote })),
        r2_buckets: config.r2_buckets.map((binding: object) => ({ ...binding, ...remote })),
      }),
    );
    const proxy = await getPlatformProxy<{ DB?: D1Database; BLOBS?: BlobBucket }>({
      configPath: file,
      persist: false,
    });
    const { DB: database, BLOBS: bucket } = proxy.env;
    if (database === undefined || bucket === undefined) {
      await proxy.dispose();
      throw new OperationError('connection', 'the configuration binds no database DB or no bucket BLOBS', {
        where: configPath,
      });
    }
    const close = async (): Promise<void> => {
      await proxy.dispose();
      await rm(folder, { recursive: true, force: true });
    };
    return { database, bucket, close };
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    if (cause instanceof OperationError) throw cause;
    throw new OperationError('connection', 'the deployment’s stores cannot be opened', {
      where: configPath,
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'Sign in with `npx wrangler login` and check the configuration.',
      cause,
    });
  }
}
