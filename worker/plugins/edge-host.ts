// The plugin host's home at the edge: each plugin in a Worker of its own, loaded through the Worker Loader binding.
import type { WorkerLoader } from '@cloudflare/workers-types';
import { DEFAULT_DEADLINE_MS, DEFAULT_PICTURE_BUDGET_MS } from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import type { Plugin, PluginHost, StartOptions } from '../../plugins/host/plugin.ts';
import { sandboxedHost } from '../../plugins/host/sandboxed-host.ts';
import { EDGE_MEMORY_BYTES } from './edge-limits.ts';
import { EdgeSandbox } from './edge-sandbox.ts';

/** A plugin host that knows what its plugins cost. */
export interface EdgePluginHost extends PluginHost {
  /** Fuel that all calls of all its plugins used so far; FUEL_PER_MS of it stand for a millisecond. */
  readonly fuelUsed: bigint;
}

/**
 * A host for one request: the stubs that it holds end with the request. Plugins run as metered copies, because nothing else
 * ends a loop inside a loaded Worker for certain; a call that runs out of fuel fails with `plugin/deadline`. Memories grow to
 * EDGE_MEMORY_BYTES at most. Gives undefined where the binding is missing: then no plugin can run here.
 */
export function edgePluginHost(env: { readonly LOADER?: WorkerLoader }): EdgePluginHost | undefined {
  return env.LOADER === undefined ? undefined : hostOver(env.LOADER);
}

function hostOver(loader: WorkerLoader): EdgePluginHost {
  const hosts = new Set<PluginHost>();
  let closed = false;
  let fuelUsed = 0n;
  return {
    get fuelUsed() {
      return fuelUsed;
    },
    async start(name: string, wasm: Uint8Array, options: StartOptions = {}): Promise<Plugin> {
      if (closed) throw new PluginError('closed', 'the plugin host is closed', { where: name });
      const budget = {
        deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
        pictureBudgetMs: options.pictureBudgetMs ?? DEFAULT_PICTURE_BUDGET_MS,
        memoryBytes: Math.min(options.memoryBytes ?? EDGE_MEMORY_BYTES, EDGE_MEMORY_BYTES),
      };
      const host = sandboxedHost(
        async (events) =>
          new EdgeSandbox(loader, name, budget, events, (used) => {
            fuelUsed += used;
          }),
      );
      hosts.add(host);
      return host.start(name, wasm, options);
    },
    async close(): Promise<void> {
      closed = true;
      await Promise.all([...hosts].map((host) => host.close()));
    },
  };
}
