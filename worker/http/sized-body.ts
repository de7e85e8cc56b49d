// Bodies that are streamed on: their length is known and bounded before a byte is read.
import type { Context } from 'hono';
import { RegistryError } from '../registry/error.ts';

export interface SizedBody {
  /** Bytes, as Content-Length tells; the server holds the sender to it. */
  readonly size: number;
  readonly body: ReadableStream<Uint8Array>;
}

/**
 * The request's body, of 1 to `maximum` bytes. Throws `registry/length-required` without a Content-Length, and
 * `registry/too-large`, with `fix` as what to do instead.
 */
export function sizedBody(c: Context, maximum: number, fix: string): SizedBody {
  const header = c.req.header('content-length');
  if (header === undefined || !/^\d{1,15}$/.test(header)) {
    throw new RegistryError('length-required', 'the request does not tell its length', {
      expected: 'Content-Length',
      fix: 'Send the body whole, not in chunks of unknown number.',
    });
  }
  const size = Number(header);
  if (size > maximum) {
    throw new RegistryError('too-large', 'the body is too large for one request', {
      expected: `at most ${maximum} bytes`,
      found: header,
      fix,
    });
  }
  const { body } = c.req.raw;
  if (size > 0 && body !== null) return { size, body };
  throw new RegistryError('invalid', 'the request has no body', { where: 'body' });
}
