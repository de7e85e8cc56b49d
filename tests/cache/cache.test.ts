// One contract over the three blob caches, and what is particular to each.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeError } from '../../client/cache/error.ts';
import { folderCache } from '../../client/cache/folder.ts';
import { memoryCache } from '../../client/cache/memory.ts';
import { inPage, launchChromium, type TestBrowser } from '../e2e/chromium.ts';
import { CACHE_CASES, codeOf, streamOf } from './contract.ts';

const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const NAMES = Object.keys(CACHE_CASES);

describe('in memory', () => {
  test.each(NAMES)('%s', async (name) => {
    await CACHE_CASES[name]!(memoryCache());
  });

  test('its declared room is enforced, and replacing a blob takes none', async () => {
    const cache = memoryCache({ maximumBytes: 3 });
    await cache.put(ABC, 3, streamOf('abc'));
    await cache.put(ABC, 3, streamOf('abc'));
    expect(await codeOf(cache.put('a'.repeat(64), 1, streamOf('x')))).toBe('cache/quota');
    expect(await cache.list()).toEqual([{ sha256: ABC, size: 3 }]);
  });
});

describe('in a folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tincture-cache-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(NAMES)('%s', async (name) => {
    const own = join(folder, name.replaceAll(/\W/g, '-'));
    await CACHE_CASES[name]!(folderCache(own));
    expect((await readdir(own).catch(() => [])).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  test('clearing leaves files that are not its own', async () => {
    const own = join(folder, 'shared');
    await folderCache(own).put(ABC, 3, streamOf('abc'));
    await writeFile(join(own, 'notes.txt'), 'mine');
    await writeFile(join(own, `${ABC}.0b9c4a5e.part`), 'a');
    await folderCache(own).clear();
    expect(await readdir(own)).toEqual(['notes.txt']);
  });

  test('a full disk is told as such', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(writeError(full, ABC, 3)).toMatchObject({ code: 'cache/quota', cause: full });
    const other = Object.assign(new Error('EACCES'), { code: 'EACCES' });
    expect(writeError(other, ABC, 3)).toBe(other);
  });
});

describe('in OPFS', () => {
  const PAGE = '/tests/cache/pages/opfs.ts';
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  test.each(NAMES)('%s', async (name) => {
    const page = await browser.newPage();
    await inPage(page, PAGE, 'runCase', name);
    await page.close();
  });

  test('a Worker has the same', async () => {
    const page = await browser.newPage();
    expect(await inPage(page, PAGE, 'runAllInWorker')).toEqual([]);
    await page.close();
  });

  test('blobs outlive the page', async () => {
    const first = await browser.newPage();
    await inPage(first, PAGE, 'keepAbc');
    await first.close();
    const second = await browser.newPage();
    expect(await inPage(second, PAGE, 'listed')).toEqual([{ sha256: ABC, size: 3 }]);
    await second.close();
  });

  test.each(['putTooMuch', 'putTooMuchUnforeseen'])('no room leaves no half file: %s', async (name) => {
    const page = await browser.newPage();
    await inPage(page, PAGE, 'runCase', 'knows nothing of other digests');
    const session = await browser.context.newCDPSession(page);
    const quota = { origin: browser.origin };
    await session.send('Storage.overrideQuotaForOrigin', { ...quota, quotaSize: 2 ** 23 });
    expect(await inPage(page, PAGE, name, 2 ** 26)).toEqual({
      code: 'cache/quota',
      cancelled: true,
      files: [],
    });
    await session.send('Storage.overrideQuotaForOrigin', quota);
    await page.close();
  });
});
