// Runs inside Chromium: the contract over OPFS, in the page and in a Worker, and what a full disk does.
import { opfsCache } from '../../../client/cache/opfs.ts';
import { CACHE_CASES, codeOf } from '../contract.ts';

export async function runCase(name: string): Promise<void> {
  const cache = opfsCache();
  await cache.clear();
  await CACHE_CASES[name]!(cache);
}

/** Runs all cases in a Worker; gives the failures. */
export async function runAllInWorker(): Promise<string[]> {
  const worker = new Worker(new URL('./opfs-worker.ts', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data as string[]);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

/** Puts a blob that announces or really has `size` bytes into a browser with less room. */
export async function putTooMuch(
  size: number,
): Promise<{ code: string; cancelled: boolean; files: string[] }> {
  let cancelled = false;
  const chunk = new Uint8Array(2 ** 20);
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(chunk),
    cancel: () => {
      cancelled = true;
    },
  });
  const code = await codeOf(opfsCache().put('a'.repeat(64), size, stream));
  return { code, cancelled, files: await allFiles() };
}

/** As `putTooMuch`, in a browser whose estimate is wrong: the write itself must fail. */
export async function putTooMuchUnforeseen(size: number) {
  navigator.storage.estimate = async () => ({});
  return putTooMuch(size);
}

/** A blob kept by an earlier visit. */
export async function keepAbc(): Promise<void> {
  await CACHE_CASES['keeps a blob and gives it back']!(opfsCache());
}

export async function listed() {
  return opfsCache().list();
}

/** Every file of the origin, so that halves show too. */
async function allFiles(): Promise<string[]> {
  const names: string[] = [];
  for await (const [name, handle] of (await navigator.storage.getDirectory()).entries()) {
    if (handle.kind === 'file') names.push(name);
    else
      for await (const inner of (handle as FileSystemDirectoryHandle).keys()) names.push(`${name}/${inner}`);
  }
  return names;
}
