// `--backend` and `--runtime`: on what graphs run.
import type { Backend } from '../index.ts';
import { UsageError } from './command.ts';

/** Undefined: the best there is. Throws UsageError for other words, and where the two contradict each other. */
export function backendOf(backend: string | undefined, runtime: string | undefined): Backend | undefined {
  if (backend !== undefined && backend !== 'webgpu' && backend !== 'wasm') {
    throw new UsageError(`--backend must be webgpu or wasm, not ${JSON.stringify(backend)}`);
  }
  if (runtime === undefined || runtime === 'web') return backend;
  if (runtime !== 'node')
    throw new UsageError(`--runtime must be web or node, not ${JSON.stringify(runtime)}`);
  if (backend !== undefined)
    throw new UsageError('--backend goes with --runtime web; onnxruntime-node has its own');
  return 'cpu';
}
