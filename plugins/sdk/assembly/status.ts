// Results of a plugin's functions, and the words that explain one that is not 0.
import { beginWords, say, sayNumber } from './words';

/** Done. */
export const OK: i32 = 0;
/** The plugin cannot do what it was asked; its words say why. */
export const REFUSED: i32 = 1;
/** The memory's declared maximum is in the way. */
export const OUT_OF_MEMORY: i32 = 2;
/** There are no layers for this width; the host leaves it alone. */
export const UNKNOWN_WIDTH: i32 = 3;

const CAPACITY: i32 = 252;
/** Length of the text, then its bytes. */
const message: usize = memory.data(256, 4);

let last: i32 = 0;

/** Begins a new message and passes the status on: `return fail(REFUSED, 'no tensor')`. More follows with `say`. */
export function fail(status: i32, text: string): i32 {
  beginWords(message, CAPACITY);
  say(text);
  last = status;
  return status;
}

/** The status of the last `fail`: for functions that answered 0, false or null after it. `return failure()` passes it on. */
export function failure(): i32 {
  return last;
}

/** A message with one number in it: `return failWith(REFUSED, 'the width is ', width, ' instead of 96')`. */
export function failWith(status: i32, text: string, value: i32, rest: string): i32 {
  fail(status, text);
  sayNumber(value);
  say(rest);
  return status;
}

/** The answer of every function that ran into the memory's maximum. */
export function failMemory(what: string): i32 {
  fail(OUT_OF_MEMORY, what);
  say(' do not fit in the memory');
  return OUT_OF_MEMORY;
}

/** Where the last failure's words are: a 32-bit length, then UTF-8; 0 before the first. */
export function tincture_error(): usize {
  return load<i32>(message) == 0 ? 0 : message;
}
