// Files that the engine makes from a model's, and keeps on this device so that they are made once.
import type { ByteSource } from '../formats/entry.ts';

export interface WorkingFiles {
  /** The whole file under this key; undefined where it was not made, or was removed. */
  open(key: string): Promise<ByteSource | undefined>;
  /**
   * Writes a file of exactly `size` bytes and opens it. Throws `cache/quota` where there is no room, before writing where
   * that is known; what `pieces` throws passes through. After a failure nothing of it is left.
   */
  write(key: string, size: number, pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<ByteSource>;
}

/** Files that are still being written end so. */
export const PARTIAL = '.part';
