// Reads the numbers and names of a WebAssembly module, none beyond the end that its caller set, as strictly as the standard asks.
import { PluginError } from './plugin-error.ts';

/** Says that the module is refused, and at which byte. */
export function refuse(name: string, byte: number, what: string, expected?: string, found?: string): never {
  throw new PluginError('invalid', what, {
    where: `${name} at byte ${byte}`,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
  });
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

const WORDS = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A place in a module's bytes. Every method throws `plugin/invalid` naming the byte where it cannot read. */
export class ModuleReader {
  readonly name: string;
  readonly bytes: Uint8Array;
  at: number;
  /** Nothing is read at or after this byte. */
  end: number;

  /** `name` stands in errors. */
  constructor(name: string, bytes: Uint8Array, at = 0, end = bytes.length) {
    this.name = name;
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Refuses what was read at `byte`, by default at the place that would be read next. */
  refuse(what: string, expected?: string, found?: string, byte = this.at): never {
    refuse(this.name, byte, what, expected, found);
  }

  byte(): number {
    if (this.at >= this.end) this.refuse('the module ends in the middle of an entry');
    return this.bytes[this.at++]!;
  }

  /** An unsigned 32-bit LEB128 number, in at most 5 bytes. */
  number(): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    return this.refuse('a number does not fit in 32 bits', undefined, undefined, start);
  }

  /** A signed LEB128 number of `bits` bits, at most 64. Exact up to 53 bits, which is more than anyone here asks for. */
  signed(bits: 32 | 33 | 64): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < bits; shift += 7) {
      const byte = this.byte();
      const left = bits - shift;
      value += (byte & 0x7f) * 2 ** shift;
      if (left <= 7) {
        // The last byte has no continuation, and its bits beyond the number repeat the number's sign.
        const sign = (byte << (32 - left)) >> 31;
        if (byte >= 0x80 || (byte << 25) >> 31 !== sign || (byte << 25) >> (24 + left) !== sign) break;
      }
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - 2 ** (shift + 7);
    }
    return this.refuse(`a number does not fit in ${bits} bits`, undefined, undefined, start);
  }

  /** A number of at most `cap`; `what` are the things that it counts. */
  capped(cap: number, what: string): number {
    const start = this.at;
    const value = this.number();
    if (value > cap) this.refuse(`too many ${what}`, `at most ${cap}`, String(value), start);
    return value;
  }

  /** `length` bytes, not copied. */
  take(length: number): Uint8Array {
    if (length > this.end - this.at) {
      this.refuse('an entry runs past its end', `at most ${this.end - this.at} bytes`, String(length));
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A name: at most `cap` bytes of UTF-8. */
  words(cap: number): string {
    const start = this.at;
    const length = this.number();
    if (length > cap) this.refuse('a name is too long', `at most ${cap} bytes`, String(length), start);
    const bytes = this.take(length);
    try {
      return WORDS.decode(bytes);
    } catch {
      return this.refuse('a name that is not UTF-8', undefined, undefined, start);
    }
  }
}
