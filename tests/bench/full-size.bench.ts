// A random checkpoint of Stable Diffusion 1.5's size, loaded and run: times and peak memory in Node and Chromium.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Backend } from '../../client/runtime/session.ts';
import { inPage, launchChromium } from '../e2e/chromium.ts';
import { FULL_SIZE_MANIFEST, writeFullSizeCheckpoint } from './full-size-checkpoint.ts';
import type { FullSizeTimes } from './full-size-load.ts';
import { findRoot, treeMemory, watchPeak } from './memory-processes.ts';

interface Step {
  readonly side: number;
  readonly ms: number;
  readonly finite: boolean;
}

interface Row {
  readonly where: string;
  /** Milliseconds; of the second load, whose copy is there already, all but `widen`. */
  readonly times?: FullSizeTimes;
  /** Peaks above idle in bytes: with the copy being made, and loading again. */
  readonly firstPeak?: number;
  readonly peak?: number;
  readonly steps?: readonly Step[];
  /** Why it did not work. */
  readonly failed?: string;
}

/** Latents' sides; on SwiftShader a larger one takes many minutes. */
const WASM_SIDES = [8, 16, 32];
const WEBGPU_SIDES = [8];
/** Takes about 20 GB of disk: the checkpoint, and float32 copies of its UNet in a folder and in two browser profiles. */
const folder = await mkdtemp(join(tmpdir(), 'tincture-full-size-'));
const checkpoint = join(folder, 'checkpoint.safetensors');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);

async function inNode(): Promise<Omit<Row, 'where'>> {
  const script = new URL('full-size-node.ts', import.meta.url).pathname;
  const load = async (...sides: number[]) => {
    const args = [
      '--no-warnings',
      script,
      checkpoint,
      JSON.stringify(FULL_SIZE_MANIFEST),
      join(folder, 'working'),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, ...sides.map(String)]);
    return JSON.parse(stdout) as { times: FullSizeTimes; peak: number; steps: Step[] };
  };
  const first = await load();
  const second = await load(...WASM_SIDES);
  return {
    times: { ...second.times, widen: first.times.widen },
    firstPeak: first.peak,
    peak: second.peak,
    steps: second.steps,
  };
}

async function inChromium(backend: Backend): Promise<Omit<Row, 'where'>> {
  const profile = join(folder, backend);
  // The copy belongs to the page's origin, so the second load needs the same port.
  let port = 0;
  const load = async (sides: readonly number[]) => {
    const browser = await launchChromium({ webgpu: backend === 'webgpu', profile, port });
    port = Number(new URL(browser.origin).port);
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      await page.setContent('<input type="file">');
      await page.setInputFiles('input', checkpoint);
      const root = findRoot(browser.profile);
      await sleep(1000);
      const idle = treeMemory(root);
      const watch = watchPeak(root);
      const module = '/tests/bench/pages/full-size.ts';
      const times = await inPage<FullSizeTimes>(page, module, 'load', FULL_SIZE_MANIFEST, backend);
      const peak = watch.stop() - idle;
      const steps: Step[] = [];
      for (const side of sides)
        steps.push({ side, ...(await inPage<Omit<Step, 'side'>>(page, module, 'step', side)) });
      return { times, peak, steps };
    } finally {
      await browser.close();
    }
  };
  const first = await load([]);
  const second = await load(backend === 'webgpu' ? WEBGPU_SIDES : WASM_SIDES);
  await rm(profile, { recursive: true });
  return {
    times: { ...second.times, widen: first.times.widen },
    firstPeak: first.peak,
    peak: second.peak,
    steps: second.steps,
  };
}

const PLACES: Readonly<Record<string, () => Promise<Omit<Row, 'where'>>>> = {
  'node-wasm': inNode,
  'chromium-wasm': () => inChromium('wasm'),
  'chromium-webgpu': () => inChromium('webgpu'),
};

const rows: Row[] = [];
let written: Awaited<ReturnType<typeof writeFullSizeCheckpoint>>;
try {
  written = await writeFullSizeCheckpoint(checkpoint);
  for (const [where, measure] of Object.entries(PLACES)) {
    if (only !== undefined && only !== where) continue;
    try {
      rows.push({ where, ...(await measure()) });
    } catch (error) {
      rows.push({ where, failed: (error as Error).message.slice(0, 500) });
    }
    process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
  }
} finally {
  await rm(folder, { recursive: true });
}

const machine = `${cpus().length} cores of ${cpus()[0]?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}`;
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ machine, ...written, rows }));
} else {
  const seconds = (ms: number | undefined): string => (ms === undefined ? '' : (ms / 1000).toFixed(1));
  const times = (peak: number | undefined): string =>
    peak === undefined ? '' : (peak / written.bytes).toFixed(2);
  console.log(
    `${machine}; a checkpoint of ${(written.bytes / 1e9).toFixed(2)} GB, ${JSON.stringify(written.parameters)} parameters`,
  );
  console.table(
    rows.map(({ where, times: t, firstPeak, peak, steps = [], failed = '' }) => ({
      where,
      'open s': seconds(t?.open),
      'widen s': seconds(t?.widen),
      'graph s': seconds(t?.graph),
      'session s': seconds(t?.session),
      'peak × first': times(firstPeak),
      'peak ×': times(peak),
      's/step by latent side': steps
        .map(({ side, ms, finite }) => `${side}: ${seconds(ms)}${finite ? '' : ' not finite'}`)
        .join(', '),
      failed,
    })),
  );
}
