// A worker thread that compiles once: whoever started it can end it, which nothing else does to a compiler in a loop.
import { parentPort, workerData } from 'node:worker_threads';
import { TinctureError } from '../../plugins/contract/error.ts';
import { type CompileRequest, type CompileResult, compilePlugin } from './compile.ts';

/** What the thread answers: an error crosses as its parts. */
export type CompileAnswer =
  | { readonly result: CompileResult }
  | { readonly code: string; readonly what: string };

try {
  const result = await compilePlugin(workerData as CompileRequest);
  parentPort!.postMessage({ result } satisfies CompileAnswer);
} catch (error) {
  if (!(error instanceof TinctureError)) throw error;
  parentPort!.postMessage({ code: error.code, what: error.message } satisfies CompileAnswer);
}
