// The models' page in Chromium: a folder and a checkpoint added, kept over a reload, drawn with, removed; refusals in words.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReport } from '../../client/comparison/read-report.ts';
import { answerOf } from '../../client/comparison/report-answer.ts';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { readEmbedding } from '../../client/formats/embedding.ts';
import { encodePng } from '../../client/formats/png.ts';
import { writeSafetensors } from '../../client/formats/safetensors.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { SAMPLE_REPORT } from '../comparison/sample-report.ts';
import { launchChromium, type TestBrowser } from './chromium.ts';
import { draw, drop, engineReady, fill, serveStudio } from './studio-page.ts';

const DIFFUSERS = new URL('../golden/sd-tiny-diffusers', import.meta.url).pathname;

describe('the models’ page', { timeout: 600_000 }, () => {
  let edge: LocalEdge;
  let browser: TestBrowser;
  let page: Page;
  let folder: string;
  const card = () => page.locator('.model-card', { hasText: 'sd-tiny-diffusers' });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tincture-models-page-'));
    edge = await serveStudio();
    browser = await launchChromium({ origin: edge.url });
    page = await browser.newPage('/#models');
    await engineReady(page);
  });
  afterAll(async () => {
    await browser.close();
    await edge.close();
    await rm(folder, { recursive: true });
  });

  it('names what a file is that is no model, and what is missing', async () => {
    const flux = join(folder, 'flux.safetensors');
    const tensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) } as const;
    await writeFile(flux, writeSafetensors(new Map([['double_blocks.0.img_attn.qkv.weight', tensor]])));
    await page.getByLabel('Model files').setInputFiles(flux);
    await page.locator('.failure', { hasText: 'this is a Flux model' }).waitFor();
    await page.getByLabel('Model files').setInputFiles(join(DIFFUSERS, 'model_index.json'));
    await page.locator('.notice', { hasText: 'No model among these files' }).waitFor();
  });

  it('says that there is no room, and takes the model once there is', async () => {
    const session = await page.context().newCDPSession(page);
    const origin = new URL(page.url()).origin;
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
    await page.getByLabel('Model folder').setInputFiles(DIFFUSERS);
    await page.locator('.failure', { hasText: 'no room' }).waitFor();
    expect(await card().count()).toBe(0);
    await session.send('Storage.overrideQuotaForOrigin', { origin });

    await page.getByLabel('Model folder').setInputFiles(DIFFUSERS);
    await card().waitFor();
    expect(await card().textContent()).toContain('Stable Diffusion 1.x, 1.9 M parameters');
    expect(await card().textContent()).toContain('copied into this browser');
    expect(await page.locator('.models-page').textContent()).toContain('Tokenizers remembered: 600 tokens');
  });

  it('draws with it, after a reload too', async () => {
    await page.reload();
    await card().getByRole('button', { name: 'Use sd-tiny-diffusers' }).click();
    await page.getByRole('link', { name: 'Draw', exact: true }).click();
    await engineReady(page);
    await fill(page, { prompt: 'red apple', seed: '5', steps: 1 });
    const picture = await draw(page);
    expect([picture.width, picture.height]).toEqual([512, 512]);
  });

  it('is where a whole model goes that was dropped among the styles of the drawing page', async () => {
    await page.getByRole('link', { name: 'Draw', exact: true }).click();
    await page.getByLabel('What to draw').waitFor();
    const buffer = await readFile(new URL('../golden/sd-tiny/checkpoint.safetensors', import.meta.url));
    await drop(page, [{ name: 'whole.safetensors', mimeType: '', buffer }]);
    await page.getByText('whole.safetensors is a whole model, not a style').waitFor();
    expect(new URL(page.url()).hash).toBe('#models');
    // Its heads are of no usual size, so that it cannot be added without a model.json: the page of models says so.
    await page.locator('.failure', { hasText: 'Adding the model whole' }).waitFor();
  });

  it('removes it, with its copies', async () => {
    await page.getByRole('link', { name: 'Models', exact: true }).click();
    await card().getByRole('button', { name: 'Remove sd-tiny-diffusers' }).click();
    await card().waitFor({ state: 'detached' });
    const left = await page.evaluate(async () => {
      const names: string[] = [];
      const root = await navigator.storage.getDirectory();
      const working = await root.getDirectoryHandle('tincture-working', { create: true });
      for await (const name of working.keys()) names.push(name);
      return names;
    });
    expect(left).toEqual([]);
    expect(browser.errors).toEqual([]);
  });

  it('shows the report of a comparison, its words as words, and refuses another file', async () => {
    await page.goto(new URL('/#compare', page.url()).href);
    const input = page.getByLabel('Open a report.json');
    const file = (content: object) => ({
      name: 'report.json',
      mimeType: 'application/json',
      buffer: Buffer.from(JSON.stringify(content)),
    });
    await input.setInputFiles(file({ format: 2 }));
    await page.locator('.failure', { hasText: 'this is no report of a comparison' }).waitFor();
    await input.setInputFiles(file(SAMPLE_REPORT));
    await page.getByText('90 % are in the style with the hypernetwork, 50 % with the embedding').waitFor();
    expect(await page.getByRole('img').count()).toBe(4 + 1);
    expect(await page.locator('.comparison-pictures tbody th').textContent()).toBe(SAMPLE_REPORT.captions[0]);
    await page.getByRole('cell', { name: '9,000', exact: true }).waitFor();
  });

  it('compares here: both trained on dropped pictures, shown, and given as files; cancelling keeps nothing', async () => {
    const picture = (colour: readonly number[], dark: number) => {
      const pixels = Uint8ClampedArray.from({ length: 4 * 64 * 64 }, (_, i) =>
        i % 4 === 3 ? 255 : (i >> 2) % 8 < dark ? 20 : colour[i % 4]!,
      );
      return Buffer.from(encodePng({ width: 64, height: 64, pixels }));
    };
    const named = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/png', buffer });
    await drop(page, [
      named('a tree.png', picture([250, 120, 20], 3)),
      named('a car.png', picture([240, 220, 40], 4)),
      named('a fish.png', picture([220, 60, 30], 5)),
    ]);
    await expect.poll(() => page.locator('.picture-card').count(), { timeout: 60_000 }).toBe(3);
    await page.getByLabel('Steps of each training').fill('100000');
    const compare = page.getByRole('button', { name: 'Compare', exact: true });
    await compare.click();
    await page.getByText('64 × 64 pixels need about').waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: 'Cancel' }).click();

    await page.getByLabel('Steps of each training').fill('2');
    await page.getByLabel('Held back').fill('1');
    await page.getByLabel('Steps of a picture').fill('2');
    await compare.click();
    const given = page.getByRole('button', { name: 'my-style-embedding.pt' });
    await given.waitFor({ timeout: 200_000 });
    await page.getByText(/^2 pictures, 1 held back, 1 a step, 2 steps each, over pictograms /).waitFor();
    expect(await page.locator('.comparison-pictures tbody th').allTextContents()).toEqual(
      ['a tree', 'a car', 'a fish'],
    ); // biome-ignore format: one list
    const saved = async (name: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name, exact: true }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(name);
      return new Uint8Array(await readFile(await download.path()));
    };
    const network = await readHypernetwork(bytesSource('style', await saved('my-style-hypernetwork.pt')));
    expect(network.description).toMatchObject({ name: 'my-style-hypernetwork', step: 2 });
    const embedding = await readEmbedding(bytesSource('word', await saved('my-style-embedding.pt')));
    expect(embedding).toMatchObject({ name: 'my-style-embedding', step: 2 });
    const report = readReport(new TextDecoder().decode(await saved('report.json')), 'report.json');
    expect(report).toMatchObject({ data: { pictures: 2, heldBack: 1 }, judged: 3, backend: 'wasm' });
    expect(report.sides.hypernetwork.pictures).toHaveLength(3);
    for (const { steps, validationBefore, validationAfter } of Object.values(report.trained)) {
      expect(steps).toBe(2);
      expect(validationAfter).not.toBe(validationBefore);
    }
    expect(new TextDecoder().decode(await saved('report.html'))).toContain(answerOf(report)[0]!);
    expect(browser.errors).toEqual([]);
  });
});
