// Bounded reads of a pickle's arguments: numbers, texts and lines.
import { FormatError } from './errors.ts';

/** Integers of torch's files have 8 bytes, the magic number of the older container 10. */
export const MAX_INTEGER_BYTES = 16;

/** A cursor over a pickle. Every read past the end throws `format/truncated` with the place. */
export class PickleReader {
  position: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #where: string;

  constructor(bytes: Uint8Array<ArrayBuffer>, start: number, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
    this.position = start;
  }

  /** Moves on by `length` bytes and gives where they start. */
  take(length: number): number {
    const start = this.position;
    if (length > this.#bytes.length - start) throw this.#truncated();
    this.position = start + length;
    return start;
  }

  byte(): number {
    return this.#bytes[this.take(1)]!;
  }

  uint16(): number {
    return this.#view.getUint16(this.take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.take(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.take(4), true);
  }

  /** Big-endian, the one number of a pickle that is. */
  float64(): number {
    return this.#view.getFloat64(this.take(8));
  }

  /** A length of 8 bytes. */
  length8(): number {
    const length = this.#view.getBigUint64(this.take(8), true);
    if (length > BigInt(this.#bytes.length)) throw this.#truncated();
    return Number(length);
  }

  /** A little-endian integer in two's complement; a bigint above 2⁵³. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) {
      throw new FormatError('too-large', `an integer of ${length} bytes`, {
        where: `${this.#where}, byte ${this.position}`,
        expected: `at most ${MAX_INTEGER_BYTES}`,
      });
    }
    const start = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]!);
    value = BigInt.asIntN(length * 8, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** UTF-8. Python writes lone surrogates as they are; they become the replacement character here. */
  text(length: number): string {
    return new TextDecoder('utf-8', { ignoreBOM: true, fatal: false }).decode(this.slice(length));
  }

  latin1(length: number): string {
    return Array.from(this.slice(length), (byte) => String.fromCharCode(byte)).join('');
  }

  slice(length: number): Uint8Array<ArrayBuffer> {
    const start = this.take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Text up to the next line feed. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.#truncated();
    const text = new TextDecoder().decode(this.#bytes.subarray(this.position, end));
    this.position = end + 1;
    return text;
  }

  #truncated(): FormatError {
    return new FormatError('truncated', 'the pickle ends too early', {
      where: `${this.#where}, byte ${this.position}`,
    });
  }
}
