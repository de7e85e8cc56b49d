// Downloads over HTTP with progress, cancellation and errors in words.
import { EngineError } from './errors.ts';

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes done and in all (0 when the server does not say). */
  readonly onProgress?: (done: number, total: number) => void;
}

/** True for what `fetch` can load: an absolute URL, or in a page a path. */
export function isUrl(text: string): boolean {
  return /^(https?|blob):/.test(text) || (typeof location === 'object' && /^\.{0,2}\//.test(text));
}

/** The whole body as a Blob, which a browser may keep on disk. */
export async function download(url: string, { signal, onProgress }: DownloadOptions = {}): Promise<Blob> {
  const response = await request(url, signal);
  const total = Number(response.headers.get('content-length') ?? 0);
  if (response.body === null || onProgress === undefined) return response.blob();
  let done = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        done += chunk.byteLength;
        onProgress(done, total);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted).blob();
}

export async function textOf(url: string, signal?: AbortSignal): Promise<string> {
  return (await request(url, signal)).text();
}

/** Parses JSON; throws `engine/model` with the place. */
export function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError('engine/model', 'not valid JSON', {
      where,
      found: (cause as Error).message,
      cause,
    });
  }
}

async function request(url: string, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...(signal && { signal }) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new EngineError('engine/download', 'the download did not start', {
      where: url,
      found: (cause as Error).message,
      fix: 'Check the network and that the server allows other origins.',
      cause,
    });
  }
  if (!response.ok) {
    throw new EngineError('engine/download', 'the server refused the download', {
      where: url,
      expected: 'status 200',
      found: `${response.status} ${response.statusText}`,
    });
  }
  return response;
}
