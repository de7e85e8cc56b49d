// One plugin in its sandbox: calls in order, each under the deadline, every answer checked.
import { MAX_CONTEXT_VALUES, MAX_WIDTH } from '../../plugins/contract/limits.ts';
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import type { LayerPair } from '../hypernetwork/hypernetwork.ts';
import type { ContextPair, Plugin, PluginLimits } from './host.ts';
import { encodeStack } from './layer-block.ts';
import type { Answer, ApplyRequest, LoadRequest, StartRequest } from './messages.ts';
import type { OpenSandbox, Sandbox } from './sandbox.ts';

type Unnumbered<T> = Omit<T, 'id'>;
type AnyRequest = Unnumbered<StartRequest> | Unnumbered<LoadRequest> | Unnumbered<ApplyRequest>;

interface Waiting {
  readonly id: number;
  resolve(answer: Answer): void;
  reject(error: PluginError): void;
}

export class SandboxedPlugin implements Plugin {
  readonly #name: string;
  readonly #limits: PluginLimits;
  readonly #onEnd: () => void;
  #sandbox: Sandbox | undefined;
  #ended: PluginError | undefined;
  #waiting: Waiting | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #nextId = 0;
  /** Widths whose last load failed. */
  readonly #incomplete = new Set<number>();

  /** `onEnd` is told once, whatever ended it. */
  constructor(name: string, limits: PluginLimits, onEnd: () => void) {
    this.#name = name;
    this.#limits = limits;
    this.#onEnd = onEnd;
  }

  /** Opens the sandbox and starts the validated module in it, both within one deadline. */
  async start(open: OpenSandbox, wasm: Uint8Array): Promise<void> {
    const module = new Uint8Array(wasm);
    await this.#enqueue(async () => {
      const sandbox = await open({
        onAnswer: (answer) => this.#receive(answer),
        onDeath: (reason) =>
          this.#die(new PluginError('trap', 'the sandbox ended', { where: this.#name, found: reason })),
      });
      if (this.#ended !== undefined) sandbox.end();
      else this.#sandbox = sandbox;
      return this.#ask({ kind: 'start', module }, [module.buffer]);
    });
  }

  async load(width: number, layers: LayerPair): Promise<void> {
    checkWidth(this.#name, width);
    const k = encodeStack(`${this.#name}, width ${width}, keys`, width, layers.k);
    const v = encodeStack(`${this.#name}, width ${width}, values`, width, layers.v);
    const buffers = [...k, ...v].map((block) => block.buffer);
    await this.#enqueue(async () => {
      // Until all layers are in, a stack may be half of the old and half of the new.
      this.#incomplete.add(width);
      const answer = await this.#ask({ kind: 'load', width, k, v }, buffers);
      this.#incomplete.delete(width);
      return answer;
    });
  }

  async apply(context: ContextPair, strength: number): Promise<ContextPair> {
    const { width, rows } = context;
    checkContext(this.#name, context, strength);
    const k = new Float32Array(context.k);
    const v = new Float32Array(context.v);
    const answer = await this.#enqueue(async () => {
      if (this.#incomplete.has(width)) {
        throw new PluginError('refused', `the layers for width ${width} did not load`, { where: this.#name });
      }
      return this.#ask({ kind: 'apply', width, rows, strength, k, v }, [k.buffer, v.buffer]);
    });
    if (answer.kind !== 'applied') {
      throw new PluginError('trap', 'the sandbox gave no context', { where: this.#name, found: answer.kind });
    }
    const result = { width, rows, k: answer.k, v: answer.v };
    for (const side of ['k', 'v'] as const) {
      if (allFinite(result[side])) continue;
      throw new PluginError('non-finite', `the ${side === 'k' ? 'keys' : 'values'} hold NaN or infinity`, {
        where: this.#name,
        fix: 'Lower its strength, or leave the style out: its weights are broken or too large.',
      });
    }
    return result;
  }

  async close(): Promise<void> {
    this.#die(
      new PluginError('closed', 'the plugin is closed', { where: this.#name, fix: 'Start it again.' }),
    );
  }

  /** Runs a call after those before it, and ends the plugin when it takes longer than the deadline. */
  #enqueue(call: () => Promise<Answer>): Promise<Answer> {
    const run = async (): Promise<Answer> => {
      if (this.#ended !== undefined) throw this.#closed(this.#ended);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const deadline = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const error = new PluginError('deadline', 'the plugin was too slow and was ended', {
            where: this.#name,
            expected: `an answer within ${this.#limits.deadlineMs} ms`,
          });
          reject(error);
          this.#die(error);
        }, this.#limits.deadlineMs);
      });
      try {
        return await Promise.race([call(), deadline]);
      } finally {
        clearTimeout(timer);
      }
    };
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #ask(request: AnyRequest, transfer: ArrayBuffer[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined || this.#sandbox === undefined) {
        reject(this.#closed(this.#ended));
        return;
      }
      const id = this.#nextId++;
      this.#waiting = { id, resolve, reject };
      this.#sandbox.send({ ...request, id }, transfer);
    });
  }

  #receive(answer: Answer): void {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.id !== answer.id) return;
    this.#waiting = undefined;
    if (answer.kind !== 'failed') {
      waiting.resolve(answer);
      return;
    }
    const error = new PluginError(answer.failure, WHAT[answer.failure], {
      where: this.#name,
      found: answer.text,
    });
    waiting.reject(error);
    // After a trap the plugin's own records may be half written; a refusal leaves them whole.
    if (answer.failure === 'trap' || answer.failure === 'invalid') this.#die(error);
  }

  #die(error: PluginError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#sandbox?.end();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#onEnd();
  }

  #closed(cause: PluginError | undefined): PluginError {
    if (cause === undefined || cause.kind === 'closed') {
      return cause ?? new PluginError('closed', 'the plugin is closed', { where: this.#name });
    }
    return new PluginError('closed', 'the plugin was ended by an earlier failure', {
      where: this.#name,
      cause,
    });
  }
}

const WHAT = {
  invalid: 'the engine refuses the module',
  memory: "the plugin's memory is full",
  trap: 'the plugin trapped and was ended',
  refused: 'the plugin refused',
} as const;

function checkWidth(where: string, width: number): void {
  if (Number.isInteger(width) && width >= 1 && width <= MAX_WIDTH) return;
  throw new PluginError('input', 'an impossible context width', {
    where,
    expected: `1 to ${MAX_WIDTH}`,
    found: String(width),
  });
}

function checkContext(where: string, { width, rows, k, v }: ContextPair, strength: number): void {
  checkWidth(where, width);
  const count = rows * width;
  if (!Number.isInteger(rows) || rows < 1 || count > MAX_CONTEXT_VALUES) {
    throw new PluginError('input', 'an impossible number of context rows', {
      where,
      expected: `1 to ${Math.floor(MAX_CONTEXT_VALUES / width)}`,
      found: String(rows),
    });
  }
  if (k.length !== count || v.length !== count) {
    throw new PluginError('input', 'the contexts do not fill their shape', {
      where,
      expected: `${count} values for [${rows}, ${width}]`,
      found: `${k.length} and ${v.length}`,
    });
  }
  if (!Number.isFinite(strength)) {
    throw new PluginError('input', 'the strength is no number', { where, found: String(strength) });
  }
  if (!allFinite(k) || !allFinite(v)) {
    throw new PluginError('non-finite', 'the context that it was handed already holds NaN or infinity', {
      where,
    });
  }
}

/** x − x is zero for finite values alone; the sum needs no branch per value. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (const value of values) sum += value - value;
  return sum === 0;
}
