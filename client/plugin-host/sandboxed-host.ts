// The host over any kind of sandbox: validates, opens one sandbox for each plugin, ends them all.
import { DEFAULT_DEADLINE_MS, MAX_MEMORY_BYTES } from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import type { Plugin, PluginHost, PluginLimits } from './host.ts';
import type { OpenSandbox } from './sandbox.ts';
import { SandboxedPlugin } from './sandboxed-plugin.ts';

/** A host that runs plugins in what `open` opens. */
export function sandboxedHost(open: OpenSandbox): PluginHost {
  const running = new Set<Plugin>();
  let closed = false;
  return {
    async start(name: string, wasm: Uint8Array, limits: Partial<PluginLimits> = {}): Promise<Plugin> {
      if (closed) throw new PluginError('closed', 'the plugin host is closed', { where: name });
      const whole = { deadlineMs: DEFAULT_DEADLINE_MS, memoryBytes: MAX_MEMORY_BYTES, ...limits };
      if (!(whole.deadlineMs > 0)) {
        throw new PluginError('input', 'the deadline must be positive', {
          where: name,
          found: String(whole.deadlineMs),
        });
      }
      validatePlugin(wasm, { name, memoryBytes: whole.memoryBytes });
      const plugin = new SandboxedPlugin(name, whole, () => running.delete(plugin));
      running.add(plugin);
      try {
        await plugin.start(open, wasm);
      } catch (error) {
        await plugin.close();
        throw error;
      }
      return plugin;
    },
    async close(): Promise<void> {
      closed = true;
      await Promise.all([...running].map((plugin) => plugin.close()));
    },
  };
}
