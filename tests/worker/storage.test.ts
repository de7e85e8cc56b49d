// One contract over both blob stores: memory, and R2 in workerd.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalEdge } from '../../worker/serve.ts';
import { type BlobStore, digestOf } from '../../worker/storage/blob-store.ts';
import { memoryBlobStore } from '../../worker/storage/memory.ts';
import { bytesOf, serveForTest } from './fixture.ts';

let edge: LocalEdge;
beforeAll(async () => {
  edge = await serveForTest();
});
afterAll(() => edge.close());

const textOf = async (body: ReadableStream | undefined) => new Response(body).text();

describe.each<[string, () => BlobStore]>([
  ['memory', memoryBlobStore],
  ['R2', () => edge.stores.blobs],
])('blobs in %s', (_name, makeStore) => {
  let store: BlobStore;
  const text = 'ten bytes.';
  let sha256: string;
  beforeAll(async () => {
    store = makeStore();
    sha256 = await digestOf(bytesOf(text));
    expect(await store.put(sha256, bytesOf(text), 'image/png')).toBe('stored');
  });

  test('gives back bytes, size and type', async () => {
    expect(await store.head(sha256)).toEqual({ sha256, size: 10, type: 'image/png' });
    const blob = await store.get(sha256);
    expect(blob).toMatchObject({ sha256, size: 10, type: 'image/png' });
    expect(await textOf(blob?.body)).toBe(text);
  });

  test.each([
    [0, 10, text],
    [0, 1, 't'],
    [4, 3, 'byt'],
    [9, 1, '.'],
  ])('gives %i + %i bytes of it', async (offset, length, part) => {
    const blob = await store.get(sha256, { offset, length });
    expect(blob?.size).toBe(10);
    expect(await textOf(blob?.body)).toBe(part);
  });

  test.each([
    [10, 1],
    [0, 11],
    [9, 2],
    [0, 0],
    [-1, 2],
    [0.5, 1],
  ])('refuses %d + %d bytes, which are not within it', async (offset, length) => {
    await expect(store.get(sha256, { offset, length })).rejects.toMatchObject({ code: 'storage/range' });
  });

  test('never overwrites: the second put changes nothing, not even the type', async () => {
    expect(await store.put(sha256, bytesOf(text), 'application/octet-stream')).toBe('present');
    expect(await store.head(sha256)).toMatchObject({ type: 'image/png' });
  });

  test('refuses bytes of another digest, whether the key is free or taken', async () => {
    const free = await digestOf(bytesOf('another text'));
    for (const key of [free, sha256]) {
      await expect(store.put(key, bytesOf('forged'), 'image/png')).rejects.toMatchObject({
        code: 'storage/digest',
      });
    }
    expect(await store.head(free)).toBeUndefined();
    expect(await textOf((await store.get(sha256))?.body)).toBe(text);
  });

  test('knows nothing of other digests', async () => {
    expect(await store.head('0'.repeat(64))).toBeUndefined();
    expect(await store.get('0'.repeat(64))).toBeUndefined();
    expect(await store.get('0'.repeat(64), { offset: 0, length: 1 })).toBeUndefined();
  });

  test('offers no way to list', () => {
    expect(Object.keys(store).filter((name) => /list|all|key/.test(name))).toEqual([]);
  });
});
