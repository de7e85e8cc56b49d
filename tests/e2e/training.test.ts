// The training page: pictures dropped, a style trained in Chromium on wasm, paused, reloaded, gone on with, and drawn with.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { encodePng } from '../../client/formats/png.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { readTrainingState } from '../../client/training/state-file.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { tincture } from '../cli/run.ts';
import { launchChromium, type TestBrowser } from './chromium.ts';
import { draw, drop, engineReady, fill, serveStudio, setStrength, type TestFile } from './studio-page.ts';

/** For machines that are busy with other tests; alone all of it takes seconds. */
const TIMEOUT_MS = 240_000;
const PATIENCE_MS = 200_000;
const WORDS = ['apple', 'tree', 'car', 'house', 'fish', 'star', 'cup', 'sun'];
const STEPS = 12;
/** Share by which the loss of the held-back picture falls at least; the same run in Node falls by 0.3. */
const FALL = 0.2;

/** A style that the model does not know: orange stripes on dark blue. */
function pixelsOf(number: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(64 * 64 * 4);
  for (let y = 0; y < 64; y++) {
    for (let x = 0; x < 64; x++) {
      const [dx, dy] = [x - 32, y - 32];
      const inside = number % 2 === 1 ? Math.abs(dx) + Math.abs(dy) < 22 : dx * dx + dy * dy < 400;
      const stripe = (x + y) % 8 < 4 ? [250, 220, 40] : [240, 120, 20];
      pixels.set([...(inside ? stripe : [20, 30, 90]), 255], 4 * (64 * y + x));
    }
  }
  return pixels;
}

function png(name: string, side: number, pixels: Uint8ClampedArray<ArrayBuffer>): TestFile {
  const buffer = Buffer.from(encodePng({ width: side, height: side, pixels }));
  return { name, mimeType: 'image/png', buffer };
}

/** The same picture as the browser writes it in another format. */
async function encoded(page: Page, name: string, type: string, number: number): Promise<TestFile> {
  const base64 = await page.evaluate(
    ([kind, data]) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [64, 64];
      canvas.getContext('2d')!.putImageData(new ImageData(new Uint8ClampedArray(data), 64), 0, 0);
      return canvas.toDataURL(kind, 0.95).split(',')[1]!;
    },
    [type, [...pixelsOf(number)]] as const,
  );
  return { name, mimeType: type, buffer: Buffer.from(base64, 'base64') };
}

/** Ends the GPU's process of the Chromium with this profile, as a driver's fault does; Chromium starts another. */
function killGpuProcess(profile: string): void {
  const lines = execFileSync('ps', ['-ewwo', 'pid=,ppid=,args=']).toString().split('\n');
  const processes = lines.flatMap((line) => {
    const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line) ?? [];
    return args === undefined ? [] : [{ pid, parent, args }];
  });
  const browsers = processes.filter(({ args }) => args.includes(profile)).map(({ pid }) => pid);
  const gpu = processes.find(
    ({ parent, args }) => browsers.includes(parent) && args.includes('--type=gpu-process'),
  );
  if (gpu === undefined) throw new Error(`no GPU process of ${profile}`);
  process.kill(Number(gpu.pid), 'SIGKILL');
}

