// A style's text part: the plugin in its sandbox, copies included, against onnxruntime-web on one thread, and the bare kernels.
import { readFile } from 'node:fs/promises';
import { createNodeHost } from '../../client/plugin-host/node.ts';
import { inPage, launchChromium } from '../e2e/chromium.ts';
import { type Claim, median, type Row, report } from './engine-report.ts';
import { measure, type Times } from './plugin-measure.ts';

const TURNS = 60;
/** The sandbox may cost this much beyond the same arithmetic without one. */
const APPLY_LIMIT = 1.1;
const KERNEL_LIMIT = 1;
const ERROR_LIMIT = 1e-5;

const kernels = await readFile(new URL('../../build/wasm/kernels.relaxed.wasm', import.meta.url));
const rows: Row[] = [];
const claims: Claim[] = [];

/** Each turn gives one ratio, so that a slow phase of the machine strikes both sides of it. */
function ratio(ours: readonly number[], peer: readonly number[]): number {
  return median(ours.map((time, turn) => time / peer[turn]!));
}

function judge(place: string, { ort, kernel, apply, error }: Times): void {
  const row = (name: string, times: readonly number[]): Row => ({
    place,
    what: name,
    'median ms': median(times).toFixed(2),
    'best ms': Math.min(...times).toFixed(2),
    'of onnxruntime-web': ratio(times, ort).toFixed(3),
  });
  rows.push(row('onnxruntime-web, 1 thread', ort), row('bare kernels', kernel), row('plugin.apply', apply));
  claims.push(
    {
      claim: `${place}: plugin.apply of onnxruntime-web`,
      value: ratio(apply, ort),
      limit: APPLY_LIMIT,
      unit: '×',
    },
    {
      claim: `${place}: bare kernels of onnxruntime-web`,
      value: ratio(kernel, ort),
      limit: KERNEL_LIMIT,
      unit: '×',
    },
    { claim: `${place}: relative error to onnxruntime-web`, value: error, limit: ERROR_LIMIT, unit: '' },
  );
}

const host = createNodeHost();
judge('Node', await measure(host, kernels, TURNS));
await host.close();

const browser = await launchChromium();
try {
  const page = await browser.newPage();
  const inBase64 = kernels.toString('base64');
  judge('Chromium', await inPage(page, '/tests/bench/plugin-page.ts', 'measureInPage', inBase64, TURNS));
} finally {
  await browser.close();
}

report('Plugin: hypernetwork 1-2-1 with relu on [77, 768], keys and values', rows, claims);
