// What was made lately, within a number of bytes.

/** A map that forgets its oldest entries beyond a number of bytes; the newest stays whatever its size. */
export class Newest<T> {
  readonly #limit: number;
  readonly #bytesOf: (value: T) => number;
  readonly #kept = new Map<string, T>();
  #bytes = 0;

  constructor(limit: number, bytesOf: (value: T) => number) {
    this.#limit = limit;
    this.#bytesOf = bytesOf;
  }

  get(key: string): T | undefined {
    return this.#kept.get(key);
  }

  /** Adds under a key that is not there. */
  add(key: string, value: T): void {
    this.#kept.set(key, value);
    this.#bytes += this.#bytesOf(value);
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= this.#limit || this.#kept.size === 1) return;
      this.#kept.delete(oldest);
      this.#bytes -= this.#bytesOf(old);
    }
  }
}
