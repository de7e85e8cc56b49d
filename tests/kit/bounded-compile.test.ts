// Compiling somebody's sources: ended at its limit, cancelled at once, and told when it breaks.
import { expect, test } from 'vitest';
import { compileBounded } from '../../client/kit/bounded-compile.ts';
import { readLibrary } from '../../client/kit/library.ts';
import { ENTRY, SCALE } from './sources.ts';

const request = async (source: string) => ({
  files: { [ENTRY]: source },
  entry: ENTRY,
  library: await readLibrary(),
  release: true,
});

test('gives what compiling gives, findings included', async () => {
  const { wasm, diagnostics } = await compileBounded(await request(`${SCALE}wrong();`));
  expect(wasm).toBeUndefined();
  expect(diagnostics).toMatchObject([{ file: ENTRY, code: 2304 }]);
});

test('is ended at its limit', async () => {
  await expect(compileBounded(await request(SCALE), { timeMs: 1 })).rejects.toMatchObject({
    code: 'kit/compile-time',
    message: expect.stringMatching(/^assembly\/index\.ts: compiling took too long.*at most 0\.001 s/),
  });
});

test('is cancelled with the signal’s reason', async () => {
  const stop = new AbortController();
  const compiling = compileBounded(await request(SCALE), { signal: stop.signal });
  stop.abort(new Error('no longer wanted'));
  await expect(compiling).rejects.toThrow('no longer wanted');
});

test('types without end: told, not waited for', async () => {
  const source = `${SCALE}class Box<T> { inner: T | null = null; }\nfunction deeper<T>(): void { deeper<Box<T>>(); }\nexport function begin(): void { deeper<i32>(); }`;
  await expect(compileBounded(await request(source), { timeMs: 20_000 })).rejects.toMatchObject({
    code: expect.stringMatching(/^kit\/(compiler|compile-time)$/),
  });
});

test('what the compiler is asked wrongly keeps its code', async () => {
  await expect(compileBounded({ ...(await request('')), entry: 'other.ts' })).rejects.toMatchObject({
    code: 'kit/sources',
  });
});
