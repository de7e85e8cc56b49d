// Serves the studio and the edge on this machine until Ctrl-C; what `npm start` ends in.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TinctureError } from '../../plugins/contract/error.ts';
import { DEFAULT_PORT, serve } from '../serve.ts';

/** The checkout's root. */
const ROOT = join(import.meta.dirname, '..', '..');

const HELP = `usage: npm start [-- OPTIONS]
  --port N     port to listen on (default ${DEFAULT_PORT}; another free one where it is taken)
  --data DIR   where R2 and D1 keep their files (default .wrangler/tincture in the checkout)
  --help`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TinctureError('setup/port', '--port cannot be used', {
      expected: '0 … 65535',
      found: values.port ?? '',
    });
  }
  const edge = await serve({
    port,
    dataDir: values.data ?? join(ROOT, '.wrangler', 'tincture'),
    studioDir: join(ROOT, 'build', 'studio'),
    bundledDir: join(ROOT, 'client', 'default-model'),
  });
  const stop = async (): Promise<void> => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await edge.close();
    process.exit(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.stdout.write(`Tincture is at ${edge.url}/ (Ctrl-C stops it)\n`);
}

main().catch((error: unknown) => {
  const known =
    error instanceof TinctureError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`error: ${known ? (error as Error).message : ((error as Error).stack ?? error)}\n`);
  process.exit(1);
});
