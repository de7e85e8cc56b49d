// A suggested number of threads fills a gap, never overrides the host, and comes too late once the runtime is loaded.
import { beforeEach, expect, test, vi } from 'vitest';

type Configure = typeof import('../../client/runtime/configure.ts');
let runtime: Configure;

beforeEach(async () => {
  // The configuration is the module's own state: each test has a module of its own.
  vi.resetModules();
  runtime = await import('../../client/runtime/configure.ts');
});

test('it counts where the host set none', () => {
  runtime.suggestThreads(7);
  expect(runtime.takeConfig().threads).toBe(7);
});

test('the host’s own number wins, before and after', () => {
  runtime.configureRuntime({ threads: 3 });
  runtime.suggestThreads(7);
  expect(runtime.takeConfig().threads).toBe(3);
  runtime.suggestThreads(7);
  expect(runtime.takeConfig().threads).toBe(3);
});
