// Calls of the local bindings whose connection closed under them, made again.
import { TinctureError } from '../../plugins/contract/error.ts';

/** A fresh connection cannot have been idle, so one more call is the rule and the others are for a machine in trouble. */
const ATTEMPTS = 4;
/** What undici and the system say of a connection that the other side has closed. */
const CLOSED_CODES: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
const MAX_CAUSES = 8;

/**
 * Makes `call` again, at most three times, while its connection closes under it. Miniflare calls bindings over connections that
 * it keeps; it writes a large body as one text, and nothing else runs meanwhile. On a busy machine that lasts until workerd
 * has closed the connection as idle, and the call then meets a closed one. Only for calls that may happen twice.
 * Throws `setup/connection` after the last, which holds the reason; any other error at once, as it is.
 */
export async function despiteClosedConnections<T>(where: string, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (cause) {
      if (!isClosedConnection(cause)) throw cause;
      if (attempt < ATTEMPTS) continue;
      throw new TinctureError('setup/connection', 'workerd closed the connection each time', {
        where,
        expected: `one of ${ATTEMPTS} calls to be answered`,
        found: cause instanceof Error ? cause.message : String(cause),
        fix: 'Start again when the machine is less busy.',
        cause,
      });
    }
  }
}

function isClosedConnection(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < MAX_CAUSES && at instanceof Error; depth++) {
    if (CLOSED_CODES.has((at as NodeJS.ErrnoException).code)) return true;
    at = at.cause;
  }
  return false;
}
