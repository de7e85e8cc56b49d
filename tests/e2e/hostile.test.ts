// The hostile corpus in Chromium: every module is refused or contained by the frame's host as in the other homes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCorpus, compileGood } from '../plugins/hostile/compile.ts';
import type { Verdict } from '../plugins/hostile/runner.ts';
import { inPage, launchChromium, type TestBrowser } from './chromium.ts';
import type { PackedEntry } from './pages/hostile.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

test('each is refused or contained, and a plugin beside it never notices', { timeout: 900_000 }, async () => {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const entries: PackedEntry[] = (await compileCorpus()).map((entry) => ({
    ...entry,
    wasm: base64(entry.wasm),
  }));
  const page = await browser.newPage();
  const verdicts = await inPage<Verdict[]>(
    page,
    '/tests/e2e/pages/hostile.ts',
    'run',
    entries,
    base64(await compileGood()),
  );
  expect(verdicts.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
  expect(verdicts.length).toBe(entries.length);
});
