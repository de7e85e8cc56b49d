// The backend is chosen from what is there, with the reason in words, and a wanted one is never replaced.
import { expect, test } from 'vitest';
import { chooseBackend, type Surroundings } from '../../client/runtime/backend.ts';

const JSPI = { Suspending: class {} };
const adapter = { info: { vendor: 'apple', architecture: 'metal-3', description: '' } } as GPUAdapter;

function gpu(requestAdapter: () => Promise<GPUAdapter | null>): NonNullable<Surroundings['navigator']> {
  return { gpu: { requestAdapter } as unknown as GPU };
}

test('WebGPU is taken when there is an adapter and JSPI', async () => {
  const browser: Surroundings = { navigator: gpu(async () => adapter), WebAssembly: JSPI };
  expect(await chooseBackend(undefined, browser)).toEqual({
    backend: 'webgpu',
    reason: 'WebGPU on apple metal-3',
  });
  expect((await chooseBackend('webgpu', browser)).backend).toBe('webgpu');
});

test('wasm that was asked for needs no GPU', async () => {
  const browser: Surroundings = {
    navigator: gpu(() => Promise.reject(new Error('asked'))),
    WebAssembly: JSPI,
  };
  expect(await chooseBackend('wasm', browser)).toEqual({ backend: 'wasm', reason: 'wasm was asked for' });
});

const lacking: [string, Surroundings, string][] = [
  ['Node', globalThis, 'Node has no WebGPU'],
  [
    'no navigator.gpu',
    { navigator: {}, WebAssembly: JSPI },
    'this browser has no navigator.gpu here (it needs https or localhost)',
  ],
  [
    'no JSPI',
    { navigator: gpu(async () => adapter), WebAssembly: {} },
    'this browser has no JSPI (WebAssembly.Suspending)',
  ],
  [
    'no adapter',
    { navigator: gpu(async () => null), WebAssembly: JSPI },
    'the browser offers no GPU adapter',
  ],
  [
    'a failing adapter',
    { navigator: gpu(() => Promise.reject(new Error('blocked'))), WebAssembly: JSPI },
    'asking for a GPU adapter failed: blocked',
  ],
];

test.each(lacking)('%s: wasm with the reason, and WebGPU is refused', async (_, surroundings, reason) => {
  expect(await chooseBackend(undefined, surroundings)).toEqual({
    backend: 'wasm',
    reason: `wasm, because ${reason}`,
  });
  await expect(chooseBackend('webgpu', surroundings)).rejects.toMatchObject({
    code: 'runtime/backend',
    message: expect.stringContaining(`WebGPU was asked for, but ${reason}`),
  });
});
