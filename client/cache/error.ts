// Errors of the blob caches.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type CacheErrorKind =
  /** The bytes are not those that the digest names; nothing was kept. */
  | 'digest'
  /** The stream has more or fewer bytes than announced; nothing was kept. */
  | 'size'
  /** The device or the browser gives no more room; nothing was kept. */
  | 'quota';

/** A blob that could not be kept. `where` is its digest. */
export class CacheError extends TinctureError {
  override readonly name = 'CacheError';

  constructor(kind: CacheErrorKind, what: string, facts: ErrorFacts = {}) {
    super(`cache/${kind}`, what, facts);
  }
}

/** The error of a write: running out of room is told as such, anything else is passed on as it is. */
export function writeError(error: unknown, sha256: string, size: number): unknown {
  const name = error instanceof Error ? error.name : '';
  const code = (error as { code?: unknown } | null)?.code;
  if (name !== 'QuotaExceededError' && code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return quotaError(sha256, size, error);
}

export function quotaError(sha256: string, size: number, cause?: unknown): CacheError {
  return new CacheError('quota', 'no room for the download', {
    where: sha256,
    expected: `${size} bytes free`,
    fix: 'Delete cached models or styles, or free space on the device.',
    ...(cause === undefined ? {} : { cause }),
  });
}
