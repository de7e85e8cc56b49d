// Where a model is trained: the backend, and threads by the model's size.
import type { TensorFile } from '../formats/entry.ts';
import { type BackendChoice, chooseBackend } from '../runtime/backend.ts';
import { suggestThreads } from '../runtime/configure.ts';
import type { Backend } from '../runtime/session.ts';

/** Operators of smaller models are so small that handing them to threads costs more than it saves; see the engine. */
const ONE_THREAD_BYTES = 64 * 2 ** 20;

/** The backend for training over a checkpoint, with the reason in words. Throws `runtime/backend`. */
export function chooseTrainingBackend(checkpoint: TensorFile, wanted?: Backend): Promise<BackendChoice> {
  if (checkpoint.source.size < ONE_THREAD_BYTES) suggestThreads(1);
  return chooseBackend(wanted);
}
