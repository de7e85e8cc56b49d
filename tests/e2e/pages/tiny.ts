// Runs in a page or a Worker: tiny graphs through the runtime, from a Blob of weights.
import { chooseBackend } from '../../../client/runtime/backend.ts';
import { createSession } from '../../../client/runtime/create.ts';
import { externalFiles } from '../../../client/runtime/external.ts';
import { openGpu } from '../../../client/runtime/gpu.ts';
import type { Backend } from '../../../client/runtime/session.ts';
import { gemmGraph, memorySource, weightFile } from '../../runtime/tiny-graph.ts';

const x = { shape: [1, 4], data: new Float32Array([1, 2, 3, 4]) };

function graph() {
  const bytes = weightFile(3, 4);
  return gemmGraph(3, 4, {
    ...memorySource(bytes, new Blob([bytes])),
    read: () => Promise.reject(new Error('the whole file was read')),
  });
}

/** Backend, reason, isolation, and y of x = (1, 2, 3, 4). */
export async function tinyRun(wanted?: Backend) {
  const { backend, reason } = await chooseBackend(wanted);
  const session = await createSession(graph(), { backend });
  const { y } = await session.run({ x });
  await session.release();
  return { backend, reason, isolated: globalThis.crossOriginIsolated, y: [...y!.data] };
}

/** As in an engine without JSPI, such as older Firefox and Safari. */
export async function tinyRunWithoutJspi() {
  Reflect.deleteProperty(WebAssembly, 'Suspending');
  return tinyRun();
}

/** Loses the GPU under a session: the errors' codes, then y of a new session. */
export async function loseDevice() {
  const session = await createSession(graph(), { backend: 'webgpu' });
  await session.run({ x });
  const { device } = await openGpu();
  device.destroy();
  await device.lost;
  const code = await session.run({ x }).then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );
  await session.release();
  const next = await createSession(graph(), { backend: 'webgpu' });
  const { y } = await next.run({ x });
  await next.release();
  return { code, y: [...y!.data] };
}

let slicesRead = 0;

/** Reads slices of a Blob for ever, as the runtime reads tensors while it makes a session: nothing else knows the reader. */
export async function readSlices(): Promise<void> {
  const blob = new Blob([new Uint8Array(2 ** 23)]);
  const files = await externalFiles(gemmGraph(3, 4, memorySource(new Uint8Array(), blob)), 'jspi');
  const { data } = files[0] as { readonly data: Blob };
  void (async () => {
    for (let buffer = new ArrayBuffer(2 ** 20); ; slicesRead++) {
      const reader = data
        .slice(0, 1 + ((slicesRead * 99_991) % 300_000))
        .stream()
        .getReader({ mode: 'byob' });
      for (let done: boolean | undefined = false; done !== true; ) {
        const part = await reader.read(new Uint8Array(buffer, 0, buffer.byteLength));
        if (part.value !== undefined) buffer = part.value.buffer;
        done = part.done;
      }
    }
  })();
}

/** How many slices `readSlices` has read. */
export function countSlices(): number {
  return slicesRead;
}

/** Calls a function of this module inside a Worker. */
export async function inWorker(name: string, ...args: unknown[]) {
  const worker = new Worker(new URL('./tiny-worker.ts', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) =>
        'error' in data ? reject(new Error(data.error)) : resolve(data.value);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage([name, args]);
    });
  } finally {
    worker.terminate();
  }
}
