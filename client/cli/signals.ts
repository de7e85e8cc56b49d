// Ctrl-C: the first one cancels, the second ends the process at once.
import { TinctureError } from '../../plugins/contract/error.ts';

/** A signal that Ctrl-C and SIGTERM abort with `cli/cancelled`, which the program ends with as exit code 130. */
export function cancelOnSignals(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const cancel = (): void => {
    release();
    controller.abort(new TinctureError('cli/cancelled', 'cancelled; nothing was written'));
  };
  const release = (): void => {
    process.off('SIGINT', cancel);
    process.off('SIGTERM', cancel);
  };
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  return { signal: controller.signal, release };
}
