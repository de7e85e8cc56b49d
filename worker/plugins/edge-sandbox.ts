// One plugin's sandbox at the edge: a loaded Worker that runs a metered copy of the module and answers requests one by one.
import type { WorkerLoader } from '@cloudflare/workers-types';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import type { Answer, FailureKind, Request } from '../../plugins/host/messages.ts';
import type { Sandbox, SandboxEvents } from '../../plugins/host/sandbox.ts';
import { FUEL_EXPORT, FUEL_PER_MS } from '../../plugins/metering/fuel.ts';
import { meterPlugin } from '../../plugins/metering/meter.ts';
import {
  type LoadedEntrypoint,
  type LoadedSandbox,
  loadedWorkerCode,
  type SandboxRequest,
} from './loaded-worker.ts';
import { partsOf } from './request-parts.ts';

/** What one plugin may take here; all positive. */
export interface EdgeBudget {
  /** Milliseconds of one call, paid in fuel. */
  readonly deadlineMs: number;
  /** Milliseconds of CPU for all calls of one picture, where the runtime counts them. */
  readonly pictureBudgetMs: number;
  /** Bytes of linear memory; a module's declared maximum is lowered to it. */
  readonly memoryBytes: number;
}

export class EdgeSandbox implements Sandbox {
  readonly #loader: WorkerLoader;
  readonly #name: string;
  readonly #budget: EdgeBudget;
  readonly #events: SandboxEvents;
  readonly #onFuel: (used: bigint) => void;
  #loaded: LoadedSandbox | undefined;
  #ended = false;

  /** `onFuel` is told what each request cost. */
  constructor(
    loader: WorkerLoader,
    name: string,
    budget: EdgeBudget,
    events: SandboxEvents,
    onFuel: (used: bigint) => void,
  ) {
    this.#loader = loader;
    this.#name = name;
    this.#budget = budget;
    this.#events = events;
    this.#onFuel = onFuel;
  }

  send(request: Request): void {
    this.#answer(request).then(
      (answer) => this.#events.onAnswer(answer),
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        const failure = error instanceof PluginError ? failureOf(error) : failureOfRuntime(text);
        if (failure === undefined) this.#events.onDeath(text);
        else this.#events.onAnswer({ kind: 'failed', id: request.id, failure, text });
      },
    );
  }

  end(): void {
    this.#ended = true;
    this.#loaded?.[Symbol.dispose]();
    this.#loaded = undefined;
  }

  async #answer(request: Request): Promise<Answer> {
    let toSend: readonly SandboxRequest[];
    if (request.kind === 'start') {
      const { module, ...rest } = request;
      await this.#open(module as Uint8Array<ArrayBuffer>);
      toSend = [{ ...rest, fuel: { global: FUEL_EXPORT, amount: fuelFor(this.#budget.deadlineMs) } }];
    } else {
      toSend = partsOf(request);
    }
    let answer: Answer | undefined;
    for (const part of toSend) {
      if (this.#loaded === undefined)
        throw new PluginError('closed', 'the sandbox is closed', { where: this.#name });
      answer = await this.#loaded.answer(part);
      this.#onFuel(answer.fuelUsed ?? 0n);
      if (answer.kind === 'failed') break;
    }
    return answer as Answer;
  }

  async #open(module: Uint8Array<ArrayBuffer>): Promise<void> {
    const { memoryBytes, pictureBudgetMs } = this.#budget;
    const metered = meterPlugin(module, { name: this.#name, memoryBytes });
    const worker = this.#loader.load(loadedWorkerCode(metered, pictureBudgetMs));
    const entrypoint = worker.getEntrypoint() as unknown as LoadedEntrypoint;
    const loaded = await entrypoint.open();
    if (this.#ended) loaded[Symbol.dispose]();
    else this.#loaded = loaded;
  }
}

/** Fuel for a call of so many milliseconds; a deadline without an end gets 2^53 - 1, which takes weeks. */
export function fuelFor(deadlineMs: number): bigint {
  return BigInt(Math.min(Math.ceil(deadlineMs * FUEL_PER_MS), Number.MAX_SAFE_INTEGER));
}

/** What metering found. A closed sandbox comes here too, when nobody waits for its answer any more. */
function failureOf({ kind }: PluginError): FailureKind {
  return kind === 'memory' ? 'memory' : 'invalid';
}

/** Reads the runtime's words where a loaded Worker fails as a whole; undefined: it is gone for another reason. */
export function failureOfRuntime(text: string): FailureKind | undefined {
  if (/exceeded CPU time limit/i.test(text)) return 'deadline';
  if (/exceeded memory limit|serialized RPC arguments/i.test(text)) return 'memory';
  if (/CompileError|LinkError/.test(text)) return 'invalid';
  return undefined;
}
