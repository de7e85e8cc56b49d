// The studio as users get it: the built page, served by the edge, in Chromium.
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPngText } from '../../client/formats/png-text.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { launchChromium, type TestBrowser } from './chromium.ts';
import {
  draw,
  drop,
  engineReady,
  fill,
  serveStudio,
  setStrength,
  shownPicture,
  strongStyle,
  tinyModel,
} from './studio-page.ts';

/** For machines that are busy with other tests; alone each takes seconds. */
const TIMEOUT_MS = 240_000;
const WEBGPU_PATIENCE_MS = 400_000;
/** Widths of the default model: its context, and its self-attentions. */
const WIDTHS = [96, 64, 128];
const BASE = { prompt: 'red apple', seed: '7', steps: 1 };

describe('on wasm, with the default model', { timeout: TIMEOUT_MS }, () => {
  let edge: LocalEdge;
  let browser: TestBrowser;
  let page: Page;
  let first: { width: number; height: number; pixels: number[] };

  beforeAll(async () => {
    edge = await serveStudio();
    browser = await launchChromium({ origin: edge.url });
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await edge?.close();
  });

  it('the first visit ends in a picture, says what runs and why, and keeps the weights', async () => {
    expect(await engineReady(page)).toBe('WebAssembly');
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await fill(page, BASE);
    first = await draw(page);
    expect([first.width, first.height]).toEqual([64, 64]);
    expect(new Set(first.pixels).size).toBeGreaterThan(8);

    await page.getByRole('button', { name: /^WebAssembly/ }).click();
    expect(await page.getByRole('dialog').textContent()).toMatch(
      /Running on WebAssembly: .*WebGPU|navigator\.gpu|adapter/,
    );
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Storage' }).click();
    await page.getByRole('dialog').getByText('pictograms, checkpoint.safetensors', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    expect(browser.errors).toEqual([]);
  });

  it('the same seed draws the same picture, another seed another', async () => {
    expect((await draw(page)).pixels).toEqual(first.pixels);
    await fill(page, { seed: '8' });
    expect((await draw(page)).pixels).not.toEqual(first.pixels);
    await fill(page, { seed: '7' });
  });

  it('a batch becomes as many prints, the first of them on the sheet', async () => {
    const before = await page.locator('.thumb').count();
    await page.getByText('Pictures, variations and more').click();
    const atOnce = page.getByLabel('Pictures at once, as a number');
    await atOnce.fill('2');
    await atOnce.press('Tab');
    await draw(page);
    expect(await page.locator('.thumb').count()).toBe(before + 2);
    expect(await page.locator('.sheet .facts').textContent()).toMatch(/^seed 7 /);
    await atOnce.fill('1');
    await atOnce.press('Tab');
  });

  it('a style of the registry changes the picture, at the strength that its card says', async () => {
    await page.getByRole('button', { name: /^Weave/ }).click();
    expect(await page.getByLabel('Strength of Weave, as a number').inputValue()).toBe('0.6');
    expect((await draw(page)).pixels).not.toEqual(first.pixels);
    await page.getByRole('button', { name: 'Take Weave out of use' }).click();
    expect((await draw(page)).pixels).toEqual(first.pixels);
  });

  it('a dropped .pt is used at once; strength 0 draws the plain picture', async () => {
    await drop(page, [strongStyle('bold', WIDTHS)]);
    await page.getByRole('heading', { name: 'bold' }).waitFor();
    expect((await draw(page)).pixels).not.toEqual(first.pixels);
    await setStrength(page, 'bold', 0);
    expect((await draw(page)).pixels).toEqual(first.pixels);
    // A curve that begins at 0, in a picture of one step.
    await setStrength(page, 'bold', 1);
    await page.getByText('By part and step').click();
    await page.getByRole('button', { name: 'Fade in' }).click();
    expect((await draw(page)).pixels).toEqual(first.pixels);
    await page.getByRole('button', { name: 'Even' }).click();
  });

  it('the order of styles is changed by button and by arrow key, and changes the picture', async () => {
    await drop(page, [strongStyle('fine', [96])]);
    await page.getByRole('heading', { name: 'fine' }).waitFor();
    await setStrength(page, 'bold', 0.7);
    await setStrength(page, 'fine', 0.5);
    const order = () => page.locator('.style-card h3').allTextContents();
    expect(await order()).toEqual(['bold', 'fine']);
    await page.getByRole('button', { name: 'Apply fine earlier' }).click();
    expect(await order()).toEqual(['fine', 'bold']);
    await page.getByRole('button', { name: /^Move fine/ }).focus();
    await page.keyboard.press('ArrowDown');
    expect(await order()).toEqual(['bold', 'fine']);
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent))
      .toContain('Move fine, 2 of 2');
  });

  it('a downloaded PNG carries its parameters, and dropping it puts them back', async () => {
    const keys = page.getByLabel('Keys, as a number').first();
    await keys.fill('0.25');
    await keys.press('Tab');
    const drawn = await draw(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('red-apple-7.png');
    const png = await readFile(await download.path());
    const { parameters } = readPngText(new Uint8Array(png));
    expect(parameters).toMatch(/^red apple.*<hypernet:bold:0\.7>.*<hypernet:fine:0\.5>/);
    expect(parameters).toMatch(/Steps: 1, Sampler: DDIM, .*Seed: 7, Size: 64x64/);
    expect(parameters).toContain('Style strengths: "[[\\"bold\\",{\\"k\\":0.25}]]"');

    await page.getByRole('button', { name: 'Take bold out of use' }).click();
    await fill(page, { prompt: 'something else', seed: '99', steps: 9 });
    await drop(page, [{ name: download.suggestedFilename(), mimeType: 'image/png', buffer: png }]);
    await page.getByRole('button', { name: 'Restore its settings' }).click();
    await expect.poll(() => page.getByLabel('What to draw').inputValue()).toBe('red apple');
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('7');
    expect(await page.locator('.style-card h3').allTextContents()).toEqual(['bold', 'fine']);
    expect((await draw(page)).pixels).toEqual(drawn.pixels);
  });

  it('a grid of strengths is drawn, saved with its axis, and a picture of it opened', async () => {
    await page.getByRole('link', { name: 'Grid' }).click();
    await page.locator('.axis select').first().selectOption('strength');
    await page.getByLabel('Columns: values, between commas').fill('0, 1');
    await page.getByRole('button', { name: 'Draw the grid' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the sheet' }).click({ timeout: TIMEOUT_MS }),
    ]);
    const { parameters } = readPngText(new Uint8Array(await readFile(await download.path())));
    expect(parameters).toMatch(/^red apple <hypernet:bold:0>.*X axis: strength, X values: "0, 1"/s);
    await page.getByRole('button', { name: 'Picture of 1', exact: true }).click();
    expect(await page.getByRole('dialog').textContent()).toContain('<hypernet:bold:1>');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Draw' }).click();
  });

  it('styles of one shape are merged and used at once; of another shape, the style is named', async () => {
    await drop(page, [strongStyle('twin', WIDTHS)]);
    await page.getByRole('heading', { name: 'twin' }).waitFor();
    await page.getByRole('button', { name: 'Merge…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('half and half');
    await dialog.getByRole('button', { name: 'Use it now' }).click();
    expect(await dialog.getByRole('alert').textContent()).toMatch(/fine.*set of context widths/i);
    await dialog.getByRole('checkbox', { name: 'fine' }).uncheck();
    expect(await dialog.getByLabel('Weight of twin, as a number').inputValue()).toBe('0.5');
    await dialog.getByRole('button', { name: 'Use it now' }).click();
    await page.getByRole('heading', { name: 'half and half' }).waitFor();
    for (const title of ['twin', 'half and half']) {
      await page.getByRole('button', { name: `Take ${title} out of use` }).click();
    }
  });

  it('a picture is drawn on within a painted mask, and what is outside stays', async () => {
    const { pixels: before } = await shownPicture(page);
    await page.getByRole('button', { name: 'Draw on it' }).click();
    await page.getByRole('button', { name: 'Paint a mask' }).last().click();
    const dialog = page.getByRole('dialog');
    const box = (await dialog.locator('canvas').boundingBox())!;
    const brush = dialog.getByLabel('Brush, as a number');
    await brush.fill('16');
    await brush.press('Tab');
    const at = (x: number, y: number) =>
      [box.x + (x / 64) * box.width, box.y + (y / 64) * box.height] as const;
    await page.mouse.move(...at(14, 20));
    await page.mouse.down();
    await page.mouse.move(...at(14, 30));
    await page.mouse.move(...at(14, 44));
    await page.mouse.up();
    await page.mouse.click(...at(56, 8));
    await dialog.getByRole('button', { name: 'Undo' }).click();
    await dialog.getByText(/% is drawn anew/).waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    for (const [name, value] of [['Drawn anew', '1'], ['Soft edge', '0']] as const) {
      const field = page.getByLabel(`${name}, as a number`);
      await field.fill(value);
      await field.press('Tab');
    } // biome-ignore format: pairs
    await fill(page, { seed: '31' });
    const { pixels } = await draw(page);
    const changed = [...Array(64 * 64).keys()].filter((i) =>
      [0, 1, 2].some((c) => pixels[4 * i + c] !== before[4 * i + c]),
    );
    // A brush 16 wide along the line from (14, 20) to (14, 44).
    const painted = (i: number) => {
      const [x, y] = [(i % 64) + 0.5, Math.floor(i / 64) + 0.5];
      return Math.hypot(x - 14, y - Math.min(Math.max(y, 20), 44)) <= 8.5;
    };
    expect(changed.length).toBeGreaterThan(200);
    expect(changed.filter((i) => !painted(i))).toEqual([]);
    await fill(page, { seed: '7' });
  });

  it('a broken style is told in words, and the studio goes on', async () => {
    await drop(page, [{ name: 'broken.pt', mimeType: '', buffer: Buffer.from('not a torch file at all') }]);
    const words = await page.getByRole('alert').textContent();
    expect(words).toContain('Reading broken.pt failed');
    await page.getByRole('button', { name: 'Put away' }).click();
    await draw(page);
  });

  it('Escape stops a drawing; the next one is drawn', async () => {
    const before = await page.locator('.thumb').count();
    await fill(page, { steps: 400 });
    await page.keyboard.press('Control+Enter');
    await page.getByRole('progressbar').waitFor();
    await expect
      .poll(() => page.locator('.strip-words').textContent(), { timeout: 60_000 })
      .toMatch(/step [1-9]\d* of \d+/);
    await page.keyboard.press('Escape');
    await page.getByText('Stopped.').waitFor();
    expect(await page.locator('.thumb').count()).toBe(before);
    for (const title of ['bold', 'fine']) {
      await page.getByRole('button', { name: `Take ${title} out of use` }).click();
    }
    await page.getByRole('button', { name: 'Begin on noise again' }).click();
    await fill(page, BASE);
    expect((await draw(page)).pixels).toEqual(first.pixels);
  });

  it('the gallery enlarges by keyboard and gives settings back', async () => {
    await page.locator('.thumb').last().click();
    await page.getByRole('button', { name: 'Enlarge' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.textContent()).toContain('Seed: 7');
    await page.keyboard.press('ArrowRight');
    await dialog.getByText(/^Picture 2 of/i).waitFor();
    await page.keyboard.press('Escape');
    await fill(page, { prompt: 'gone' });
    await page.getByRole('button', { name: 'Use settings' }).click();
    expect(await page.getByLabel('What to draw').inputValue()).toBe('red apple');
  });

  it('fits a phone: nothing scrolls sideways', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(widths).toEqual([360, 360]);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('after the first visit it works without a server', async () => {
    // The plain reload first: it shows that the draft and its start picture are kept and that the weights are not fetched again.
    await page.getByRole('button', { name: 'Draw on it' }).click();
    await page.getByText('All of it is drawn over.').waitFor();
    const fetched: string[] = [];
    page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
    await edge.close();
    await page.reload();
    expect(await engineReady(page)).toBe('WebAssembly');
    await page.getByText('offline', { exact: true }).waitFor();
    await page.getByText('All of it is drawn over.').waitFor();
    await page.getByRole('button', { name: 'Begin on noise again' }).click();
    await fill(page, BASE);
    expect((await draw(page)).pixels).toEqual(first.pixels);
    expect(fetched.filter((path) => path.startsWith('/v1/blobs/'))).toEqual([]);
    expect((await shownPicture(page)).width).toBe(64);
  });
});

describe('on WebGPU, with a dropped model', { timeout: WEBGPU_PATIENCE_MS + TIMEOUT_MS }, () => {
  let edge: LocalEdge;
  let browser: TestBrowser;

  beforeAll(async () => {
    edge = await serveStudio();
    browser = await launchChromium({ origin: edge.url, webgpu: true });
  });
  afterAll(async () => {
    await browser?.close();
    await edge?.close();
  });

  it('takes a model that never was on a server, and draws with it', async () => {
    const page = await browser.newPage();
    await engineReady(page);
    const uploads: string[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'GET') uploads.push(request.url());
    });
    await page.getByLabel(/^Files to open/).setInputFiles(await tinyModel());
    await page.getByText('sd-tiny (your files)').first().waitFor();
    expect(await engineReady(page)).toBe('WebGPU');
    await fill(page, { prompt: 'a photo of a red apple', seed: '3', steps: 1 });
    // An embedding that a picture carries in its pixels; its word works at once.
    const strips = await readFile('tests/golden/embeddings/brush-strips.png');
    await drop(page, [{ name: 'brush-strips.png', mimeType: 'image/png', buffer: strips }]);
    await page.getByText('say “brush-strips” or “brush” · 3 vectors', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Add brush-strips to what to draw' }).click();
    expect(await page.getByLabel('What to draw').inputValue()).toBe('a photo of a red apple, brush-strips');
    for (const side of ['Width', 'Height']) {
      await page.getByLabel(`${side} in pixels`).fill('16');
      await page.keyboard.press('Tab');
    }
    // SwiftShader compiles shaders for a minute, whatever the picture's size; that the engine draws on WebGPU is tested beside.
    if (process.env['TINCTURE_SLOW'] !== undefined) {
      const drawn = await draw(page, WEBGPU_PATIENCE_MS);
      expect([drawn.width, drawn.height]).toEqual([16, 16]);
      expect(new Set(drawn.pixels).size).toBeGreaterThan(8);
      await page.getByRole('button', { name: 'Enlarge', exact: true }).first().click();
      expect(await page.getByRole('dialog').textContent()).toMatch(/TI hashes: "brush-strips: [0-9a-f]{12}"/);
    }
    expect(uploads).toEqual([]);
  });
});
