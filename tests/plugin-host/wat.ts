// Pieces of WebAssembly text that the plugin host's fixtures are written with: data, words, blocks of layers.
import { LAYER_HEADER_BYTES } from '../../plugins/contract/abi.ts';

/** Bytes at a place of the memory. */
export function data(at: number, bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  return `(data (i32.const ${at}) "${text}")`;
}

/** Little-endian 32-bit integers at a place of the memory. */
export function integers(at: number, values: readonly number[]): string {
  return data(at, new Uint8Array(Uint32Array.from(values).buffer));
}

/** A length and so many bytes, as the ABI's words are; `length` lies about them. */
export function words(at: number, said: string | Uint8Array, length?: number): string {
  const bytes = typeof said === 'string' ? new TextEncoder().encode(said) : said;
  return `${integers(at, [length ?? bytes.length])} ${data(at + 4, bytes)}`;
}

/** A block of float32 values, or of the halves that `values` are the bits of. */
export function block(header: readonly number[], values: readonly number[], half = false): Uint8Array {
  const payload = half
    ? new Uint8Array(Uint16Array.from(values).buffer)
    : new Uint8Array(Float32Array.from(values).buffer);
  const bytes = new Uint8Array(LAYER_HEADER_BYTES + payload.length);
  bytes.set(new Uint8Array(Uint32Array.from(header).buffer));
  bytes.set(payload, LAYER_HEADER_BYTES);
  return bytes;
}

/** A linear layer whose weight and bias are all `value`. */
export function linear(inputs: number, outputs: number, value = 1): Uint8Array {
  return block([1, 0, inputs, outputs, 0], new Array<number>(inputs * outputs + outputs).fill(value));
}
