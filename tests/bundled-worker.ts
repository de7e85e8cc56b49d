// Vitest's global setup: the worker is bundled once for all test files that serve it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleWorker } from '../worker/local/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the worker's bundle. */
    workerScript: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<void> {
  const folder = join(import.meta.dirname, '..', 'build', 'tests');
  const path = join(folder, 'worker.js');
  await mkdir(folder, { recursive: true });
  await writeFile(path, await bundleWorker());
  provide('workerScript', path);
}
