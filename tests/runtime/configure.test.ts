// Configuration is checked, and fixed once a session exists.
import { expect, test } from 'vitest';
import { configureRuntime } from '../../client/runtime/configure.ts';
import { createSession } from '../../client/runtime/create.ts';
import { gemmGraph, memorySource, weightFile } from './tiny-graph.ts';

test.each([0, 17, 1.5, Number.NaN])('%d threads are refused', (threads) => {
  expect(() => configureRuntime({ threads })).toThrow(/bad number of threads; expected 1 … 16/);
});

test('a folder without its slash is refused', () => {
  expect(() => configureRuntime({ wasmPaths: '/ort' })).toThrow('expected an URL that ends in /, found /ort');
});

test('one thread works, and nothing can be set after the first session', async () => {
  configureRuntime({ threads: 1 });
  const session = await createSession(gemmGraph(3, 4, memorySource(weightFile(3, 4))), { backend: 'wasm' });
  const { y } = await session.run({ x: { shape: [1, 4], data: new Float32Array([1, 2, 3, 4]) } });
  expect([...y!.data]).toEqual([5, 14, 23]);
  await session.release();
  expect(() => configureRuntime({ threads: 2 })).toThrow('cannot be configured any more');
});

test('WebGPU is refused in Node by its own code', async () => {
  const graph = gemmGraph(3, 4, memorySource(weightFile(3, 4)));
  await expect(createSession(graph, { backend: 'webgpu' })).rejects.toMatchObject({
    code: 'runtime/backend',
  });
});
