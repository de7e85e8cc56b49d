// Seeding over connections that close: a put is made again, a few times and no more; other failures are not.
import type { D1Database } from '@cloudflare/workers-types';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seed } from '../../worker/local/seed.ts';
import type { BlobStore } from '../../worker/storage/blob-store.ts';
import { memoryBlobStore } from '../../worker/storage/memory.ts';
import { bundledFolder, type Folder } from './fixture.ts';

/** Seeding goes no further than the blobs here. */
const REACHED_THE_INDEX = 'reached the index';
const database = {
  prepare: () => {
    throw new Error(REACHED_THE_INDEX);
  },
} as unknown as D1Database;

/** As undici throws it. */
function closed(): Error {
  const cause = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
  return new TypeError('fetch failed', { cause });
}

let bundled: Folder;
beforeAll(async () => {
  bundled = await bundledFolder();
});
afterAll(() => bundled.remove());

/** A store whose puts fail where `failure` gives an error for their number; `afterwards`: the bytes arrived all the same. */
function failing(failure: (put: number) => Error | undefined, afterwards = false) {
  const blobs = memoryBlobStore();
  const results: string[] = [];
  const store: BlobStore = {
    ...blobs,
    async put(...args) {
      const error = failure(results.length);
      if (error !== undefined) {
        results.push('failed');
        if (afterwards) await blobs.put(...args);
        throw error;
      }
      const result = await blobs.put(...args);
      results.push(result);
      return result;
    },
  };
  return { results, seeded: () => seed({ database, blobs: store }, bundled.path) };
}

test('a put whose connection closed is made again', async () => {
  const { results, seeded } = failing((put) => (put < 3 ? closed() : undefined));
  await expect(seeded()).rejects.toThrow(REACHED_THE_INDEX);
  expect(results).toEqual(['failed', 'failed', 'failed', 'stored', 'stored', 'stored']);
});

test('a put that arrived before its connection closed is not made again', async () => {
  const { results, seeded } = failing((put) => (put === 0 ? closed() : undefined), true);
  await expect(seeded()).rejects.toThrow(REACHED_THE_INDEX);
  expect(results).toEqual(['failed', 'stored', 'stored']);
});

test('the fourth closed connection in a row is an error that names the file', async () => {
  const { results, seeded } = failing(closed);
  await expect(seeded()).rejects.toMatchObject({
    code: 'setup/connection',
    message: expect.stringMatching(
      /checkpoint\.safetensors: workerd closed the connection each time; .*fetch failed/,
    ),
    cause: { message: 'fetch failed' },
  });
  expect(results).toEqual(['failed', 'failed', 'failed', 'failed']);
});

test('any other failure stands at once', async () => {
  const { results, seeded } = failing(() => new Error('no space left'));
  await expect(seeded()).rejects.toThrow('no space left');
  expect(results).toEqual(['failed']);
});
