// A host in this very thread that cannot hang: it runs metered copies, so that thousands of plugins need no thread each.
import type { Answer, Request } from '../../../plugins/host/messages.ts';
import type { PluginHost } from '../../../plugins/host/plugin.ts';
import { type SandboxPort, sandboxProgram } from '../../../plugins/host/sandbox-program.ts';
import { sandboxedHost } from '../../../plugins/host/sandboxed-host.ts';
import { FUEL_EXPORT } from '../../../plugins/metering/fuel.ts';
import { meterPlugin } from '../../../plugins/metering/meter.ts';

const MEMORY_BYTES = 16 * 2 ** 20;

/** Every request has `amount` units of fuel. */
export function meteredHost(amount: bigint): PluginHost {
  return sandboxedHost(async ({ onAnswer }) => {
    const port: SandboxPort = {
      onmessage: null,
      postMessage: (answer: Answer) => queueMicrotask(() => onAnswer(answer)),
    };
    const run = new Function(`return ${sandboxProgram()}`)() as (port: SandboxPort) => void;
    run(port);
    return {
      send(request: Request) {
        const metered: Request =
          request.kind === 'start'
            ? {
                ...request,
                module: meterPlugin(request.module as Uint8Array, { memoryBytes: MEMORY_BYTES }),
                fuel: { global: FUEL_EXPORT, amount },
              }
            : request;
        port.onmessage?.({ data: metered });
      },
      end() {},
    };
  });
}
