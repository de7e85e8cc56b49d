// fp16 against fp32: the default model's UNet on WebGPU in Chromium, where the GPU computes in fp16, and on wasm in Node.
import { readFile } from 'node:fs/promises';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { inPage, launchChromium } from '../e2e/chromium.ts';
import { type Claim, median, type Row, report } from './engine-report.ts';
import { comparePrecisions, type PrecisionComparison, type PrecisionTimes } from './precision-load.ts';

const FOLDER = '/client/default-model';
const WASM_STEPS = 20;
const GPU_STEPS = 5;
const PAGE = '/tests/bench/pages/precision.ts';

/** Of a prediction, where fp16 only stores the weights, and where it computes too. */
const STORED_ERROR = 1e-5;
const COMPUTED_ERROR = 1e-2;
const BYTES_SHARE = 0.51;

async function onWasm(): Promise<PrecisionComparison> {
  const folder = new URL(`../..${FOLDER}/`, import.meta.url).pathname;
  const manifest: unknown = JSON.parse(await readFile(`${folder}model.json`, 'utf8'));
  const checkpoint = await openSafetensors(await fileSource(`${folder}checkpoint.safetensors`));
  return comparePrecisions(checkpoint, manifest, { backend: 'wasm', computesHalf: false, steps: WASM_STEPS });
}

async function onGpu(): Promise<{ words: string; half: boolean; compared: PrecisionComparison }> {
  const browser = await launchChromium({ webgpu: true });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    const { words, half } = await inPage<{ words: string; half: boolean }>(page, PAGE, 'adapter');
    return { words, half, compared: await inPage(page, PAGE, 'compare', FOLDER, half, GPU_STEPS) };
  } finally {
    await browser.close();
  }
}

function rows(where: string, { half, single, error }: PrecisionComparison): Row[] {
  const row = ({ weights, computes, weightBytes, sessionMs, stepMs }: PrecisionTimes, off: number): Row => ({
    where,
    weights,
    computes,
    'weights MB': weightBytes / 1e6,
    'session ms': sessionMs,
    'ms/step': median(stepMs),
    'relative error': off,
  });
  return [row(half, error), row(single, 0)];
}

function claims(where: string, { half, single, error }: PrecisionComparison): Claim[] {
  const computed = half.computes === 'float16';
  return [
    {
      claim: `${where}: a step ${computed ? 'in fp16' : 'in fp32 on fp16 weights'} against fp32`,
      value: median(half.stepMs) / median(single.stepMs),
      limit: computed ? 1 : 1.1,
      unit: '×',
    },
    {
      claim: `${where}: relative error of the prediction`,
      value: error,
      limit: computed ? COMPUTED_ERROR : STORED_ERROR,
      unit: '',
    },
  ];
}

const wasm = await onWasm();
const gpu = await onGpu();
if (!gpu.half) {
  const banner = '='.repeat(100);
  process.stderr.write(
    `${banner}\nTHIS GPU DOES NOT COMPUTE IN FP16 (${gpu.words}, without shader-f16): NO SPEED OF FP16 ARITHMETIC WAS MEASURED.\n` +
      `Compared are fp16 and fp32 weights, both computed in fp32.\n${banner}\n`,
  );
}
report(
  `fp16 against fp32, ${gpu.words}${gpu.half ? '' : ' (no shader-f16: fp16 is storage only)'}`,
  [...rows('wasm', wasm), ...rows('WebGPU', gpu.compared)],
  [
    {
      claim: 'bytes of fp16 weights against fp32',
      value: wasm.half.weightBytes / wasm.single.weightBytes,
      limit: BYTES_SHARE,
      unit: '×',
    },
    ...claims('wasm', wasm),
    ...claims('WebGPU', gpu.compared),
  ],
);
