// Bundles the worker into one module in memory, for workerd on this machine.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { TinctureError } from '../../plugins/contract/error.ts';

/** JavaScript of `worker/index.ts` with all that it imports. Takes about a second. */
export async function bundleWorker(): Promise<string> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const result = await build({
    configFile: false,
    root,
    logLevel: 'error',
    ssr: { target: 'webworker', noExternal: true },
    build: { ssr: 'index.ts', write: false, minify: false, target: 'es2024' },
  });
  const chunks = [result].flat().flatMap((part) => ('output' in part ? part.output : []));
  const [chunk] = chunks;
  if (chunks.length === 1 && chunk?.type === 'chunk') return chunk.code;
  throw new TinctureError('edge/bundle', 'the worker is not one module', {
    where: root,
    found: chunks.map(({ fileName }) => fileName).join(', ') || 'nothing',
  });
}
