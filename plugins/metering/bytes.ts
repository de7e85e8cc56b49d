// Reading and writing WebAssembly's binary encoding: LEB128 numbers, vectors, sections.
import { PluginError } from '../contract/plugin-error.ts';

/** Reads bytes in order, never past `end`. */
export class ByteReader {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(name: string, bytes: Uint8Array, at = 0, end = bytes.length) {
    this.name = name;
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    if (this.at >= this.end) this.refuse('the module ends in the middle of an entry');
    return this.bytes[this.at++]!;
  }

  /** An unsigned LEB128 number of 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.refuse('a number does not fit in 32 bits');
  }

  /** Passes one LEB128 number of any sign and at most 64 bits. */
  skipNumber(): void {
    for (let left = 10; left > 0; left--) if (this.byte() < 0x80) return;
    this.refuse('a number does not fit in 64 bits');
  }

  skip(count: number): void {
    if (count > this.end - this.at) this.refuse('the module ends in the middle of an entry');
    this.at += count;
  }

  /** A reader of the next `count` bytes, which are passed here. */
  part(count: number): ByteReader {
    const start = this.at;
    this.skip(count);
    return new ByteReader(this.name, this.bytes, start, this.at);
  }

  refuse(what: string): never {
    throw new PluginError('invalid', what, { where: `${this.name} at byte ${this.at}` });
  }
}

/** Bytes that grow at their end. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(...values: readonly number[]): this {
    this.#reserve(values.length);
    for (const value of values) this.#bytes[this.#length++] = value;
    return this;
  }

  bytes(values: Uint8Array): this {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
    return this;
  }

  unsigned(value: number): this {
    let left = value;
    while (left >= 0x80) {
      this.byte((left % 0x80) + 0x80);
      left = Math.floor(left / 0x80);
    }
    return this.byte(left);
  }

  /** A signed LEB128 number of at most 32 bits. */
  signed(value: number): this {
    let left = value;
    while (left < -0x40 || left > 0x3f) {
      this.byte((left & 0x7f) + 0x80);
      left >>= 7;
    }
    return this.byte(left & 0x7f);
  }

  /** `content` with its length before it: a section's content, a function's body, a name. */
  sized(content: Uint8Array): this {
    return this.unsigned(content.length).bytes(content);
  }

  clear(): void {
    this.#length = 0;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.view());
    this.#bytes = larger;
  }
}
