// What blob storage is: bytes under their SHA-256, written once, read whole or in part. It lists nothing.
import { StorageError } from './error.ts';

/**
 * Media types that blobs may have. None is a document, so no blob can run as a page of this origin, and none is
 * compressed on the way, so lengths, ranges and strong etags stay true. Readers know what a blob is from the
 * manifest; only pictures are shown straight from their URL.
 */
export const BLOB_TYPES = ['application/octet-stream', 'image/png'] as const;
export type BlobType = (typeof BLOB_TYPES)[number];

export interface BlobFacts {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly type: BlobType;
}

/** Bytes offset … offset + length − 1; length is at least 1. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface StoredBlob extends BlobFacts {
  /** The whole blob, or the range that was asked for. */
  readonly body: ReadableStream<Uint8Array>;
}

export interface BlobStore {
  /**
   * Stores `bytes` under `sha256` unless a blob is there already. Says which. Throws `storage/digest` when the
   * bytes have another digest; then nothing is stored.
   */
  put(sha256: string, bytes: Uint8Array<ArrayBuffer>, type: BlobType): Promise<'stored' | 'present'>;
  /**
   * The same for `size` bytes that arrive as a stream, of which no more than a piece is held at a time. Throws
   * `storage/length` where there are fewer or more of them.
   */
  putStream(
    sha256: string,
    size: number,
    body: ReadableStream<Uint8Array>,
    type: BlobType,
  ): Promise<'stored' | 'present'>;
  head(sha256: string): Promise<BlobFacts | undefined>;
  /** Throws `storage/range` for a range that is not within the blob. */
  get(sha256: string, range?: ByteRange): Promise<StoredBlob | undefined>;
  /** Removes blobs, at most `MAX_REMOVED` at once. What is not there is no error. */
  remove(sha256s: readonly string[]): Promise<void>;
  /** Puts a blob aside, so that `head` and `get` no longer find it. Nothing where that is done, or where there is none. */
  withhold(sha256: string): Promise<void>;
  /** Undoes `withhold`. */
  restore(sha256: string): Promise<void>;
}

/** Blobs that one call removes. */
export const MAX_REMOVED = 100;

/** SHA-256 in lower-case hexadecimal. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Throws `storage/digest` unless `bytes` are those that `sha256` names. */
export async function checkDigest(sha256: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const found = await digestOf(bytes);
  if (found === sha256) return;
  throw new StorageError('digest', 'the bytes are not those that the digest names', {
    where: sha256,
    expected: sha256,
    found,
  });
}

/** Throws `storage/range` unless `range` is non-empty and within `facts.size`. */
export function checkRange(facts: BlobFacts, { offset, length }: ByteRange): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (whole && offset >= 0 && length >= 1 && offset + length <= facts.size) return;
  throw new StorageError('range', 'the range is not within the blob', {
    where: facts.sha256,
    expected: `1 to ${facts.size} bytes`,
    found: `${length} bytes from ${offset}`,
  });
}

/** A media type read back from storage; an unknown one becomes plain bytes. */
export function blobType(text: string | undefined): BlobType {
  return BLOB_TYPES.find((type) => type === text) ?? 'application/octet-stream';
}
