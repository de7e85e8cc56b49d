// A file behind an URL as a byte source, read by range requests.

import { bytesSource } from './bytes-source.ts';
import type { ByteSource } from './entry.ts';
import { FormatError } from './errors.ts';
import { checkRange } from './range.ts';

/** A server without ranges may still give us a file of this size at once: most styles, no checkpoint. */
export const MAX_FULL_DOWNLOAD_BYTES = 64 * 2 ** 20;
/** Reads below this size share one request: headers and zip directories are read in small pieces. */
export const BLOCK_BYTES = 256 * 2 ** 10;

export interface UrlSourceOptions {
  /** For tests and for runtimes with their own fetch. */
  readonly fetch?: typeof globalThis.fetch;
  readonly signal?: AbortSignal;
}

/**
 * Opens an URL. The first request asks for the first block as a range. A server that answers with the whole
 * file is accepted up to `MAX_FULL_DOWNLOAD_BYTES` (one download, kept in memory) and refused above it with
 * `format/network`: a checkpoint must never be downloaded by accident.
 */
export async function urlSource(url: string | URL, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const name = String(url);
  const request = options.fetch ?? globalThis.fetch;
  const get = async (first: number, last: number): Promise<Response> => {
    try {
      const response = await request(name, {
        headers: { range: `bytes=${first}-${last}` },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      if (response.ok) return response;
      await response.body?.cancel();
      throw new FormatError('network', 'the server refused', {
        where: name,
        found: `status ${response.status}`,
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof FormatError) throw error;
      throw new FormatError('network', 'the server cannot be reached', { where: name, cause: error });
    }
  };

  const response = await get(0, BLOCK_BYTES - 1);
  if (response.status !== 206) return bytesSource(name, await wholeBody(name, response));

  const size = totalSize(response.headers.get('content-range'));
  if (size === undefined) {
    await response.body?.cancel();
    throw new FormatError('network', 'the server answers ranges without the size of the file', {
      where: name,
      expected: 'a Content-Range header with a total (cross-origin: exposed by the server)',
      found: response.headers.get('content-range') ?? 'none',
    });
  }
  let block = { start: 0, bytes: await rangeBody(name, response, Math.min(BLOCK_BYTES, size)) };
  return {
    name,
    size,
    async read(offset, length) {
      checkRange(name, size, offset, length);
      if (length === 0) return new Uint8Array(0);
      if (length >= BLOCK_BYTES) return rangeBody(name, await get(offset, offset + length - 1), length);
      if (offset < block.start || offset + length > block.start + block.bytes.length) {
        const wanted = Math.min(BLOCK_BYTES, size - offset);
        block = {
          start: offset,
          bytes: await rangeBody(name, await get(offset, offset + wanted - 1), wanted),
        };
      }
      return block.bytes.slice(offset - block.start, offset - block.start + length);
    },
  };
}

/** The total of `bytes 0-99/1234`. */
function totalSize(contentRange: string | null): number | undefined {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(contentRange ?? '')?.[1];
  const size = Number(total);
  return total !== undefined && Number.isSafeInteger(size) ? size : undefined;
}

async function rangeBody(name: string, response: Response, length: number): Promise<Uint8Array<ArrayBuffer>> {
  if (response.status !== 206) {
    await response.body?.cancel();
    throw new FormatError('network', 'the server stopped answering ranges', {
      where: name,
      expected: 'status 206',
      found: `status ${response.status}`,
    });
  }
  const bytes = await boundedBody(name, response, length);
  if (bytes.length === length) return bytes;
  throw new FormatError('truncated', 'the server sent less than the range asked for', {
    where: name,
    expected: `${length} bytes`,
    found: `${bytes.length}`,
  });
}

async function wholeBody(name: string, response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(response.headers.get('content-length') ?? '0');
  if (declared > MAX_FULL_DOWNLOAD_BYTES) {
    await response.body?.cancel();
    throw noRanges(name, `${declared} bytes`);
  }
  try {
    return await boundedBody(name, response, MAX_FULL_DOWNLOAD_BYTES);
  } catch (error) {
    if (error instanceof FormatError && error.code === 'format/too-large')
      throw noRanges(name, 'a longer body');
    throw error;
  }
}

function noRanges(name: string, found: string): FormatError {
  return new FormatError('network', 'the server answers no range requests', {
    where: name,
    expected: `ranges, or a file of at most ${MAX_FULL_DOWNLOAD_BYTES} bytes`,
    found,
    fix: 'Download the file and open it from disk.',
  });
}

/** Reads a body and stops the download at the first byte above `limit`. */
async function boundedBody(
  name: string,
  response: Response,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > limit) {
      // Leaving the loop cancels the stream.
      throw new FormatError('too-large', 'the server sends more than was asked for', {
        where: name,
        expected: `at most ${limit} bytes`,
      });
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
