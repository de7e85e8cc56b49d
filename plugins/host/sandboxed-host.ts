// The host over any kind of sandbox: validates, opens one sandbox for each plugin, ends them all.
import { DEFAULT_DEADLINE_MS, DEFAULT_PICTURE_BUDGET_MS, MAX_MEMORY_BYTES } from '../contract/limits.ts';
import { PluginError } from '../contract/plugin-error.ts';
import { validatePlugin } from '../contract/validator.ts';
import { readDescription } from './answers.ts';
import { Connection } from './connection.ts';
import type { Plugin, PluginHost, StartOptions } from './plugin.ts';
import type { OpenSandbox } from './sandbox.ts';
import { SandboxedPlugin } from './sandboxed-plugin.ts';

const DEFAULT_LIMITS = {
  deadlineMs: DEFAULT_DEADLINE_MS,
  pictureBudgetMs: DEFAULT_PICTURE_BUDGET_MS,
  memoryBytes: MAX_MEMORY_BYTES,
};

/** A host that runs plugins in what `open` opens. */
export function sandboxedHost(open: OpenSandbox): PluginHost {
  const running = new Set<Connection>();
  let closed = false;
  return {
    async start(name: string, wasm: Uint8Array, options: StartOptions = {}): Promise<Plugin> {
      if (closed) throw new PluginError('closed', 'the plugin host is closed', { where: name });
      const limits = { ...DEFAULT_LIMITS, ...options };
      for (const [what, value] of [
        ['deadline', limits.deadlineMs],
        ['picture budget', limits.pictureBudgetMs],
      ] as const) {
        if (value > 0) continue;
        throw new PluginError('input', `the ${what} must be positive`, { where: name, found: String(value) });
      }
      const facts = validatePlugin(wasm, { name, memoryBytes: limits.memoryBytes });
      const { card } = facts;
      if (options.cardSha256 !== undefined && card !== undefined && card.sha256 !== options.cardSha256) {
        throw new PluginError('invalid', 'the module belongs to another card', {
          where: name,
          expected: options.cardSha256,
          found: card.sha256,
        });
      }
      const line = new Connection(name, limits, () => running.delete(line));
      running.add(line);
      try {
        const describes = facts.offers.has('tincture_describe');
        const description = readDescription(name, await line.start(open, new Uint8Array(wasm), describes));
        if (description.parameters.length > 0 && !facts.offers.has('tincture_parameter')) {
          throw new PluginError('invalid', 'it describes parameters and cannot take them', {
            where: name,
            expected: 'an export tincture_parameter',
          });
        }
        return new SandboxedPlugin(line, facts, description);
      } catch (error) {
        line.close();
        if (error instanceof PluginError) throw error;
        throw new PluginError('closed', 'the sandbox could not be opened', { where: name, cause: error });
      }
    },
    async close(): Promise<void> {
      closed = true;
      for (const line of [...running]) line.close();
    },
  };
}
