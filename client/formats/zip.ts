// Zip archives: the central directory read lazily, byte ranges of stored entries, bounded inflating of the others.
import type { ByteSource } from './entry.ts';
import { FormatError } from './errors.ts';
import { inflateBounded } from './inflate.ts';

/** A checkpoint of 2,000 tensors has a directory of about 0.2 MB. */
export const MAX_DIRECTORY_BYTES = 16 * 2 ** 20;
/** Inflated entries are held in memory; styles and embeddings are far smaller, and torch itself never deflates. */
export const MAX_INFLATED_BYTES = 2 ** 30;
/** Deflate cannot expand by more: 258 bytes from a match of two bits, and a little for the block's head. */
const MAX_DEFLATE_RATIO = 1032;

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_BYTES = 46;
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const MAX_COMMENT_BYTES = 0xffff;
const ZIP64_EXTRA = 0x0001;
const STORED = 0;
const DEFLATED = 8;

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly deflated: boolean;
  /** Bytes in the archive. */
  readonly compressedSize: number;
  /** Bytes of the file itself. */
  readonly size: number;
  readonly headerOffset: number;
}

export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** First byte of the entry's data in the source. */
  dataOffset(entry: ZipEntry): Promise<number>;
  /** The whole file, inflated if need be. Throws `format/too-large` above `limit` bytes before allocating. */
  read(entry: ZipEntry, limit: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens an archive: reads its directory and nothing else. Refuses encryption, methods other than stored and
 * deflate, entries that overlap (the flat zip bomb), two entries of one name, and sizes that the archive's bytes
 * cannot hold. Checksums are not verified: weights are read lazily and in parts.
 */
export async function openZip(source: ByteSource): Promise<ZipArchive> {
  const { offset, size, count } = await findDirectory(source);
  if (size > MAX_DIRECTORY_BYTES) {
    throw new FormatError('too-large', 'the zip directory is too large', {
      where: source.name,
      expected: `at most ${MAX_DIRECTORY_BYTES} bytes`,
      found: `${size}`,
    });
  }
  const entries = parseDirectory(source, await source.read(offset, size), count);
  checkLayout(source, entries, offset);
  const dataOffset = async (entry: ZipEntry): Promise<number> => {
    const header = view(await source.read(entry.headerOffset, LOCAL_BYTES));
    if (header.getUint32(0, true) !== LOCAL_SIGNATURE) {
      throw invalid(source, `entry ${entry.name}`, 'no local header where the directory says');
    }
    const start = entry.headerOffset + LOCAL_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
    if (start + entry.compressedSize > offset) {
      throw invalid(source, `entry ${entry.name}`, 'the data runs into the directory');
    }
    return start;
  };
  return {
    entries,
    dataOffset,
    async read(entry, limit) {
      if (entry.size > limit) {
        throw new FormatError('too-large', 'the zip entry is too large', {
          where: `${source.name}, entry ${entry.name}`,
          expected: `at most ${limit} bytes`,
          found: `${entry.size}`,
        });
      }
      const bytes = await source.read(await dataOffset(entry), entry.compressedSize);
      return entry.deflated ? inflate(source, entry, bytes) : bytes;
    },
  };
}

function inflate(source: ByteSource, entry: ZipEntry, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const inflated = inflateBounded('deflate', bytes, entry.size, `${source.name}, entry ${entry.name}`);
  if (inflated.length === entry.size) return inflated;
  throw invalid(source, `entry ${entry.name}`, 'the inflated size is wrong', {
    expected: `${entry.size} bytes`,
    found: `${inflated.length}`,
  });
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

async function findDirectory(source: ByteSource): Promise<Directory> {
  const tailLength = Math.min(source.size, END_BYTES + MAX_COMMENT_BYTES);
  const tailOffset = source.size - tailLength;
  const tail = view(await source.read(tailOffset, tailLength));
  for (let at = tailLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.getUint16(at + 20, true) !== tailLength) continue;
    const plain = {
      offset: tail.getUint32(at + 16, true),
      size: tail.getUint32(at + 12, true),
      count: tail.getUint16(at + 10, true),
    };
    const wide = plain.offset === 0xffffffff || plain.size === 0xffffffff || plain.count === 0xffff;
    const directory = wide ? await findDirectory64(source, tailOffset + at) : plain;
    if (directory.offset + directory.size > tailOffset + at) {
      throw invalid(source, 'end record', 'the zip directory lies outside the file');
    }
    return directory;
  }
  throw new FormatError('truncated', 'the zip archive has no end record', {
    where: source.name,
    fix: 'The file may not have been downloaded whole.',
  });
}

async function findDirectory64(source: ByteSource, endOffset: number): Promise<Directory> {
  const locatorOffset = endOffset - LOCATOR_BYTES;
  if (locatorOffset < 0) throw invalid(source, 'end record', 'the zip64 locator is missing');
  const locator = view(await source.read(locatorOffset, LOCATOR_BYTES));
  if (locator.getUint32(0, true) !== LOCATOR_SIGNATURE) {
    throw invalid(source, `byte ${locatorOffset}`, 'the zip64 locator is missing');
  }
  const end64Offset = safeInteger(source, locator, 8);
  const end64 = view(await source.read(end64Offset, END64_BYTES));
  if (end64.getUint32(0, true) !== END64_SIGNATURE) {
    throw invalid(source, `byte ${end64Offset}`, 'the zip64 end record is missing');
  }
  return {
    count: safeInteger(source, end64, 32),
    size: safeInteger(source, end64, 40),
    offset: safeInteger(source, end64, 48),
  };
}

function parseDirectory(
  source: ByteSource,
  bytes: Uint8Array<ArrayBuffer>,
  count: number,
): Map<string, ZipEntry> {
  if (count * CENTRAL_BYTES > bytes.length) {
    throw invalid(source, 'directory', 'the zip directory is smaller than its entries', {
      expected: `${count} entries`,
      found: `${bytes.length} bytes`,
    });
  }
  const entries = new Map<string, ZipEntry>();
  const directory = view(bytes);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > bytes.length || directory.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      throw invalid(source, `directory entry ${i}`, 'the zip directory is broken');
    }
    const nameLength = directory.getUint16(at + 28, true);
    const extraLength = directory.getUint16(at + 30, true);
    const next = at + CENTRAL_BYTES + nameLength + extraLength + directory.getUint16(at + 32, true);
    if (next > bytes.length) throw invalid(source, `directory entry ${i}`, 'the zip directory is broken');
    const name = new TextDecoder().decode(
      bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength),
    );
    if (entries.has(name)) throw invalid(source, `entry ${name}`, 'the archive holds the name twice');
    const extraOffset = at + CENTRAL_BYTES + nameLength;
    const extra = new DataView(bytes.buffer, bytes.byteOffset + extraOffset, extraLength);
    entries.set(name, parseEntry(source, name, directory, at, extra));
    at = next;
  }
  return entries;
}

