// Peak memory while a checkpoint of more than 500 MB is loaded, as a multiple of the checkpoint, in Node and Chromium.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inPage, launchChromium } from '../e2e/chromium.ts';
import { writeRandomCheckpoint } from './memory-checkpoint.ts';
import type { Loading } from './memory-load.ts';
import { findRoot, treeMemory, watchPeak } from './memory-processes.ts';

interface Row {
  readonly where: 'node' | 'chromium';
  readonly what: string;
  /** Peak above idle ÷ size of the checkpoint. */
  readonly multiple: number;
  /** The multiple that this way of loading is held to. */
  readonly aim?: number;
  readonly loadSeconds: number;
  /** Fastest of some UNet steps; none where a step takes minutes. */
  readonly stepMs?: number;
}

interface Variant {
  readonly where: Row['where'];
  readonly what: string;
  readonly loading: Loading;
  readonly steps: number;
  readonly aim?: number;
}

const WASM_AIM = 1.2;
const SWIFTSHADER_AIM = 1.6;
const STEPS = 3;

/** The first of each place is the peer: the plain build with the file's bytes, as onnxruntime-web is mostly used. */
const VARIANTS: readonly Variant[] = (['node', 'chromium'] as const).flatMap((where) => [
  { where, what: 'wasm, whole file read', loading: { backend: 'wasm', plain: true }, steps: 0 },
  { where, what: 'wasm, prepacked', loading: { backend: 'wasm', prepack: true }, steps: STEPS },
  {
    where,
    what: 'wasm, as the runtime chooses',
    loading: { backend: 'wasm' },
    steps: STEPS,
    aim: WASM_AIM,
  },
  ...(where === 'node'
    ? []
    : [
        {
          where,
          what: 'WebGPU on SwiftShader',
          loading: { backend: 'webgpu' },
          steps: 0,
          aim: SWIFTSHADER_AIM,
        } as const,
      ]),
]);

const folder = await mkdtemp(join(tmpdir(), 'tincture-memory-'));
const checkpoint = join(folder, 'checkpoint.safetensors');
const manifest = new URL('../golden/sd-tiny/model.json', import.meta.url).pathname;
const json = process.argv.includes('--json');

async function inNode({ loading, steps }: Variant, size: number) {
  const script = new URL('memory-node.ts', import.meta.url).pathname;
  const args = ['--no-warnings', script, checkpoint, manifest, JSON.stringify(loading), String(steps)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const {
    held,
    seconds,
    steps: times,
  } = JSON.parse(stdout) as Record<'held' | 'seconds', number> & {
    steps: number[];
  };
  return { multiple: held / size, loadSeconds: seconds, times };
}

async function inChromium({ loading, steps }: Variant, size: number) {
  const browser = await launchChromium({ webgpu: loading.backend === 'webgpu' });
  try {
    const page = await browser.newPage();
    await page.setContent('<input type="file">');
    await page.setInputFiles('input', checkpoint);
    const root = findRoot(browser.profile);
    await sleep(1000);
    const idle = treeMemory(root);
    const peak = watchPeak(root);
    const module = '/tests/bench/pages/memory.ts';
    const parsed: unknown = JSON.parse(await readFile(manifest, 'utf8'));
    const loadSeconds = await inPage<number>(page, module, 'load', parsed, loading);
    const multiple = (peak.stop() - idle) / size;
    const times: number[] = [];
    for (let i = 0; i < steps; i++) times.push(await inPage<number>(page, module, 'timeStep'));
    return { multiple, loadSeconds, times };
  } finally {
    await browser.close();
  }
}

const rows: Row[] = [];
let size: number;
try {
  size = await writeRandomCheckpoint(checkpoint);
  for (const variant of VARIANTS) {
    const measure = variant.where === 'node' ? inNode : inChromium;
    const { multiple, loadSeconds, times } = await measure(variant, size);
    const { where, what, aim } = variant;
    rows.push({
      where,
      what,
      multiple,
      loadSeconds,
      ...(aim === undefined ? {} : { aim }),
      ...(times.length === 0 ? {} : { stepMs: Math.min(...times) }),
    });
    process.stderr.write('.');
  }
  process.stderr.write('\n');
} finally {
  await rm(folder, { recursive: true });
}

if (json) {
  console.log(JSON.stringify({ checkpointBytes: size, rows }));
} else {
  console.log(`Peak memory above idle while loading ${(size / 1e6).toFixed(0)} MB, × the checkpoint`);
  console.table(
    rows.map(({ where, what, multiple, aim, loadSeconds, stepMs }) => ({
      where,
      what,
      'peak ×': multiple.toFixed(2),
      aim: aim === undefined ? '' : `≤ ${aim}`,
      'load s': loadSeconds.toFixed(1),
      'ms/step': stepMs?.toFixed(0) ?? '',
    })),
  );
}