describe('the training page', { timeout: TIMEOUT_MS }, () => {
  let edge: LocalEdge;
  let browser: TestBrowser;
  let page: Page;
  let pausedAt = 0;

  beforeAll(async () => {
    edge = await serveStudio();
    browser = await launchChromium({ origin: edge.url });
    page = await browser.newPage();
    await engineReady(page);
    await page.goto(`${edge.url}/#train`);
    await page.locator('.train-drop-empty').waitFor({ timeout: PATIENCE_MS });
  });
  afterAll(async () => {
    await browser?.close();
    await edge?.close();
  });

  const textField = (label: string | RegExp) => page.getByRole('textbox', { name: label });
  const drawer = () => page.getByText('Rate, words, layers and more').first();
  const step = async () => Number(await page.locator('.run-words strong').textContent());

  it('takes PNG, JPEG and WebP with their words, and names what it leaves out', async () => {
    const text = (name: string, buffer: Buffer) => ({ name, mimeType: 'text/plain', buffer });
    await drop(page, [
      ...WORDS.slice(0, 6).map((word, i) => png(`${i}_a_${word}.png`, 64, pixelsOf(i))),
      await encoded(page, 'a cup.jpg', 'image/jpeg', 6),
      await encoded(page, 'a sun.webp', 'image/webp', 7),
      text('a cup.txt', Buffer.from('a caf\xe9 cup', 'latin1')),
      text('broken.png', Buffer.from('no picture at all')),
      png('small.png', 32, new Uint8ClampedArray(32 * 32 * 4)),
    ]);
    await expect.poll(() => page.locator('.picture-card').count(), { timeout: PATIENCE_MS }).toBe(8);
    await page.getByText('small.png has 32 × 32 pixels').waitFor();
    expect(await page.locator('.notice').textContent()).toContain('broken.png cannot be read as a picture');
    expect(await page.getByLabel('Words for a cup.jpg').inputValue()).toBe('a café cup');
    expect(await page.getByLabel('Words for 1_a_tree.png').inputValue()).toBe('a tree');
    await page.getByLabel('Words for 1_a_tree.png').fill('a tall tree');
  });

  it('says that this device can do it, and points at what is wrong in the schedule', async () => {
    await page.getByText(/This device can do it: 64 × 64 pixels/).waitFor({ timeout: PATIENCE_MS });
    await textField('Steps').fill(String(STEPS));
    await drawer().click();
    await textField('Learning rate').fill('5e-3:100, quick');
    expect(await page.locator('.rate-place mark').textContent()).toBe('quick');
    const button = page.getByRole('button', { name: 'Train', exact: true });
    expect(await button.getAttribute('aria-disabled')).toBe('true');
    await textField('Learning rate').fill('5e-3');
    await textField('Pictures at once').fill('2');
    await textField('Held back').fill('1');
    await textField(/^Seed/).fill('1');
    await textField('Preview every').fill(String(STEPS));
    expect(await button.getAttribute('aria-disabled')).toBe('false');
  });

  it('a pause without room waits; with room it saves where it stands', async () => {
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await expect.poll(step, { timeout: PATIENCE_MS }).toBeGreaterThan(1);
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: edge.url, quotaSize: 1_000_000 });
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.failure', { hasText: 'there is no room' }).waitFor({ timeout: PATIENCE_MS });
    await session.send('Storage.overrideQuotaForOrigin', { origin: edge.url });
    await page.getByRole('button', { name: 'Save again and go on' }).click();
    const paused = page.getByText(/Paused after step \d+/);
    await paused.waitFor({ timeout: PATIENCE_MS });
    pausedAt = Number(/step (\d+)/.exec((await paused.textContent()) ?? '')![1]);
    expect(pausedAt).toBeGreaterThan(1);
    expect(pausedAt).toBeLessThan(STEPS);
  });

  it('survives a reload and goes on to the end, with a loss that falls', async () => {
    await page.reload();
    const goOn = page.getByRole('button', { name: `Go on from step ${pausedAt}` });
    await goOn.waitFor({ timeout: PATIENCE_MS });
    expect(await page.getByLabel('Words for 1_a_tree.png').inputValue()).toBe('a tall tree');
    await expect.poll(() => page.locator('.picture-card').count()).toBe(8);
    await goOn.click();
    await page.getByText(`Trained to step ${STEPS}.`).waitFor({ timeout: PATIENCE_MS });
    const words = (await page.locator('.result-words').textContent()) ?? '';
    const [, before, after] = /pictures ([\d.]+) → ([\d.]+)/.exec(words)!;
    expect(Number(after)).toBeLessThan((1 - FALL) * Number(before));
    expect(await page.locator('.loss-plot canvas').count()).toBe(1);
    expect(await page.locator('.film-frame span').allTextContents()).toEqual(['0', String(STEPS)]);
    await page.getByLabel('Preview of step').press('ArrowLeft');
    expect(await page.locator('.film-scrubber output').textContent()).toBe('0');
  });

  it('the .pt is what was trained', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '.pt', exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('my-style.pt');
    const bytes = new Uint8Array(await readFile(await download.path()));
    const { description, widths } = await readHypernetwork(bytesSource('my-style.pt', bytes));
    expect(description).toMatchObject({ name: 'my-style', step: STEPS, checkpointName: 'pictograms' });
    expect([...widths.keys()]).toEqual([64, 96, 128]);
  });

  it('the command line goes on from its state with its options, and the page from the command line’s', async () => {
    const saveState = async () => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'State', exact: true }).click(),
      ]);
      return download;
    };
    const download = await saveState();
    expect(download.suggestedFilename()).toBe('my-style.training.safetensors');
    const folder = await mkdtemp(join(tmpdir(), 'tincture-training-'));
    try {
      const state = join(folder, 'from-page.training.safetensors');
      await download.saveAs(state);
      await mkdir(join(folder, 'pictures'));
      for (const [i, word] of WORDS.entries()) {
        await writeFile(join(folder, 'pictures', `${i}_a_${word}.png`), png('', 64, pixelsOf(i)).buffer);
      }
      const { code, stdout, stderr } = await tincture(
        'train', 'hypernetwork', '--data', join(folder, 'pictures'), '--output', join(folder, 'on.pt'), '--resume', state,
        '--steps', String(STEPS + 1), '--json',
      ); // biome-ignore format: pairs
      expect(code, stderr).toBe(0);
      const events = stdout.trim().split('\n').map((line) => JSON.parse(line)); // biome-ignore format: short
      expect(events.find(({ event }) => event === 'step')).toMatchObject({ step: STEPS + 1, rate: 5e-3 });
      expect(events.find(({ event }) => event === 'start')).toMatchObject({ step: STEPS });

      const further = join(folder, 'on.training.safetensors');
      await drop(page, [
        {
          name: 'on.training.safetensors',
          mimeType: 'application/octet-stream',
          buffer: await readFile(further),
        },
      ]);
      await page.getByText(`on.training.safetensors goes on from step ${STEPS + 1}.`).waitFor();
      const saved = await readTrainingState(await fileSource(further));
      const again = bytesSource('again', new Uint8Array(await readFile(await (await saveState()).path())));
      expect((await readTrainingState(again)).state).toEqual(saved.state);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('“try it” puts it in use on the picture page, where it changes the picture', async () => {
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByRole('heading', { name: 'my-style' }).waitFor({ timeout: PATIENCE_MS });
    await engineReady(page);
    await fill(page, { prompt: 'a tree', seed: '7', steps: 1 });
    const styled = await draw(page);
    await setStrength(page, 'my-style', 0);
    expect((await draw(page)).pixels).not.toEqual(styled.pixels);
    expect(browser.errors).toEqual([]);
  });

  it.runIf(process.env['TINCTURE_SLOW'])(
    'a subject: another tab must wait, stopping keeps the last save, and its word is in the prompt',
    async () => {
      await page.goto(`${edge.url}/#train`);
      await page.getByRole('button', { name: 'Start over' }).click();
      await page.getByRole('button', { name: 'Forget what was learnt?' }).click();
      await page.getByText('A subject', { exact: true }).click();
      await textField('Name').fill('zorb');
      await textField('Begins as').fill('apple');
      await textField('Steps').fill('500');
      await drawer().click();
      await textField('Save every').fill('3');
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      await expect.poll(step, { timeout: PATIENCE_MS }).toBeGreaterThan(3);

      const other = await browser.newPage('/#train');
      await other.getByRole('button', { name: /^Go on from step/ }).click({ timeout: PATIENCE_MS });
      await other.locator('.failure', { hasText: 'another page of this browser trains' }).waitFor({
        timeout: PATIENCE_MS,
      });
      await other.close();

      // Drawing takes turns with the steps, which go on while another page is looked at.
      await page.getByRole('link', { name: 'Draw', exact: true }).click();
      await fill(page, { prompt: 'a tree', steps: 1 });
      await draw(page);
      await page.getByRole('link', { name: /^Train/ }).click();
      await page.getByRole('button', { name: 'Stop' }).click();
      const goOn = page.getByRole('button', { name: /^Go on from step/ });
      await goOn.waitFor({ timeout: PATIENCE_MS });
      expect(Number(/\d+/.exec((await goOn.textContent())!)![0]) % 3).toBe(0);
      await page.getByRole('button', { name: 'Try it' }).click();
      await expect.poll(() => page.getByLabel('What to draw').inputValue()).toBe('a tree, zorb');
      await draw(page);
    },
  );

  it.runIf(process.env['TINCTURE_SLOW'])(
    'on WebGPU, on SwiftShader: steps and their saves; a lost GPU is told, and the last save goes on',
    async () => {
      const gpu = await launchChromium({ origin: edge.url, webgpu: true });
      try {
        const gpuPage = await gpu.newPage('/#train');
        await gpuPage.locator('.train-drop-empty').waitFor({ timeout: PATIENCE_MS });
        await drop(gpuPage, [png('a_tree.png', 64, pixelsOf(1))]);
        await gpuPage.getByText(/on WebGPU/).waitFor({ timeout: PATIENCE_MS });
        await gpuPage.getByRole('textbox', { name: 'Steps' }).fill('50');
        await gpuPage.getByText('Rate, words, layers and more').first().click();
        await gpuPage.getByRole('textbox', { name: 'Preview every' }).fill('0');
        await gpuPage.getByRole('textbox', { name: 'Save every' }).fill('1');
        await gpuPage.getByRole('button', { name: 'Train', exact: true }).click();
        await expect
          .poll(() => gpuPage.locator('.run-words strong').textContent(), { timeout: 2 * PATIENCE_MS })
          .toBe('2');
        killGpuProcess(gpu.profile);
        const failure = gpuPage.locator('.failure', { hasText: 'the GPU device was lost' });
        await failure.waitFor({ timeout: 60_000 });
        expect(await failure.textContent()).toMatch(
          /stopped after step \d+: .*The save of step \d+ is whole/s,
        );
        const goOn = gpuPage.getByRole('button', { name: /^Go on from step [12]$/ });
        await goOn.waitFor({ timeout: PATIENCE_MS });
        await gpuPage.reload();
        await goOn.waitFor({ timeout: PATIENCE_MS });
        await gpuPage.getByRole('textbox', { name: 'Steps' }).fill('3');
        await goOn.click();
        await gpuPage.getByText('Trained to step 3.').waitFor({ timeout: 2 * PATIENCE_MS });
      } finally {
        await gpu.close();
      }
    },
    3 * TIMEOUT_MS,
  );

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${edge.url}/#train`);
    await page.locator('.train').waitFor({ timeout: PATIENCE_MS });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
});
