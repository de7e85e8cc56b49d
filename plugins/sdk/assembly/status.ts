// What a plugin tells its host: a status, and words for people.

/** Results of `tincture_load` and `tincture_apply`. */
export const OK: i32 = 0;
export const REFUSED: i32 = 1;
export const OUT_OF_MEMORY: i32 = 2;
export const UNKNOWN_WIDTH: i32 = 3;

const CAPACITY: i32 = 252;
/** Length of the text, then its bytes. */
const message: usize = memory.data(256, 4);

function put(byte: i32): void {
  const length = load<i32>(message);
  if (length >= CAPACITY) return;
  store<u8>(message + usize(length), byte, 4);
  store<i32>(message, length + 1);
}

/** Appends ASCII text to the message. */
export function say(text: string): void {
  for (let i = 0; i < text.length; i++) put(text.charCodeAt(i) & 0x7f);
}

/** Appends a number. */
export function sayNumber(value: i32): void {
  let unit = 1;
  while (u32(value) / 10 >= u32(unit)) unit *= 10;
  for (; unit > 0; unit /= 10) put(48 + i32((u32(value) / u32(unit)) % 10));
}

/** Begins a new message and passes the status on. */
export function fail(status: i32, text: string): i32 {
  store<i32>(message, 0);
  say(text);
  return status;
}

/** Where the last failure's words are: a 32-bit length, then UTF-8 bytes. */
export function tincture_error(): usize {
  return message;
}
