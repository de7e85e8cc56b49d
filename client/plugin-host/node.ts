// The plugin host's home in Node: one worker thread for each plugin, with no environment and no arguments.
import { type MessagePort as NodePort, Worker } from 'node:worker_threads';
import type { Answer } from '../../plugins/host/messages.ts';
import { sandboxProgram } from '../../plugins/host/sandbox-program.ts';
import { sandboxedHost } from '../../plugins/host/sandboxed-host.ts';
import type { PluginHost } from './host.ts';

/** Megabytes of JavaScript heap: messages pass through it. The plugin's memory is apart and has its own maximum. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

/** A host for Node. Idle plugins do not keep the process alive; a call in progress does, until its deadline. */
export function createNodeHost(): PluginHost {
  return sandboxedHost(async ({ onAnswer, onDeath }) => {
    const { port1, port2 } = new MessageChannel();
    const port = port1 as unknown as NodePort;
    const inside = port2 as unknown as NodePort;
    const worker = new Worker(`${sandboxProgram()}(require('node:worker_threads').workerData)`, {
      eval: true,
      workerData: inside,
      transferList: [inside],
      env: {},
      argv: [],
      execArgv: [],
      resourceLimits: RESOURCE_LIMITS,
    });
    port.on('message', (answer: Answer) => onAnswer(answer));
    worker.on('error', (error) => onDeath(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => onDeath(`exit code ${code}`));
    port.unref();
    worker.unref();
    return {
      send: (request, transfer) => port.postMessage(request, transfer),
      end() {
        port.close();
        void worker.terminate();
      },
    };
  });
}
