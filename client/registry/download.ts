// A download as one stream that survives broken connections: it resumes where it broke, by a range request.
import type { BlobReference } from './answers.ts';
import { RegistryError } from './error.ts';

/** Broken connections in a row, without one new byte between them, before a download is given up. */
const MAX_FAILURES = 3;

export interface DownloadOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
  /** Bytes done and in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * The bytes of `blob` from `url`. The stream fails with `registry/network` when the server cannot be reached
 * again, with what `refusal` makes of an answer that is no success, or with the signal's reason. Digest and
 * size are the reader's to check.
 */
export function download(
  url: string,
  blob: BlobReference,
  refusal: (response: Response) => Promise<RegistryError>,
  { fetch, signal, onProgress }: DownloadOptions,
): ReadableStream<Uint8Array> {
  let done = 0;
  let failures = 0;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  const connect = async () => {
    const headers: Record<string, string> =
      done === 0 ? {} : { range: `bytes=${done}-`, 'if-range': `"${blob.sha256}"` };
    const response = await fetch(url, { headers, ...(signal === undefined ? {} : { signal }) });
    if (!response.ok) throw await refusal(response);
    if (done > 0 && response.status !== 206) {
      await response.body?.cancel();
      throw new RegistryError('network', 'the download broke and the server cannot resume it', {
        where: url,
      });
    }
    if (response.body === null) throw new RegistryError('answer', 'an answer without a body', { where: url });
    return response.body.getReader();
  };

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          signal?.throwIfAborted();
          try {
            reader ??= await connect();
            const chunk = await reader.read();
            if (chunk.done) return controller.close();
            failures = 0;
            done += chunk.value.length;
            controller.enqueue(chunk.value);
            onProgress?.(done, blob.size);
            return;
          } catch (error) {
            reader = undefined;
            signal?.throwIfAborted();
            if (error instanceof RegistryError) throw error;
            if (++failures < MAX_FAILURES) continue;
            throw new RegistryError('network', 'the download broke', {
              where: url,
              expected: `${blob.size} bytes`,
              found: `${done}`,
              fix: 'Check the connection and try again.',
              cause: error,
            });
          }
        }
      },
      async cancel(reason) {
        await reader?.cancel(reason);
      },
    },
    // One chunk at a time: nothing is read ahead of the disk.
    { highWaterMark: 0 },
  );
}
