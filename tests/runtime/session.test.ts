// Sessions in Node: weights from bytes and from a file's Blob, queued runs, release, and errors that name the graph.
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ByteSource } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { createSession } from '../../client/runtime/create.ts';
import { RuntimeError } from '../../client/runtime/error.ts';
import { gemmGraph, memorySource, outerProductGraph, WEIGHT_OFFSET, weightFile } from './tiny-graph.ts';

const ROWS = 3;
const COLUMNS = 4;
const bytes = weightFile(ROWS, COLUMNS);
/** y of x = (1, 2, 3, 4): Σⱼ (i + j/4)·(j + 1) − i = 10·i + 5 − i. */
const EXPECTED = [5, 14, 23];
const x = { shape: [1, COLUMNS], data: new Float32Array([1, 2, 3, 4]) };

async function failure(promise: Promise<unknown>): Promise<RuntimeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RuntimeError);
  return error as RuntimeError;
}

async function y(source: ByteSource, prepack?: boolean): Promise<number[]> {
  const session = await createSession(gemmGraph(ROWS, COLUMNS, source), {
    backend: 'wasm',
    ...(prepack === undefined ? {} : { prepack }),
  });
  const result = await session.run({ x });
  await session.release();
  expect(result.y!.shape).toEqual([1, ROWS]);
  return [...result.y!.data];
}

test('weights come from bytes, from a Blob, and from a file that is not read into memory', async () => {
  expect(await y(memorySource(bytes))).toEqual(EXPECTED);
  expect(await y(memorySource(bytes, new Blob([bytes])))).toEqual(EXPECTED);
  const folder = await mkdtemp(join(tmpdir(), 'tincture-runtime-'));
  try {
    const path = join(folder, 'weights.bin');
    await writeFile(path, bytes);
    const source: ByteSource = {
      name: path,
      size: bytes.length,
      blob: await openAsBlob(path),
      read: async () => Promise.reject(new Error('the whole file was read')),
    };
    expect(await y(source)).toEqual(EXPECTED);
    const { blob: _, readSync, ...onDemand } = await fileSource(path);
    const asked: number[] = [];
    const counted: ByteSource = {
      ...onDemand,
      read: source.read,
      readSync: (offset, target) => {
        asked.push(target.length);
        readSync!(offset, target);
      },
    };
    expect(await y(counted)).toEqual(EXPECTED);
    expect(asked.length).toBeGreaterThan(0);
    expect(Math.max(...asked)).toBeLessThan(bytes.length);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('prepacking changes nothing in the numbers', async () => {
  expect(await y(memorySource(bytes), true)).toEqual(EXPECTED);
  expect(await y(memorySource(bytes), false)).toEqual(EXPECTED);
});

test('sessions made and run at the same time do not disturb one another', async () => {
  const sessions = await Promise.all(
    [3, 5, 7].map((rows) =>
      createSession(gemmGraph(rows, COLUMNS, memorySource(weightFile(rows, COLUMNS))), { backend: 'wasm' }),
    ),
  );
  const results = await Promise.all(
    sessions.flatMap((session) => [session.run({ x }), session.run({ x: { ...x, shape: [1, 4] } })]),
  );
  expect(results.map((result) => result.y!.shape[1])).toEqual([3, 3, 5, 5, 7, 7]);
  expect([...results[5]!.y!.data]).toEqual([5, 14, 23, 32, 41, 50, 59]);
  expect(sessions[0]!.inputNames).toEqual(['x']);
  expect(sessions[0]!.outputNames).toEqual(['y']);
  await Promise.all(sessions.map((session) => session.release()));
});

test('feeds are checked against the graph before they reach the runtime', async () => {
  const session = await createSession(gemmGraph(ROWS, COLUMNS, memorySource(bytes)), { backend: 'wasm' });
  const missing = await failure(session.run({}));
  expect(missing.code).toBe('runtime/run');
  expect(missing.message).toBe('gemm: input x is missing; expected x, found no feeds');
  const misshapen = await failure(session.run({ x: { shape: [2, 3], data: new Float32Array(6) } }));
  expect(misshapen.message).toBe(
    'gemm: input x does not fit; expected float32 [batch = 2, 4], found float32 [2, 3] with 6 values',
  );
  const mistyped = await failure(session.run({ x: { shape: [1, 4], data: new Int32Array(4) } }));
  expect(mistyped.message).toContain('found int32 [1, 4]');
  const short = await failure(session.run({ x: { shape: [2, 4], data: new Float32Array(4) } }));
  expect(short.message).toContain('found float32 [2, 4] with 4 values');
  const unknown = await failure(session.run({ x, z: x }));
  expect(unknown.message).toBe('gemm: z is not an input of the graph; expected x');
  expect([...(await session.run({ x })).y!.data]).toEqual(EXPECTED);
  await session.release();
});

test('a released session refuses to run, and releasing twice is harmless', async () => {
  const session = await createSession(gemmGraph(ROWS, COLUMNS, memorySource(bytes)), { backend: 'wasm' });
  await session.release();
  await session.release();
  expect((await failure(session.run({ x }))).code).toBe('runtime/released');
});

test('a graph that points past its weight file cannot become a session, and the next one can', async () => {
  const short = memorySource(bytes.slice(0, WEIGHT_OFFSET + 8));
  const error = await failure(createSession(gemmGraph(ROWS, COLUMNS, short, 'unet'), { backend: 'wasm' }));
  expect(error.code).toBe('runtime/create');
  expect(error.message).toMatch(/^unet: the session could not be created/);
  expect(await y(memorySource(bytes))).toEqual(EXPECTED);
});

test('an aborted creation rejects with the signal’s reason', async () => {
  const graph = gemmGraph(ROWS, COLUMNS, memorySource(bytes));
  const before = AbortSignal.abort(new Error('stopped before'));
  await expect(createSession(graph, { backend: 'wasm', signal: before })).rejects.toThrow('stopped before');
  const controller = new AbortController();
  const creating = createSession(graph, { backend: 'wasm', signal: controller.signal });
  controller.abort(new Error('stopped in between'));
  await expect(creating).rejects.toThrow('stopped in between');
});

test('a tensor that the 4 GiB heap cannot hold is out of memory, and the session lives on', async () => {
  const session = await createSession(outerProductGraph(), { backend: 'wasm' });
  const feeds = (n: number, m: number) => ({
    x: { shape: [n, 1], data: new Float32Array(n).fill(2) },
    z: { shape: [1, m], data: new Float32Array(m).fill(3) },
  });
  const error = await failure(session.run(feeds(32_500, 33_000)));
  expect(error.code).toBe('runtime/out-of-memory');
  expect(error.message).toMatch(/^outer: the run failed: no memory left; found .*bad_alloc/);
  expect([...(await session.run(feeds(1, 2))).y!.data]).toEqual([6, 6]);
  await session.release();
});
