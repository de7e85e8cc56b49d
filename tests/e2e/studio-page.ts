// What the studio's tests do to its page: open it, set the form, draw, and read the picture.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Hypernetwork, LayerStack } from '../../client/hypernetwork/hypernetwork.ts';
import { writeHypernetworkPt, writeHypernetworkSafetensors } from '../../client/hypernetwork/write.ts';
import { tensor } from '../../client/tensor/tensor.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { serveForTest } from '../worker/fixture.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
/** One step of a picture on a machine that is busy with other tests. */
const PATIENCE_MS = 120_000;
const STUDIO = `${ROOT}build/studio`;

/** The edge as `npm start` serves it, with the built studio, the default model and one style, nothing kept. */
export async function serveStudio(): Promise<LocalEdge> {
  if (!existsSync(`${STUDIO}/index.html`)) {
    throw new Error('the studio is not built; run `npm run build` first');
  }
  const bundledDir = await mkdtemp(join(tmpdir(), 'tincture-studio-'));
  try {
    for (const name of [...MODEL_FILES, 'preview-decoder.safetensors'])
      await copyFile(`${ROOT}client/default-model/${name}`, join(bundledDir, name));
    await mkdir(join(bundledDir, 'styles'));
    await writeFile(join(bundledDir, 'styles', 'weave.style.json'), JSON.stringify(WEAVE));
    await writeFile(
      join(bundledDir, 'styles', 'weave.safetensors'),
      writeHypernetworkSafetensors(network('weave', [96])),
    );
    return await serveForTest({ studioDir: STUDIO, bundledDir });
  } finally {
    await rm(bundledDir, { recursive: true, force: true });
  }
}

const MODEL_FILES = ['model.json', 'checkpoint.safetensors', 'vocab.json', 'merges.txt'];

/** The card of a style that stands in the registry. */
const WEAVE = {
  name: 'weave',
  version: '1.0.0',
  title: 'Weave',
  description: 'threads over and under',
  author: 'the tests',
  licence: 'CC0-1.0',
  tags: [],
  triggerWords: ['woven'],
  base: { architecture: 'stable-diffusion-v1', contextWidth: 96 },
  layers: { widths: [96], structure: [1, 1], activation: 'linear', layerNorm: false, activateOutput: false },
  parameters: [{ name: 'strength', default: 0.6, minimum: 0, maximum: 1.5 }],
};

/** A file as a form's input or a drop takes it. */
export interface TestFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A small model whose numbers are golden, as a user drops it: its four files. */
export async function tinyModel(): Promise<TestFile[]> {
  return Promise.all(
    MODEL_FILES.map(async (name) => ({
      name,
      mimeType: 'application/octet-stream',
      buffer: await readFile(`${ROOT}tests/golden/sd-tiny/${name}`),
    })),
  );
}

/** A strong style of one linear layer for each width, always the same, as a `.pt`. */
export function strongStyle(name: string, widths: readonly number[]): TestFile {
  const buffer = Buffer.from(writeHypernetworkPt(network(name, widths)));
  return { name: `${name}.pt`, mimeType: 'application/octet-stream', buffer };
}

function network(name: string, widths: readonly number[]): Hypernetwork {
  const stack = (width: number, seed: number): LayerStack => [
    {
      kind: 'linear',
      weight: tensor(
        [width, width],
        Float32Array.from({ length: width * width }, (_, i) => Math.sin(i * 1.7 + seed)),
      ),
      bias: tensor([width]),
    },
  ];
  return {
    description: {
      name,
      step: 3,
      layerStructure: [1, 1],
      activation: 'linear',
      layerNorm: false,
      activateOutput: false,
      useDropout: false,
      dropoutStructure: [0, 0],
      lastLayerDropout: false,
      weightInitialization: null,
      checkpointHash: null,
      checkpointName: null,
      optionalInfo: null,
    },
    widths: new Map(widths.map((width) => [width, { k: stack(width, 1), v: stack(width, 2) }])),
  };
}

/** Waits until the engine runs, and gives the backend's name as the page shows it. */
export async function engineReady(page: Page): Promise<string> {
  const chip = page.locator('.engine-ready, .failure');
  await chip.first().waitFor({ timeout: PATIENCE_MS });
  if ((await page.locator('.failure').count()) > 0) {
    throw new Error(`the studio failed: ${await page.locator('.failure').textContent()}`);
  }
  const words = (await page.locator('.engine-ready').textContent()) ?? '';
  return words.split(' · ')[0]!.trim();
}

export interface Wanted {
  readonly prompt?: string;
  readonly seed?: string;
  readonly steps?: number;
}

export async function fill(page: Page, { prompt, seed, steps }: Wanted): Promise<void> {
  if (prompt !== undefined) await page.getByLabel('What to draw').fill(prompt);
  if (seed !== undefined) await page.getByLabel('Seed', { exact: true }).fill(seed);
  if (steps !== undefined) {
    const field = page.getByLabel('Steps, as a number');
    await field.fill(String(steps));
    await field.press('Tab');
  }
}

/** Draws one picture; gives its size and pixels. Throws the studio's own words when it fails. */
export async function draw(
  page: Page,
  patience = PATIENCE_MS,
): Promise<{ width: number; height: number; pixels: number[] }> {
  const before = await page.locator('.thumb').count();
  await page.getByRole('button', { name: 'Draw', exact: true }).click();
  await page
    .locator(`.prints li:nth-child(${before + 1}), .failure`)
    .first()
    .waitFor({ timeout: patience });
  if ((await page.locator('.failure').count()) > 0) {
    throw new Error(`the studio failed: ${await page.locator('.failure').textContent()}`);
  }
  return shownPicture(page);
}

/** The picture on the sheet. */
export function shownPicture(page: Page): Promise<{ width: number; height: number; pixels: number[] }> {
  return page.locator('.sheet .bare canvas').evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const context = (element as HTMLCanvasElement).getContext('2d')!;
    return { width, height, pixels: [...context.getImageData(0, 0, width, height).data] };
  });
}

/** Drops files on the page, as a mouse does. */
export async function drop(page: Page, files: readonly TestFile[]): Promise<void> {
  const parts = files.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') }));
  const transfer = await page.evaluateHandle((list) => {
    const held = new DataTransfer();
    for (const { name, base64 } of list) {
      held.items.add(new File([Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0))], name));
    }
    return held;
  }, parts);
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

/** Sets the strength of a style in use. */
export async function setStrength(page: Page, title: string, strength: number): Promise<void> {
  const field = page.getByLabel(`Strength of ${title}, as a number`);
  await field.fill(String(strength));
  await field.press('Tab');
}