function parseEntry(
  source: ByteSource,
  name: string,
  directory: DataView,
  at: number,
  extra: DataView,
): ZipEntry {
  const place = `entry ${name}`;
  const method = directory.getUint16(at + 10, true);
  if ((directory.getUint16(at + 8, true) & 1) !== 0) {
    throw new FormatError('unsupported', 'the entry is encrypted', { where: `${source.name}, ${place}` });
  }
  if (method !== STORED && method !== DEFLATED) {
    throw new FormatError('unsupported', 'unknown compression method', {
      where: `${source.name}, ${place}`,
      expected: 'stored (0) or deflate (8)',
      found: `${method}`,
    });
  }
  let compressedSize = directory.getUint32(at + 20, true);
  let size = directory.getUint32(at + 24, true);
  let headerOffset = directory.getUint32(at + 42, true);
  // Zip64 keeps, in this order, only the fields that are all ones in the entry itself.
  let field = zip64Field(extra);
  const widen = (value: number): number => {
    if (value !== 0xffffffff) return value;
    if (field === undefined || field + 8 > extra.byteLength)
      throw invalid(source, place, 'the zip64 sizes are missing');
    const wide = safeInteger(source, extra, field);
    field += 8;
    return wide;
  };
  size = widen(size);
  compressedSize = widen(compressedSize);
  headerOffset = widen(headerOffset);
  const possible = method === STORED ? compressedSize : compressedSize * MAX_DEFLATE_RATIO;
  if ((method === STORED && size !== compressedSize) || size > possible) {
    throw invalid(source, place, 'the sizes are impossible', {
      expected: `at most ${possible} bytes from ${compressedSize} stored ones`,
      found: `${size}`,
    });
  }
  return { name, deflated: method === DEFLATED, compressedSize, size, headerOffset };
}

/** Offset of the zip64 field's data in the extra fields. */
function zip64Field(extra: DataView): number | undefined {
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
    if (extra.getUint16(at, true) === ZIP64_EXTRA) return at + 4;
  }
  return undefined;
}

/** Entries must lie one behind the other, before the directory. */
function checkLayout(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  directoryOffset: number,
): void {
  const sorted = [...entries.values()].sort((a, b) => a.headerOffset - b.headerOffset);
  for (const [i, entry] of sorted.entries()) {
    const limit = sorted[i + 1]?.headerOffset ?? directoryOffset;
    if (entry.headerOffset + LOCAL_BYTES + entry.compressedSize > limit) {
      throw invalid(source, `entry ${entry.name}`, 'the entry overlaps what follows it', {
        expected: `an end before byte ${limit}`,
        found: `${entry.headerOffset + LOCAL_BYTES + entry.compressedSize}`,
      });
    }
  }
}

function safeInteger(source: ByteSource, data: DataView, offset: number): number {
  const value = data.getBigUint64(offset, true);
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw invalid(source, 'zip64 record', 'a size is impossible', { found: `${value}` });
}

function view(bytes: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(
  source: ByteSource,
  place: string,
  what: string,
  facts: { expected?: string; found?: string; cause?: unknown } = {},
): FormatError {
  return new FormatError('invalid', what, { where: `${source.name}, ${place}`, ...facts });
}
