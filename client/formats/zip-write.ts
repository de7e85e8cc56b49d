// The headers of a zip archive of stored entries, in the one spelling that we write: no zip64, no time, no extras.
import { FormatError } from './errors.ts';

/** One entry, without its bytes. Names are ASCII. */
export interface StoredEntry {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
}

/** All bytes of an archive that are not contents. The contents of an entry follow its header. */
export interface StoredLayout {
  readonly heads: readonly { readonly offset: number; readonly header: Uint8Array }[];
  readonly directoryOffset: number;
  /** The central directory with its end record. */
  readonly directory: Uint8Array;
  /** Bytes of the whole archive. */
  readonly size: number;
}

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** All fields are 32 bits wide without zip64, and all ones would announce it. */
const MAX_ARCHIVE_BYTES = 2 ** 32 - 2;
const STORED_VERSION = 10;
/** 1 January 1980, the first day that the format can say. */
const DATE = 0x21;

/** Lays out the entries in their order (PKWARE's APPNOTE, 4.3). Throws `format/too-large` from 4 GiB on. */
export function storedLayout(where: string, entries: readonly StoredEntry[]): StoredLayout {
  const heads: { offset: number; header: Uint8Array }[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = new TextEncoder().encode(entry.name);
    const header = new Uint8Array(LOCAL_BYTES + name.length);
    const view = new DataView(header.buffer);
    view.setUint32(0, 0x04034b50, true);
    writeFacts(view, 4, entry, name.length);
    header.set(name, LOCAL_BYTES);
    heads.push({ offset, header });
    offset += header.length + entry.size;
  }
  const directorySize = heads.reduce(
    (sum, { header }) => sum + header.length + CENTRAL_BYTES - LOCAL_BYTES,
    0,
  );
  const size = offset + directorySize + END_BYTES;
  if (size > MAX_ARCHIVE_BYTES) {
    throw new FormatError('too-large', 'the archive is too large', {
      where,
      expected: `at most ${MAX_ARCHIVE_BYTES} bytes`,
      found: `${size}`,
    });
  }
  const directory = new Uint8Array(directorySize + END_BYTES);
  const view = new DataView(directory.buffer);
  let at = 0;
  for (const [index, { offset: headerOffset, header }] of heads.entries()) {
    view.setUint32(at, 0x02014b50, true);
    view.setUint16(at + 4, STORED_VERSION, true);
    writeFacts(view, at + 6, entries[index]!, header.length - LOCAL_BYTES);
    view.setUint32(at + 42, headerOffset, true);
    directory.set(header.subarray(LOCAL_BYTES), at + CENTRAL_BYTES);
    at += CENTRAL_BYTES + header.length - LOCAL_BYTES;
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, entries.length, true);
  view.setUint16(at + 10, entries.length, true);
  view.setUint32(at + 12, directorySize, true);
  view.setUint32(at + 16, offset, true);
  return { heads, directoryOffset: offset, directory, size };
}

/** The 26 bytes that a local header and a directory entry have in common, from the version needed on. */
function writeFacts(view: DataView, at: number, { size, crc }: StoredEntry, nameBytes: number): void {
  view.setUint16(at, STORED_VERSION, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, nameBytes, true);
}
