// Errors between a page and its Workers: what a thrown error is over there, it is again over here.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

/** An error that crossed the boundary: enough to make the same one again. */
export interface WireError {
  readonly name: string;
  /** Undefined for errors that are not Tincture's own. */
  readonly code: string | undefined;
  readonly message: string;
  readonly facts: Omit<ErrorFacts, 'cause'>;
}

/** The error as a message carries it. */
export function wireError(error: unknown): WireError {
  if (error instanceof TinctureError) {
    // The cause may hold what cannot be cloned, and its words are in the message already.
    const { cause: _, ...facts } = error.facts;
    return { name: error.name, code: error.code, message: error.message, facts };
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, code: undefined, message, facts: {} };
}

/** The error as it was in the Worker: name, code, message and facts are kept. */
export function revivedError({ name, code, message, facts }: WireError): Error {
  if (code === undefined) return name === 'AbortError' ? new DOMException(message, name) : new Error(message);
  const error = new TinctureError(code, message);
  return Object.defineProperties(error, { name: { value: name }, facts: { value: facts } });
}
