// From a visit to its first picture: the built studio, served by the edge, in Chromium; first with nothing kept, then again.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../worker/serve.ts';
import { launchChromium } from '../e2e/chromium.ts';
import { report } from './engine-report.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const STUDIO = `${ROOT}build/studio`;
const ROUNDS = 3;
const PATIENCE_MS = 120_000;

/** Milliseconds since the visit began. */
interface Visit {
  /** The prompt can be written. */
  readonly page: number;
  /** The model is open: the engine says what it runs on. */
  readonly model: number;
  /** The first picture stands on the sheet; it was asked for as soon as the page knew of a model. */
  readonly picture: number;
  /** The drawing alone, as the studio tells it. */
  readonly again: number;
}

/** One browser process from its start to its end; what it keeps, it keeps in `profile`. */
async function visit(origin: string, profile: string): Promise<Visit> {
  const browser = await launchChromium({ origin, profile, webgpu: process.argv.includes('--webgpu') });
  try {
    const page = await browser.context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const start = performance.now();
    const since = () => performance.now() - start;
    await page.goto(origin, { waitUntil: 'commit' });
    await page.locator('#prompt').fill('a red apple');
    const shown = since();
    // Before the registry's list is there, the studio has no model to draw with, and says so.
    await page.locator('.chip-model', { hasText: '·' }).waitFor();
    await page.locator('button.draw:not(.stop)').click();
    const [model, picture] = await Promise.all([
      page.locator('.engine-ready').waitFor().then(since),
      page.locator('.edition', { hasText: '№ 1' }).waitFor().then(since),
    ]);
    // The same once more: sessions and kernels are warm.
    const warm = performance.now();
    await page.locator('button.draw:not(.stop)').click();
    await page.locator('.edition', { hasText: '№ 2' }).waitFor();
    return { page: shown, model, picture, again: performance.now() - warm };
  } catch (cause) {
    const words = await browser.context.pages().at(-1)?.locator('body').textContent();
    throw new Error(
      `the visit ended without a picture; the page says:\n${words}\n${browser.errors.join('\n')}`,
      { cause },
    );
  } finally {
    await browser.close();
  }
}

if (!existsSync(`${STUDIO}/index.html`))
  throw new Error('the studio is not built; run `npm run build` first');
const edge = await serve({ port: 0, studioDir: STUDIO, bundledDir: `${ROOT}client/default-model` });
const first: Visit[] = [];
const second: Visit[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const profile = await mkdtemp(join(tmpdir(), 'tincture-first-picture-'));
  try {
    first.push(await visit(edge.url, profile));
    second.push(await visit(edge.url, profile));
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
  process.stderr.write('.');
}
process.stderr.write('\n');
await edge.close();

// The fastest of the rounds: what is above it was the machine's other work.
const fastest = (visits: readonly Visit[], what: keyof Visit) =>
  Math.min(...visits.map((each) => each[what]));
const row = (name: string, visits: readonly Visit[]) => ({
  visit: name,
  'page ms': fastest(visits, 'page'),
  'model ms': fastest(visits, 'model'),
  'first picture ms': fastest(visits, 'picture'),
  'next picture ms': fastest(visits, 'again'),
});
const ratio = (what: keyof Visit) => fastest(second, what) / fastest(first, what);
report(
  `Visit to first picture, default model and settings, fastest of ${ROUNDS} (${process.argv.includes('--webgpu') ? 'WebGPU in software' : 'wasm'})`,
  [row('first, nothing kept', first), row('second, everything kept', second)],
  [
    {
      claim: 'the second visit’s model, against the first visit’s',
      value: ratio('model'),
      limit: 1,
      unit: '×',
    },
    {
      claim: 'the second visit’s first picture, against the first visit’s',
      value: ratio('picture'),
      limit: 1,
      unit: '×',
    },
  ],
);
