// Trying again what may go better a little later: broken connections, a busy registry, too many requests.
import { RegistryError } from './error.ts';

/** Pauses before the second, third … try, about a minute in all: a minute is the window of the registry's own limits. */
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 16_000, 30_000];

export interface Retry {
  /** Told before each pause. */
  readonly onWait?: (error: RegistryError, seconds: number) => void;
  /** For tests: how a pause is made. */
  readonly pause?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * The result of `work`, which is made again after growing pauses while it fails with what may pass: `registry/network`, and
 * refusals of status 429 or 5xx. Throws the last failure, any other at once, and the signal's reason when it is aborted. Only
 * for work that may happen twice.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  { onWait, pause = sleep }: Retry,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const ms = PAUSES_MS[attempt];
      if (!(error instanceof RegistryError) || !mayPass(error) || ms === undefined) throw error;
      // Half of it at random, so that many who failed together do not come back together.
      const jittered = ms / 2 + Math.random() * (ms / 2);
      onWait?.(error, Math.ceil(jittered / 1000));
      await pause(jittered, signal);
    }
  }
}

function mayPass({ code, facts }: RegistryError): boolean {
  return code === 'registry/network' || /^status (?:429|5\d\d)$/.test(facts.found ?? '');
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
