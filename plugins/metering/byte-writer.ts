// Writes WebAssembly's binary encoding: LEB128 numbers, and contents with their sizes before them.

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
