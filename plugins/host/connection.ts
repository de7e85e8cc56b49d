// The line to one sandbox: calls in order, each within its deadline, all of a picture within the picture's budget.
import { MAX_MESSAGE_BYTES } from '../contract/limits.ts';
import { PluginError } from '../contract/plugin-error.ts';
import type {
  Answer,
  ApplyRequest,
  ContextRequest,
  LayersRequest,
  LoadRequest,
  ParametersRequest,
  PhaseRequest,
  Request,
  ScheduleRequest,
  StartRequest,
  TensorsRequest,
} from './messages.ts';
import type { PluginLimits } from './plugin.ts';
import type { OpenSandbox, Sandbox } from './sandbox.ts';

type Unnumbered<T> = Omit<T, 'id'>;
type AnyRequest =
  | Unnumbered<StartRequest>
  | Unnumbered<ParametersRequest>
  | Unnumbered<LoadRequest>
  | Unnumbered<TensorsRequest>
  | Unnumbered<ContextRequest>
  | Unnumbered<ScheduleRequest>
  | Unnumbered<PhaseRequest>
  | Unnumbered<ApplyRequest>
  | Unnumbered<LayersRequest>;
type AnswerOf<K extends Answer['kind']> = Extract<Answer, { readonly kind: K }>;

interface Waiting {
  readonly id: number;
  resolve(answer: Answer): void;
  reject(error: PluginError): void;
}

/** What a failed answer means, by its kind; a deadline has words of its own. */
const WHAT = {
  invalid: 'the module is not what the ABI asks',
  memory: "the plugin's memory is full",
  trap: 'the plugin trapped and was ended',
  refused: 'the plugin refused',
} as const;

export class Connection {
  readonly name: string;
  readonly #limits: PluginLimits;
  readonly #onEnd: () => void;
  #sandbox: Sandbox | undefined;
  #ended: PluginError | undefined;
  #waiting: Waiting | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #nextId = 0;
  /** Milliseconds left of the picture's budget, which begins after the start. */
  #left = Number.POSITIVE_INFINITY;

  /** `onEnd` is told once, whatever ended it. */
  constructor(name: string, limits: PluginLimits, onEnd: () => void) {
    this.name = name;
    this.#limits = limits;
    this.#onEnd = onEnd;
  }

  /** Opens the sandbox and starts the module in it, both within one deadline; gives the description's bytes. */
  start(
    open: OpenSandbox,
    module: Uint8Array<ArrayBuffer>,
    describes: boolean,
  ): Promise<Uint8Array | undefined> {
    const started = this.enqueue(async () => {
      const sandbox = await open({
        onAnswer: (answer) => this.#receive(answer),
        onDeath: (reason) =>
          this.end(new PluginError('trap', 'the sandbox ended', { where: this.name, found: reason })),
      });
      if (this.#ended !== undefined) sandbox.end();
      else this.#sandbox = sandbox;
      return (await this.ask({ kind: 'start', module, describes }, [module.buffer], 'started')).description;
    });
    this.refill();
    return started;
  }

  /** Runs a call after those before it. One that takes longer than it may ends the plugin. */
  enqueue<T>(call: () => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      if (this.#ended !== undefined) throw this.#closed(this.#ended);
      const began = performance.now();
      const milliseconds = Math.min(this.#limits.deadlineMs, this.#left);
      if (milliseconds <= 0) throw this.end(this.#tooSlow());
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(this.end(this.#tooSlow())), milliseconds);
      try {
        return await Promise.race([call(), late]);
      } finally {
        clearTimeout(timer);
        this.#left = Math.max(0, this.#left - (performance.now() - began));
      }
    };
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Refills the picture's budget, after the calls that wait. */
  refill(): void {
    this.#queue = this.#queue.then(() => {
      this.#left = this.#limits.pictureBudgetMs;
    });
  }

  /** Sends a request from within `enqueue` and gives its answer, which must be of this kind. */
  async ask<K extends Answer['kind']>(
    request: AnyRequest,
    transfer: ArrayBuffer[],
    kind: K,
  ): Promise<AnswerOf<K>> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      if (this.#ended !== undefined || this.#sandbox === undefined) {
        reject(this.#closed(this.#ended));
        return;
      }
      const id = this.#nextId++;
      this.#waiting = { id, resolve, reject };
      this.#sandbox.send({ ...request, id } as Request, transfer);
    });
    if (answer.kind === kind) return answer as AnswerOf<K>;
    throw this.end(
      new PluginError('trap', 'the sandbox gave another answer', {
        where: this.name,
        expected: kind,
        found: answer.kind,
      }),
    );
  }

  /** Ends the sandbox; the first reason stays. */
  end(error: PluginError): PluginError {
    if (this.#ended !== undefined) return error;
    this.#ended = error;
    this.#sandbox?.end();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#onEnd();
    return error;
  }

  close(): void {
    this.end(new PluginError('closed', 'the plugin is closed', { where: this.name, fix: 'Start it again.' }));
  }

  /** Nothing is taken for granted: whoever broke out of the plugin could answer anything. */
  #receive(answer: Answer): void {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.id !== answer?.id) return;
    this.#waiting = undefined;
    if (answer.kind !== 'failed') {
      waiting.resolve(answer);
      return;
    }
    const error = this.#failure(answer);
    waiting.reject(error);
    // After a trap the plugin's own records may be half written; a refusal leaves them whole.
    if (error.kind !== 'refused' && error.kind !== 'memory') this.end(error);
  }

  #failure({ failure, text }: AnswerOf<'failed'>): PluginError {
    if (failure === 'deadline') return this.#tooSlow();
    const kind = Object.hasOwn(WHAT, failure) ? failure : 'trap';
    return new PluginError(kind, WHAT[kind], { where: this.name, found: printable(text) });
  }

  #tooSlow(): PluginError {
    const { deadlineMs, pictureBudgetMs } = this.#limits;
    return new PluginError('deadline', 'the plugin was too slow and was ended', {
      where: this.name,
      expected:
        deadlineMs <= this.#left
          ? `an answer within ${deadlineMs} ms`
          : `at most ${pictureBudgetMs} ms for all calls of one picture`,
    });
  }

  #closed(cause: PluginError | undefined): PluginError {
    if (cause === undefined || cause.kind === 'closed') {
      return cause ?? new PluginError('closed', 'the plugin is closed', { where: this.name });
    }
    return new PluginError('closed', 'the plugin was ended by an earlier failure', {
      where: this.name,
      cause,
    });
  }
}

/** A plugin's words, cut, and without control characters, which could forge what a terminal shows. */
function printable(text: unknown): string {
  return String(text)
    .slice(0, MAX_MESSAGE_BYTES)
    .replace(/\p{Cc}/gu, '\ufffd');
}
