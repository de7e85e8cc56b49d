// Calls of the local bindings whose connection closed under them, made again.
import { TinctureError } from '../../plugins/contract/error.ts';

/** One more has always been enough so far. */
const ATTEMPTS = 4;
/** What undici and the system say of a connection that the other side has closed. */
const CLOSED_CODES: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
const MAX_CAUSES = 8;

/**
 * Makes `call` again, at most three times, while its connection closes under it. Miniflare calls bindings over connections that
 * it keeps, and on a busy machine a large put now and then meets one that workerd has closed; why it does so is not known, for
 * neither idle connections nor a blocked thread alone bring it about. Only for calls that may happen twice.
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
