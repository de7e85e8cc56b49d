// The page's side of the compiler: one Worker, ended and started anew when it takes too long.
import { TinctureError } from '../../index.ts';
import type { CompileRequest } from '../../kit/compile.ts';
import type { PackRequest } from '../../kit/pack.ts';
import type { FromCompiler, TimedResult, ToCompiler } from './messages.ts';

/** Milliseconds for one compilation; the largest template takes less than a tenth of it on a slow phone. */
export const COMPILE_LIMIT_MS = 20_000;

/** As much of a Worker as is used here, so that tests can stand in for it. */
export interface WorkerLike {
  postMessage(message: ToCompiler): void;
  addEventListener(kind: 'message', listener: (event: { readonly data: FromCompiler }) => void): void;
  addEventListener(kind: 'error', listener: (event: { readonly message: string }) => void): void;
  terminate(): void;
}

export interface Compiler {
  /** Rejects with `playground/deadline` when it takes too long, and with what the kit throws. */
  compile(request: CompileRequest): Promise<TimedResult>;
  pack(request: PackRequest): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends what is under way, which rejects with `playground/ended`. */
  close(): void;
}

interface Waiting {
  readonly resolve: (message: FromCompiler) => void;
  readonly reject: (reason: unknown) => void;
}

interface Running {
  readonly worker: WorkerLike;
  /** Resolves when the compiler is loaded. */
  readonly ready: Promise<void>;
  readonly waiting: Map<number, Waiting>;
  end(reason: TinctureError): void;
}

export function createCompiler(spawn: () => WorkerLike = spawnWorker, limitMs = COMPILE_LIMIT_MS): Compiler {
  let running: Running | undefined;
  let nextId = 0;

  const start = (): Running => {
    const worker = spawn();
    const waiting = new Map<number, Waiting>();
    const ready = Promise.withResolvers<void>();
    // Who waits for it hears of its end; when nobody does, it is no failure of the page.
    ready.promise.catch(() => {});
    const started: Running = {
      worker,
      ready: ready.promise,
      waiting,
      end(reason) {
        if (running === started) running = undefined;
        worker.terminate();
        ready.reject(reason);
        for (const { reject } of waiting.values()) reject(reason);
        waiting.clear();
      },
    };
    worker.addEventListener('message', ({ data }) => {
      if (data.kind === 'ready') return ready.resolve();
      const waiter = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.kind === 'failed') {
        const { code, message, fix } = data.fault;
        const error = new TinctureError(code, message);
        waiter?.reject(fix === undefined ? error : Object.assign(error, { facts: { fix } }));
      } else waiter?.resolve(data);
    });
    worker.addEventListener('error', ({ message }) => {
      started.end(
        new TinctureError('playground/compiler', 'the compiler could not be loaded', {
          found: message === '' ? 'no reason given' : message,
          fix: 'Check the connection and compile again.',
        }),
      );
    });
    return started;
  };

  const ask = async (make: (id: number) => ToCompiler): Promise<FromCompiler> => {
    running ??= start();
    const mine = running;
    await mine.ready;
    const id = nextId++;
    const clock = setTimeout(() => {
      mine.end(
        new TinctureError('playground/deadline', `the compiler was not done after ${limitMs / 1000} s`, {
          fix: 'It was ended and starts anew with the next change. Undo the last change, or make the source smaller.',
        }),
      );
    }, limitMs);
    try {
      return await new Promise<FromCompiler>((resolve, reject) => {
        mine.waiting.set(id, { resolve, reject });
        mine.worker.postMessage(make(id));
      });
    } finally {
      clearTimeout(clock);
    }
  };

  return {
    async compile(request) {
      const answer = await ask((id) => ({ kind: 'compile', id, request }));
      if (answer.kind !== 'compiled') throw unexpected(answer.kind);
      return answer.result;
    },
    async pack(request) {
      const answer = await ask((id) => ({ kind: 'pack', id, request }));
      if (answer.kind !== 'packed') throw unexpected(answer.kind);
      return answer.bytes;
    },
    close() {
      running?.end(new TinctureError('playground/ended', 'the compiler was ended'));
    },
  };
}

function spawnWorker(): WorkerLike {
  return new Worker(new URL('./compile-worker.ts', import.meta.url), {
    type: 'module',
    name: 'tincture-compiler',
  });
}

function unexpected(kind: string): TinctureError {
  return new TinctureError('playground/compiler', `unexpected answer ${kind}`);
}
