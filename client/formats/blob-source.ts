// A Blob or File as a byte source that is read lazily.
import type { ByteSource } from './entry.ts';
import { checkRange } from './range.ts';

/** A Blob or File; only the ranges that are asked for are read. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    blob,
    async read(offset, length) {
      checkRange(name, blob.size, offset, length);
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
  };
}
