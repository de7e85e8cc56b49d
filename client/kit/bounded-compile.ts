// Compiles in a thread of its own, within limits of time and memory: sources are somebody else's. In Node.
import { Worker } from 'node:worker_threads';
import { TinctureError } from '../../plugins/contract/error.ts';
import { type CompileRequest, type CompileResult, compilerBroke } from './compile.ts';
import type { CompileAnswer } from './compile-worker.ts';

/** A template takes two seconds of processor time; a machine that is shared by many has been seen to need a hundred times that. */
export const COMPILE_LIMIT_MS = 300_000;
/** Megabytes of JavaScript heap. */
const HEAP_MB = 1024;

export interface CompileLimits {
  readonly timeMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** As `compilePlugin`. Throws `kit/compile-time` past the limit, and the signal's reason when it is aborted. */
export async function compileBounded(
  request: CompileRequest,
  { timeMs = COMPILE_LIMIT_MS, signal }: CompileLimits = {},
): Promise<CompileResult> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL('./compile-worker.ts', import.meta.url), {
    workerData: request,
    env: {},
    execArgv: ['--no-warnings'],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  let release = (): void => {};
  try {
    return await new Promise<CompileResult>((resolve, reject) => {
      const timer = setTimeout(() => reject(tooSlow(request.entry, timeMs)), timeMs);
      const abort = (): void => reject(signal!.reason);
      signal?.addEventListener('abort', abort);
      release = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      worker.on('message', (answer: CompileAnswer) => {
        if ('result' in answer) resolve(answer.result);
        else reject(new TinctureError(answer.code, answer.what));
      });
      worker.on('error', (error) => reject(compilerBroke((error as Error).message)));
      worker.on('exit', (code) => reject(compilerBroke(`exit code ${code}`)));
    });
  } finally {
    release();
    await worker.terminate();
  }
}

function tooSlow(entry: string, timeMs: number): TinctureError {
  return new TinctureError('kit/compile-time', 'compiling took too long and was ended', {
    where: entry,
    expected: `at most ${timeMs / 1000} s`,
    fix: 'Look for generics or constants that make the compiler loop.',
  });
}
