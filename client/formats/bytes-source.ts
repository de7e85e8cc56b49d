// A buffer in memory as a byte source.
import type { ByteSource } from './entry.ts';
import { checkRange } from './range.ts';

/** A buffer in memory. The bytes must not change while the source is in use. */
export function bytesSource(name: string, bytes: Uint8Array | ArrayBuffer): ByteSource {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    name,
    size: view.byteLength,
    async read(offset, length) {
      checkRange(name, view.byteLength, offset, length);
      return new Uint8Array(view.subarray(offset, offset + length));
    },
  };
}
