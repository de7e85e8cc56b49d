// The playground as users get it: source compiled in the page, the picture drawn anew, a style file that opens. And an author's folder
// that a kit on this computer watches.
import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { openStyleFile } from '../../client/formats/style-file.ts';
import { createProject } from '../../client/kit/new.ts';
import { withTemporaryFolder } from '../../client/kit/temporary.ts';
import { cardDigest, cardOf } from '../../plugins/contract/card-section.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { finish, start } from '../cli/run.ts';
import { launchChromium, type TestBrowser } from './chromium.ts';
import { engineReady, fill, serveStudio, shownPicture } from './studio-page.ts';

/** For machines that are busy with other tests; alone each takes seconds. */
const TIMEOUT_MS = 240_000;
const PATIENCE_MS = 120_000;

describe('the playground', { timeout: TIMEOUT_MS }, () => {
  let edge: LocalEdge;
  let browser: TestBrowser;
  let page: Page;

  /** Pixels of the picture with the style, once no picture is on its way. */
  const picture = async (): Promise<readonly number[]> => {
    await page
      .locator('.trial .plate[aria-busy=false] .compared-now canvas')
      .waitFor({ timeout: PATIENCE_MS });
    return page.locator('.compared-now canvas').evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      return [...(element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data];
    });
  };
  /** Types over the first place of `text` in the source. */
  const replace = async (text: string, by: string) => {
    await page.locator('.cm-line', { hasText: text }).first().click();
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+End');
    await page.keyboard.type(by);
  };

  beforeAll(async () => {
    edge = await serveStudio();
    browser = await launchChromium({ origin: edge.url });
    page = await browser.newPage();
    await engineReady(page);
    // One step is enough to see that a picture is another one.
    await fill(page, { prompt: 'red apple', seed: '7', steps: 1 });
  });
  afterAll(async () => {
    await browser?.close();
    await edge?.close();
  });

  it('fetches editor and compiler only when it is opened, and draws what the template makes', async () => {
    const fetched = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname),
    );
    expect(fetched.filter((path) => /playground|compile-worker|asc-/.test(path))).toEqual([]);
    await page.getByRole('link', { name: 'Playground' }).click();
    await page.locator('.build-done').waitFor({ timeout: PATIENCE_MS });
    expect(await page.locator('.build > span').last().textContent()).toMatch(
      /built in \d+\.\d\d s · \d+(\.\d)? kB/,
    );
    expect(new Set(await picture()).size).toBeGreaterThan(8);
    expect(await page.getByRole('slider', { name: 'amount' }).inputValue()).toBe('0.5');
    expect(browser.errors).toEqual([]);
  });

  it('the picture without the style is behind it, and its line is moved by keyboard', async () => {
    const line = page.getByRole('slider', { name: /shown with the style/ });
    await line.focus();
    await page.keyboard.press('Home');
    expect(await page.getByRole('button', { name: 'Without' }).getAttribute('aria-pressed')).toBe('true');
    const plain = await page.locator('.compared > canvas').evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      return [...(element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data];
    });
    expect(plain).not.toEqual(await picture());
  });

  it('an error stands at its line, and the picture stays; put right, the picture is another one', async () => {
    const before = await picture();
    await replace("declare('amount', 0.5, 0, 2);", "declare('amount', lots, 0, 2);");
    const problem = page.getByRole('button', { name: /index\.ts:\d+.*Cannot find name 'lots'/ });
    await problem.waitFor({ timeout: PATIENCE_MS });
    const line = Number(/index\.ts:(\d+)/.exec((await problem.textContent()) ?? '')?.[1]);
    const source = await page.evaluate(() => localStorage.getItem('tincture.playground'));
    const text: string = JSON.parse(source!).files['assembly/index.ts'];
    expect(text.split('\n')[line - 1]).toContain('lots');
    await page.locator('.cm-lintRange-error', { hasText: 'lots' }).waitFor();
    expect(await picture()).toEqual(before);

    await problem.click();
    await page.locator('.cm-content:focus').waitFor({ timeout: 20_000 });
    expect(await page.locator('.cm-activeLine').textContent()).toContain('lots');
    await replace('lots', "declare('amount', 2, 0, 2);");
    await page.locator('.build-done').waitFor({ timeout: PATIENCE_MS });
    await expect.poll(picture, { timeout: PATIENCE_MS }).not.toEqual(before);
    expect(await page.getByRole('slider', { name: 'amount' }).inputValue()).toBe('2');
  });

  it('a plugin that traps is told in words, and the picture stays', async () => {
    const before = await picture();
    await replace(
      'const mean = tincture_alloc(width << 2);',
      'const mean = tincture_alloc(width << 2); unreachable();',
    );
    await page.locator('.trial .failure').waitFor({ timeout: PATIENCE_MS });
    expect(await page.locator('.trial .failure').textContent()).toMatch(
      /Drawing with this plugin failed.*unreachable/,
    );
    expect(await picture()).toEqual(before);
    await replace('unreachable', 'const mean = tincture_alloc(width << 2);');
    await page.locator('.trial .failure').waitFor({ state: 'detached', timeout: PATIENCE_MS });
  });

  it('a plugin that never ends is ended, told in words, and the next build draws', async () => {
    const before = await picture();
    // The host's 10 seconds become one: the same timer, the same end.
    await page.evaluate(() => {
      const real = setTimeout;
      Object.assign(globalThis, {
        setTimeout: (run: () => void, milliseconds = 0) => real(run, milliseconds === 10_000 ? 1000 : milliseconds),
      });
    });
    await replace('const mean = tincture_alloc(width << 2);', 'const mean = tincture_alloc(width << 2); while (true) {}');
    await page.locator('.trial .failure').waitFor({ timeout: PATIENCE_MS });
    expect(await page.locator('.trial .failure').textContent()).toMatch(
      /Drawing with this plugin failed.*too slow and was ended; expected an answer within 10000 ms.*Correct the source/,
    );
    expect(await picture()).toEqual(before);
    await replace('while (true) {}', 'const mean = tincture_alloc(width << 2);');
    await page.locator('.trial .failure').waitFor({ state: 'detached', timeout: PATIENCE_MS });
    expect(await picture()).toEqual(before);
  }); // biome-ignore format: long

  it('the download opens as a style file with a plugin that belongs to its card', async () => {
    await page.getByRole('button', { name: 'Download .style' }).click();
    await page.getByLabel('Title').fill('From the playground');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: /^Download procedural\.style/ }).click(),
    ]);
    const style = await readFile(await download.path());
    const { manifest, blob } = await openStyleFile(bytesSource('procedural.style', new Uint8Array(style)));
    expect(manifest).toMatchObject({
      title: 'From the playground',
      base: { contextWidth: 96 },
      layers: null,
      parameters: [{ name: 'amount', default: 2, minimum: 0, maximum: 2 }],
    });
    expect(manifest.blobs.previews).toHaveLength(1);
    const plugin = blob(manifest.blobs.plugin!.sha256);
    const facts = validatePlugin(await plugin.read(0, plugin.size), { name: 'procedural' });
    expect(facts.card?.sha256).toBe(cardDigest(cardOf(manifest)));
  });

  it('work is kept over a reload, and fits a phone', async () => {
    await page.reload();
    await page
      .locator('.cm-line', { hasText: "declare('amount', 2, 0, 2);" })
      .waitFor({ timeout: PATIENCE_MS });
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])).toEqual([360, 360]);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('the drawing page follows a folder that a kit watches: each save is drawn, a slip is told, its end too', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'sharp');
      await createProject(path, 'procedural', []);
      const kit = start('watch', path, '--studio', `${edge.url}/`);
      const ended = finish(kit);
      try {
        await page.goto(await firstLine(kit));
        await engineReady(page);
        await fill(page, { steps: 1 });
        await print(1);
        expect(await page.locator('.style-card h3').allTextContents()).toEqual(['Sharp']);
        const before = await shownPicture(page);

        const entry = join(path, 'assembly', 'index.ts');
        const source = await readFile(entry, 'utf8');
        await writeFile(entry, source.replace("declare('amount', 0.5, 0, 2)", "declare('amount', 2, 0, 2)"));
        await print(2);
        expect(await shownPicture(page)).not.toEqual(before);

        await writeFile(entry, 'wrong();\n');
        await page.getByText("assembly/index.ts:1: Cannot find name 'wrong'.").waitFor({ timeout: PATIENCE_MS });
        kit.kill('SIGINT');
        expect((await ended).code).toBe(0);
        await page.getByText('not there; trying again').waitFor();
        await page.getByRole('button', { name: 'Disconnect' }).click();
        expect(page.url()).not.toContain('watch=');
      } finally {
        kit.kill();
        await ended;
      }
    });
  }); // biome-ignore format: long

  /** Waits for the session's print of this number; throws the studio's own words where it failed. */
  async function print(number: number): Promise<void> {
    const failure = page.locator('.failure');
    await page
      .locator(`.prints li:nth-child(${number})`)
      .or(failure)
      .first()
      .waitFor({ timeout: PATIENCE_MS });
    if ((await failure.count()) > 0) throw new Error(`the studio failed: ${await failure.textContent()}`);
  }
});

/** The first line that it prints. */
async function firstLine({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) return line;
  throw new Error('the program printed nothing');
}
