// Bundles the worker into one module in memory, for workerd on this machine.
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { TinctureError } from '../../plugins/contract/error.ts';

const WORKER = new URL('../index.ts', import.meta.url);

/** JavaScript of the worker, or another `entry`, with all that it imports. Takes about a second. */
export async function bundleWorker(entry: URL = WORKER): Promise<string> {
  const root = fileURLToPath(new URL('.', entry));
  const result = await build({
    configFile: false,
    root,
    logLevel: 'error',
    ssr: { target: 'webworker', noExternal: true },
    build: { ssr: basename(fileURLToPath(entry)), write: false, minify: false, target: 'es2024' },
  });
  const chunks = [result].flat().flatMap((part) => ('output' in part ? part.output : []));
  const [chunk] = chunks;
  if (chunks.length === 1 && chunk?.type === 'chunk') return chunk.code;
  throw new TinctureError('edge/bundle', 'the worker is not one module', {
    where: root,
    found: chunks.map(({ fileName }) => fileName).join(', ') || 'nothing',
  });
}
