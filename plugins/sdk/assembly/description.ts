// What a plugin says of itself, and its parameters: declared once, in `tincture_describe`, and read by index.
import { fail, OK, REFUSED } from './status';
import { beginWords, codeAt, say, sayCharacter, sayDecimal } from './words';

const CAPACITY: i32 = 4092;
const MAX_PARAMETERS: i32 = 16;

/** JSON as words. */
const description: usize = memory.data(4096, 4);
/** Values by index, float32. */
const values: usize = memory.data(64, 16);
let count: i32 = 0;

/** Text in quotes; quotes and backslashes escaped, control characters left out. */
function quote(text: string): void {
  sayCharacter(34);
  for (let i = 0; i < text.length; i++) {
    const code = codeAt(text, i);
    if (code >= 0x10000) i++;
    if (code == 34 || code == 92) sayCharacter(92);
    if (code >= 32) sayCharacter(code);
  }
  sayCharacter(34);
}

/** Begins the description. Then `acceptHalf` if wanted, `declare` for each parameter, and `described`. */
export function describe(title: string, text: string): void {
  beginWords(description, CAPACITY);
  count = 0;
  say('{"title":');
  quote(title);
  say(',"description":');
  quote(text);
}

/** Float16 tensors shall come as they are. Comes before the first `declare`. */
export function acceptHalf(): void {
  say(',"half":true');
}

/**
 * Declares the next parameter: a name of lower-case letters, digits and inner hyphens, its default and range. The first has index 0.
 * Numbers are written with six decimals. At most 16; the host refuses a description with more.
 */
export function declare(name: string, initial: f32, minimum: f32, maximum: f32): void {
  say(count == 0 ? ',"parameters":[{"name":' : ',{"name":');
  quote(name);
  say(',"default":');
  sayDecimal(initial);
  say(',"minimum":');
  sayDecimal(minimum);
  say(',"maximum":');
  sayDecimal(maximum);
  say('}');
  if (count < MAX_PARAMETERS) store<f32>(values + (usize(count) << 2), initial);
  count += 1;
}

/** Ends the description: what `tincture_describe` returns. */
export function described(): usize {
  say(count == 0 ? '}' : ']}');
  return description;
}

/** The value of a declared parameter: what the host set last, or the default. */
export function parameter(index: i32): f32 {
  return load<f32>(values + (usize(index) << 2));
}

/** Takes a declared parameter's value. A plugin that must notice changes wraps it, and otherwise re-exports `tincture_parameter`. */
export function setParameter(index: i32, value: f32): i32 {
  if (index < 0 || index >= min(count, MAX_PARAMETERS)) return fail(REFUSED, 'there is no such parameter');
  store<f32>(values + (usize(index) << 2), value);
  return OK;
}

export function tincture_parameter(index: i32, value: f32): i32 {
  return setParameter(index, value);
}
