// `npm run backup` and `npm run restore`: a registry's stores into a folder, and back.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TinctureError } from '../../plugins/contract/error.ts';
import { backup } from './backup.ts';
import type { Connection } from './connect.ts';
import { restore } from './restore.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DATA_DIR = join(ROOT, '.wrangler', 'tincture');

const HELP = `usage: npm run backup  -- FOLDER [--no-blobs] [WHERE] [--json]
       npm run restore -- FOLDER [WHERE] [--json]

FOLDER   holds the backup: backup.json, the index's rows, the list of blobs and the blobs. Backing up into the folder of an
         earlier backup fetches only new blobs. Restoring wants an empty database; see worker/OPERATING.md.
WHERE    --data DIR       what \`npm start\` keeps there (default .wrangler/tincture); stop it first
         --remote         the deployment that wrangler.toml describes; --env NAME for one of its environments
--no-blobs   only the list of blobs
--json       what was done as JSON on stdout`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      remote: { type: 'boolean', default: false },
      env: { type: 'string' },
      'no-blobs': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const [command, folder, ...more] = positionals;
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  if ((command !== 'backup' && command !== 'restore') || folder === undefined || more.length > 0) {
    process.stderr.write(`${HELP}\n`);
    process.exitCode = 2;
    return;
  }
  const onProgress = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  // Only now: help and usage must not wait for the runtime.
  const { openLocal, openRemote } = await import('./connect.ts');
  const stores: Connection = values.remote
    ? await openRemote(join(ROOT, 'wrangler.toml'), values.env)
    : await openLocal(values.data ?? DATA_DIR);
  try {
    const facts =
      command === 'backup'
        ? await backup(stores, folder, { copyBlobs: !values['no-blobs'], onProgress })
        : await restore(stores, folder, { onProgress });
    const rows = facts.tables.reduce((sum, table) => sum + table.rows, 0);
    process.stdout.write(
      values.json
        ? `${JSON.stringify(facts)}\n`
        : `${command === 'backup' ? 'Backed up' : 'Restored'} ${rows} rows and ${facts.blobs.rows} blobs (${facts.blobs.bytes} bytes).\n`,
    );
  } finally {
    await stores.close();
  }
}

main().catch((error: unknown) => {
  const usage = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  const known = usage || error instanceof TinctureError;
  process.stderr.write(`error: ${known ? (error as Error).message : ((error as Error).stack ?? error)}\n`);
  process.exit(usage ? 2 : 1);
});
