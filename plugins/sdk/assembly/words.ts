// Text as the ABI hands it out, a 32-bit length and UTF-8 bytes, written into static memory.

/** The text being written: an error or the description. One at a time, since calls never overlap. */
let words: usize = 0;
let capacity: i32 = 0;

/** Begins an empty text in `capacity` + 4 bytes at `target`. */
export function beginWords(target: usize, bytes: i32): void {
  words = target;
  capacity = bytes;
  store<i32>(target, 0);
}

function put(byte: i32): void {
  const length = load<i32>(words);
  store<u8>(words + usize(length), byte, 4);
  store<i32>(words, length + 1);
}

/** Whether the text is full: whole characters only, so that it stays UTF-8. */
export function isFull(): bool {
  return load<i32>(words) + 4 > capacity;
}

/** Appends one code point. */
export function sayCharacter(code: i32): void {
  if (isFull()) return;
  if (code < 0x80) {
    put(code);
    return;
  }
  if (code < 0x800) {
    put(0xc0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      put(0xe0 | (code >> 12));
    } else {
      put(0xf0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3f));
    }
    put(0x80 | ((code >> 6) & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

/** The code point at `i`, where a pair of surrogates takes two places; a lone one becomes U+FFFD. */
export function codeAt(text: string, i: i32): i32 {
  const code = text.charCodeAt(i);
  if ((code & 0xf800) != 0xd800) return code;
  const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
  if (code >= 0xdc00 || (next & 0xfc00) != 0xdc00) return 0xfffd;
  return 0x10000 + ((code & 0x3ff) << 10) + (next & 0x3ff);
}

/** Appends text. What does not fit is left out. */
export function say(text: string): void {
  for (let i = 0; i < text.length; i++) {
    const code = codeAt(text, i);
    sayCharacter(code);
    if (code >= 0x10000) i++;
  }
}

/** Appends a whole number. */
export function sayNumber(value: i64): void {
  if (value < 0) sayCharacter(45);
  const size = u64(abs(value));
  let unit: u64 = 1;
  while (size / 10 >= unit) unit *= 10;
  for (; unit > 0; unit /= 10) sayCharacter(48 + i32((size / unit) % 10));
}

/** Appends UTF-8 bytes as they are. What does not fit is left out. */
export function sayWords(bytes: usize, length: i32): void {
  for (let i = 0; i < length && load<i32>(words) < capacity; i++) put(load<u8>(bytes + usize(i)));
}

/** Appends a number with up to six decimals, as JSON and people write it. */
export function sayDecimal(value: f64): void {
  if (value < 0) sayCharacter(45);
  const scaled = u64(nearest(abs(value) * 1e6));
  sayNumber(scaled / 1_000_000);
  let rest = i32(scaled % 1_000_000);
  if (rest == 0) return;
  sayCharacter(46);
  for (let unit = 100_000; rest > 0; unit /= 10) {
    sayCharacter(48 + rest / unit);
    rest %= unit;
  }
}
