// A file from an URL onto this disk: in pieces, resumed where it broke, checked before it counts.
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileSource } from '../formats/node-file.ts';
import { checkRoom, fileDigest, type Watch } from './disk.ts';
import { StoreError, storeFailure } from './errors.ts';

/** The largest checkpoints of these families have 8 GB; a server that sends more sends something else. */
export const MAX_DOWNLOAD_BYTES = 64e9;
/** Broken connections in a row, without one new byte between them, before it is given up. */
const MAX_FAILURES = 4;
const PAUSE_MS = 500;

export interface DownloadOptions extends Watch {
  /** What the file must be. */
  readonly sha256?: string | undefined;
}

export interface Downloaded {
  readonly path: string;
  readonly sha256: string;
}

/** What is kept beside an unfinished file, so that it is only ever gone on with the same one. */
interface Resumption {
  readonly url: string;
  /** The server's strong ETag, or its Last-Modified. */
  readonly validator: string;
}

/**
 * Downloads into `folder`. What a broken or stopped download has brought stays there, and the next call for the same URL
 * goes on behind it if the server still has the same file (If-Range). Throws `store/download` with the server's answer,
 * `store/digest`, `store/quota`, or the signal's reason.
 */
export async function downloadFile(
  url: string,
  folder: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  await mkdir(folder, { recursive: true });
  const stem = join(folder, createHash('sha256').update(url).digest('hex').slice(0, 32));
  const path = `${stem}.part`;
  const notes = `${stem}.json`;
  let failures = 0;
  for (;;) {
    options.signal?.throwIfAborted();
    const before = await sizeOf(path);
    try {
      await receive(url, path, notes, options);
      break;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof StoreError) throw error;
      failures = (await sizeOf(path)) > before ? 1 : failures + 1;
      if (failures >= MAX_FAILURES) {
        throw new StoreError('download', 'the download broke', {
          where: url,
          found: `${(error as Error).message} after ${await sizeOf(path)} bytes`,
          fix: 'Run the command again: it goes on where it stopped.',
          cause: error,
        });
      }
      await sleep(PAUSE_MS * failures);
    }
  }
  const sha256 = await fileDigest(await fileSource(path), options, 'checking the download');
  if (options.sha256 === undefined || options.sha256 === sha256) return { path, sha256 };
  await forgetDownload(path);
  throw new StoreError('digest', 'the download is not the file that its digest names', {
    where: url,
    expected: options.sha256,
    found: sha256,
    fix: 'Check the digest and the address; the source may be damaged.',
  });
}

/** Removes a download, whole or not. */
export async function forgetDownload(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(path.replace(/\.part$/, '.json'), { force: true });
}

/** One connection, to the end of the file. Throws what breaks it; StoreErrors need no other try. */
async function receive(url: string, path: string, notes: string, options: DownloadOptions): Promise<void> {
  const { signal, onProgress } = options;
  const resumption = await readNotes(notes, url);
  const have = resumption === undefined ? 0 : await sizeOf(path);
  const response = await fetch(url, {
    headers: {
      // Ranges count the bytes as they are sent.
      'accept-encoding': 'identity',
      ...(resumption !== undefined &&
        have > 0 && { range: `bytes=${have}-`, 'if-range': resumption.validator }),
    },
    ...(signal && { signal }),
  });
  const start = response.status === 206 ? startOf(response, have, url) : 0;
  if (response.status === 416 && totalOf(response) === have) return;
  if (response.status === 416) await rm(notes, { force: true });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    if (response.status >= 500 || response.status === 416) throw new Error(`status ${response.status}`);
    throw new StoreError('download', 'the server refused the download', {
      where: url,
      expected: 'status 200',
      found: `${response.status} ${response.statusText}`.trim(),
    });
  }
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : start + Number(length);
  if (total !== undefined && total > MAX_DOWNLOAD_BYTES) {
    await response.body.cancel();
    throw tooLarge(url, `${total} bytes`);
  }
  if (total !== undefined) await checkRoom(join(path, '..'), total - start);
  await writeNotes(notes, url, response);
  const file = await open(path, start === 0 ? 'w' : 'r+');
  let done = start;
  try {
    for await (const chunk of response.body) {
      signal?.throwIfAborted();
      if (done + chunk.length > (total ?? MAX_DOWNLOAD_BYTES)) throw tooLarge(url, 'more');
      await file.write(chunk, 0, chunk.length, done);
      done += chunk.length;
      onProgress?.('downloading', done, total ?? 0);
    }
    await file.truncate(done);
    await file.sync();
  } catch (error) {
    throw storeFailure(error, path);
  } finally {
    await file.close();
  }
  if (total !== undefined && done < total)
    throw new Error(`the connection ended at byte ${done} of ${total}`);
}

function startOf(response: Response, have: number, url: string): number {
  const start = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
  if (start === have) return start;
  throw new StoreError('download', 'the server sent another range than was asked for', {
    where: url,
    expected: `from byte ${have}`,
    found: response.headers.get('content-range') ?? 'no content-range',
  });
}

function totalOf(response: Response): number | undefined {
  const total = /^bytes \*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}

function tooLarge(url: string, found: string): StoreError {
  return new StoreError('download', 'the server sends too much', {
    where: url,
    expected: `at most ${MAX_DOWNLOAD_BYTES} bytes, and as many as it announced`,
    found,
  });
}

async function readNotes(notes: string, url: string): Promise<Resumption | undefined> {
  try {
    const value = JSON.parse(await readFile(notes, 'utf8')) as Partial<Resumption> | null;
    if (value?.url === url && typeof value.validator === 'string') return { url, validator: value.validator };
  } catch {
    // Nothing is there, or it was cut off: the download begins anew.
  }
  return undefined;
}

/** Without a validator nobody can say that a later answer is of the same file, so nothing will be resumed. */
async function writeNotes(notes: string, url: string, response: Response): Promise<void> {
  const etag = response.headers.get('etag');
  const validator = etag?.startsWith('"') ? etag : response.headers.get('last-modified');
  if (validator === null) await rm(notes, { force: true });
  else await writeFile(notes, JSON.stringify({ url, validator } satisfies Resumption));
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
