// Bounds on request bodies, before anything reads them.
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Environment } from '../environment.ts';
import { problem } from './problem.ts';

/** Bytes of a JSON body: the largest, a passkey's attestation, is a few thousand. */
export const MAX_JSON_BYTES = 64 * 1024;

/**
 * Answers 413 for a body of more than `bytes`: by its Content-Length before a byte is read, or where it has none after so many
 * bytes, of which it holds no more than that.
 */
export function limitBody(bytes: number): MiddlewareHandler<Environment> {
  return bodyLimit({
    maxSize: bytes,
    onError: () =>
      problem(413, { code: 'edge/body-too-large', detail: `The body may have ${bytes} bytes here.` }),
  });
}

/** For routes that take JSON. */
export const limitJson = limitBody(MAX_JSON_BYTES);
