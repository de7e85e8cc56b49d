// Kernels and plugins: against onnxruntime-web on one thread, the processor's peak and each other; and how long a plugin starts.
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { createNodeHost } from '../../client/plugin-host/node.ts';
import { inPage, launchChromium } from '../e2e/chromium.ts';
import { compileText, moduleText } from '../plugins/module-text.ts';
import { BUILDS, type Build } from '../wasm/kernel-module.ts';
import { type Claim, median, type Row, report } from './engine-report.ts';
import { type Measured, measure } from './plugin-measure.ts';
import { MULTIPLY_ADDS_PER_LOOP, multiplyAddModule } from './plugin-multiply-add.ts';
import { bestRatio, pairedRatio } from './plugin-turns.ts';

/** How many times as fast as onnxruntime-web's MatMul each build must be. */
const PRODUCT_LIMITS = { baseline: 1.1, relaxed: 1.3 } as const;
const PEAK_LIMIT = 0.75;
/** What the sandbox, its copies and its checks may cost. */
const APPLY_LIMIT = 1.05;
const ERROR_LIMIT = 1e-5;

const rows: Row[] = [];
const claims: Claim[] = [];

function judge(place: string, { products, productMultiplyAdds, style, error, starts }: Measured): void {
  const row = (
    what: string,
    times: readonly number[],
    against = '',
    peer: readonly number[] = times,
    rate = '',
  ): Row => ({
    place,
    what,
    'median ms': median(times).toFixed(2),
    'best ms': Math.min(...times).toFixed(2),
    'best G/s': rate,
    against,
    'median of ratios': against === '' ? '' : pairedRatio(times, peer).toFixed(3),
    'ratio of bests': against === '' ? '' : bestRatio(times, peer).toFixed(3),
  });
  const rate = (times: readonly number[]) => (productMultiplyAdds / Math.min(...times) / 1e6).toFixed(1);
  const product = (what: string, times: readonly number[], against = '', peer = times) =>
    rows.push(row(what, times, against, peer, rate(times)));

  product('products, onnxruntime-web', products.runtime);
  for (const build of Object.keys(BUILDS) as Build[]) {
    const [times, peak] = [products[build], products[`${build} peak`]];
    product(`multiply-adds in registers, ${build}`, peak);
    product(`products, ${build} kernels`, times, 'onnxruntime-web', products.runtime);
    product(`products, ${build} kernels`, times, 'the registers', peak);
    claims.push(
      {
        claim: `${place}: speed of the products, ${build} kernels, to onnxruntime-web`,
        value: 1 / pairedRatio(times, products.runtime),
        limit: PRODUCT_LIMITS[build],
        atLeast: true,
        unit: '×',
      },
      {
        claim: `${place}: share of the multiply-add peak, ${build} kernels`,
        value: 1 / pairedRatio(times, peak),
        limit: PEAK_LIMIT,
        atLeast: true,
        unit: '×',
      },
    );
  }

  const { constants, lowered, bare, apply, idle } = style;
  rows.push(
    row('style, onnxruntime-web with constants', constants),
    row('style, lowered graph', lowered, 'constants', constants),
    row('style, bare kernels', bare, 'constants', constants),
    row('style, plugin.apply', apply, 'constants', constants),
    row('style, plugin.apply', apply, 'lowered graph', lowered),
    row('style, plugin.apply', apply, 'bare kernels', bare),
    row('style, plugin.apply that does nothing', idle, 'bare kernels', bare),
    row('start, cold', starts.cold),
    row('start, the same module again', starts.cached, 'cold', starts.cold),
    row('start to first bent context, cold', starts['cold bent']),
    row('start to first bent context, again', starts['cached bent'], 'cold', starts['cold bent']),
  );
  claims.push(
    {
      claim: `${place}: plugin.apply of the bare kernels`,
      value: pairedRatio(apply, bare),
      limit: APPLY_LIMIT,
      unit: '×',
    },
    {
      claim: `${place}: relative error to onnxruntime-web`,
      value: error,
      limit: ERROR_LIMIT,
      unit: '',
    },
  );
}

const read = (build: Build) => readFile(new URL(`../../build/wasm/${BUILDS[build]}`, import.meta.url));
const kernels = { baseline: await read('baseline'), relaxed: await read('relaxed') };
const multiplyAdd = {
  baseline: await multiplyAddModule('baseline'),
  relaxed: await multiplyAddModule('relaxed'),
};
const multiplyAddsPerLoop = MULTIPLY_ADDS_PER_LOOP;
/** What remains of `apply` is the sandbox's own. Its two buffers lie 1 MiB apart, each context's in turn. */
const idle = await compileText(
  moduleText({
    memory: '40 40',
    alloc: '(global.set $next (i32.xor (global.get $next) (i32.const 0x100000))) (global.get $next)',
  }),
);

const load = loadavg()[0]!;
const host = createNodeHost();
judge('Node', await measure(host, { kernels, multiplyAdd, multiplyAddsPerLoop, idle }));
await host.close();

const inBase64 = ({ baseline, relaxed }: Record<Build, Uint8Array>) => ({
  baseline: Buffer.from(baseline).toString('base64'),
  relaxed: Buffer.from(relaxed).toString('base64'),
});
const browser = await launchChromium();
let chromium: string;
try {
  const page = await browser.newPage();
  chromium = /Chrome\/\d+/.exec(await page.evaluate(() => navigator.userAgent))?.[0] ?? 'Chromium';
  const modules = {
    kernels: inBase64(kernels),
    multiplyAdd: inBase64(multiplyAdd),
    multiplyAddsPerLoop,
    idle: Buffer.from(idle).toString('base64'),
  };
  judge('Chromium', await inPage(page, '/tests/bench/plugin-page.ts', 'measureInPage', modules));
} finally {
  await browser.close();
}

report(
  'Plugins: products [77, 768]·[768, 1536] and back; a style 1-2-1 with relu on [77, 768], keys and values\n' +
    `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, load ${load.toFixed(1)}, ` +
    `Node ${process.versions.node}, ${chromium}; G/s are 10⁹ multiply-adds a second`,
  rows,
  claims,
);
