// The Worker that is loaded for each plugin: the sandbox program, the metered module, and nothing else.
import type { WorkerLoaderWorkerCode } from '@cloudflare/workers-types';
import type { Answer, Request } from '../../plugins/host/messages.ts';
import { sandboxProgram } from '../../plugins/host/sandbox-program.ts';
import { EDGE_MESSAGE_BYTES, LOADED_COMPATIBILITY_DATE } from './edge-limits.ts';

/** What crosses to a loaded Worker. The module does not: it is there already, compiled. */
export type SandboxRequest = Exclude<Request, { kind: 'start' }> | StartLoaded;
interface StartLoaded extends Omit<Extract<Request, { kind: 'start' }>, 'module'> {}

/** The object in the loaded Worker that holds the running plugin. It lives until its stub is disposed. */
export interface LoadedSandbox extends Disposable {
  answer(request: SandboxRequest): Promise<Answer>;
}

/** The loaded Worker's entrypoint. */
export interface LoadedEntrypoint {
  open(): Promise<LoadedSandbox>;
}

/**
 * One object for each plugin, so that its state cannot be lost between two calls without an error. Bundlers that keep
 * functions' names put calls of `__name` into the program's text.
 */
const SOURCE = `
import { RpcTarget, WorkerEntrypoint } from 'cloudflare:workers';
import module from './plugin.wasm';

const __name = (target) => target;
const program = ${sandboxProgram()};

class Sandbox extends RpcTarget {
  #port = {};
  constructor() {
    super();
    program(this.#port);
  }
  answer(request) {
    let reply;
    let bytes = 0;
    this.#port.postMessage = (answer, buffers) => {
      reply = answer;
      for (const { byteLength } of buffers) bytes += byteLength;
    };
    this.#port.onmessage({ data: request.kind === 'start' ? { ...request, module } : request });
    if (bytes <= ${EDGE_MESSAGE_BYTES}) return reply;
    return { kind: 'failed', id: request.id, failure: 'memory', text: bytes + ' bytes of layers do not cross at once' };
  }
}

export default class extends WorkerEntrypoint {
  open() {
    return new Sandbox();
  }
}
`;

/** The code of a Worker for one metered module: no network, no bindings. `cpuMs` counts where the runtime enforces it. */
export function loadedWorkerCode(metered: Uint8Array<ArrayBuffer>, cpuMs: number): WorkerLoaderWorkerCode {
  return {
    compatibilityDate: LOADED_COMPATIBILITY_DATE,
    mainModule: 'main.js',
    modules: { 'main.js': SOURCE, 'plugin.wasm': { wasm: metered } },
    env: {},
    globalOutbound: null,
    limits: { cpuMs },
  };
}
