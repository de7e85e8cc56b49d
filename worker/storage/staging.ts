// Bytes on their way to becoming blobs: in parts or whole, under an upload's id, until their digest is checked.
import type { BlobType, ByteRange } from './blob-store.ts';

/** A part that storage holds. */
export interface StagedPart {
  /** 1 for the first. */
  readonly part: number;
  readonly etag: string;
}

export interface Staging {
  /** Begins an upload in parts; gives storage's own name for it. Storage forgets it after seven days. */
  begin(id: string): Promise<string>;
  /**
   * Stores one part of exactly `size` bytes; the same part again replaces it. Gives its etag. Throws `storage/length`, and
   * `storage/parts` for an upload that storage has forgotten.
   */
  putPart(
    id: string,
    upload: string,
    part: number,
    size: number,
    body: ReadableStream<Uint8Array>,
  ): Promise<string>;
  /** Makes one object of the parts, in order. Nothing where that is done already. Throws `storage/parts`. */
  join(id: string, upload: string, parts: readonly StagedPart[]): Promise<void>;
  /** Stores a whole object of exactly `size` bytes. Throws `storage/length`. */
  putWhole(id: string, size: number, body: ReadableStream<Uint8Array>): Promise<void>;
  /** Bytes of the object; undefined while there is none. */
  size(id: string): Promise<number | undefined>;
  /** Bytes of the object. */
  read(id: string, range: ByteRange): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Copies the object to where blobs are, under a digest that storage checks as it copies. Says whether the
   * blob was there already. Throws `storage/digest`; then nothing is stored.
   */
  promote(id: string, sha256: string, type: BlobType): Promise<'stored' | 'present'>;
  /** Removes object and parts. What is not there is no error. */
  discard(id: string, upload: string | null): Promise<void>;
}
