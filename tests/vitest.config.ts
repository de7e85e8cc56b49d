// Vitest for the whole project: one run, one count.
import { defineConfig } from 'vitest/config';
import LongFirst from './long-first.ts';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'tests/bench/**'],
    globalSetup: ['tests/bundled-worker.ts'],
    // Only against hangs: Chromium on SwiftShader and workerd share two cores with the other worker.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    reporters: ['default', './tests/count-reporter.ts'],
  },
});
