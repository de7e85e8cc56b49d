// What every blob cache must do. Plain functions, so that the same suite runs in Node and inside a page.
import type { BlobCache } from '../../client/cache/blob-cache.ts';
import { TinctureError } from '../../plugins/contract/error.ts';

/** SHA-256 of "abc" and of the empty text, from FIPS 180-2 and RFC 6234. */
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

type Case = (cache: BlobCache) => Promise<void>;

/** Each case begins with an empty cache. */
export const CACHE_CASES: Readonly<Record<string, Case>> = {
  'keeps a blob and gives it back': async (cache) => {
    const blob = await cache.put(ABC, 3, streamOf('a', 'bc'));
    equal(await blob.text(), 'abc');
    equal(await (await cache.get(ABC))?.text(), 'abc');
    equal(await (await cache.get(ABC))?.slice(1, 2).text(), 'b');
  },
  'keeps an empty blob': async (cache) => {
    equal((await cache.put(EMPTY, 0, streamOf())).size, 0);
    equal((await cache.get(EMPTY))?.size, 0);
  },
  'knows nothing of other digests': async (cache) => {
    equal(await cache.get(ABC), undefined);
    equal(await cache.delete(ABC), false);
    equal(await cache.list(), []);
  },
  'refuses other bytes and keeps nothing': async (cache) => {
    equal(await codeOf(cache.put(ABC, 3, streamOf('abd'))), 'cache/digest');
    equal(await cache.get(ABC), undefined);
    equal(await cache.list(), []);
  },
  'refuses too few and too many bytes': async (cache) => {
    equal(await codeOf(cache.put(ABC, 4, streamOf('abc'))), 'cache/size');
    equal(await codeOf(cache.put(ABC, 2, streamOf('abc'))), 'cache/size');
    equal(await cache.list(), []);
  },
  'stops an endless stream at the announced size': async (cache) => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(64)),
      cancel: () => {
        cancelled = true;
      },
    });
    equal(await codeOf(cache.put(ABC, 1000, endless)), 'cache/size');
    equal(cancelled, true);
    equal(await cache.list(), []);
  },
  'passes on why a stream failed, and keeps nothing': async (cache) => {
    const reason = new TinctureError('test/broken', 'the line broke');
    let sent = false;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) controller.error(reason);
        else controller.enqueue(bytes('a'));
        sent = true;
      },
    });
    equal(await codeOf(cache.put(ABC, 3, broken)), 'test/broken');
    equal(await cache.get(ABC), undefined);
    equal(await cache.list(), []);
  },
  'refuses what is no digest, before it becomes a file name': async (cache) => {
    equal(await codeOf(cache.put('../abc', 3, streamOf('abc'))), 'cache/digest');
    equal(await codeOf(cache.put(ABC.toUpperCase(), 3, streamOf('abc'))), 'cache/digest');
  },
  'keeps the same blob twice at once': async (cache) => {
    const both = [cache.put(ABC, 3, streamOf('abc')), cache.put(ABC, 3, streamOf('ab', 'c'))];
    equal(await Promise.all((await Promise.all(both)).map((blob) => blob.text())), ['abc', 'abc']);
    equal(await cache.list(), [{ sha256: ABC, size: 3 }]);
  },
  'lists with sizes in order, deletes one, clears all': async (cache) => {
    await cache.put(EMPTY, 0, streamOf());
    await cache.put(ABC, 3, streamOf('abc'));
    equal(await cache.list(), [
      { sha256: ABC, size: 3 },
      { sha256: EMPTY, size: 0 },
    ]);
    equal(await cache.delete(ABC), true);
    equal(await cache.list(), [{ sha256: EMPTY, size: 0 }]);
    await cache.clear();
    equal(await cache.list(), []);
    equal(await cache.get(EMPTY), undefined);
  },
};

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

export function streamOf(...parts: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(bytes(part));
      controller.close();
    },
  });
}

/** The code of the error that a promise fails with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof TinctureError ? error.code : String(error);
  }
  return 'no error';
}

function equal(found: unknown, expected: unknown): void {
  const texts = [found, expected].map((value) => JSON.stringify(value) ?? 'undefined');
  if (texts[0] !== texts[1]) throw new Error(`expected ${texts[1]}, found ${texts[0]}`);
}
