// What metering costs: the standard plugin's apply as a metered copy against the original, in turns; and the pass itself.
import { readFileSync } from 'node:fs';
import { encodePair } from '../../client/plugin-host/layer-block.ts';
import { ABI_MARKER } from '../../plugins/contract/abi.ts';
import { FUEL_EXPORT, FUEL_PER_MS } from '../../plugins/metering/fuel.ts';
import { meterPlugin } from '../../plugins/metering/meter.ts';
import { median, type Row, report } from './engine-report.ts';
import { CONTEXT, LAYERS, ROWS, STRENGTH, WIDTH } from './plugin-style.ts';
import { bestRatio, inTurns, pairedRatio } from './plugin-turns.ts';

const TURNS = 24;
const FUEL = 10n ** 15n;
/** The edge runs a style at most this much slower than it would unmetered. */
const LIMIT = 1.5;

interface Exports {
  readonly memory: WebAssembly.Memory;
  tincture_alloc(size: number): number;
  tincture_free(pointer: number): void;
  tincture_load(set: number, width: number, side: number, index: number, at: number, length: number): number;
  tincture_apply(width: number, rows: number, k: number, v: number, strength: number): number;
}

/** The module with its layers loaded; gives a call of its apply and the fuel that is left. */
function ready(wasm: Uint8Array<ArrayBuffer>): { apply(): void; fuel(): bigint } {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {});
  const tank = exports[FUEL_EXPORT] as WebAssembly.Global<'i64'> | undefined;
  if (tank !== undefined) tank.value = FUEL;
  const plugin = exports as unknown as Exports;
  const place = (bytes: Uint8Array): number => {
    const pointer = plugin.tincture_alloc(bytes.length) >>> 0;
    new Uint8Array(plugin.memory.buffer, pointer, bytes.length).set(bytes);
    return pointer;
  };
  (exports[ABI_MARKER] as () => void)();
  const { k, v } = encodePair('style', WIDTH, LAYERS);
  for (const [side, blocks] of [k, v].entries()) {
    blocks.forEach((block, index) => {
      const pointer = place(block);
      const status = plugin.tincture_load(0, WIDTH, side, index, pointer, block.length);
      if (status !== 0) throw new Error(`the layer was refused with ${status}`);
      plugin.tincture_free(pointer);
    });
  }
  const context = new Uint8Array(CONTEXT.data.buffer, CONTEXT.data.byteOffset, CONTEXT.data.byteLength);
  const [atK, atV] = [place(context), place(context)];
  return {
    apply() {
      // In place: without fresh numbers each run would bend what the last one left.
      for (const at of [atK, atV]) new Uint8Array(plugin.memory.buffer, at, context.length).set(context);
      const status = plugin.tincture_apply(WIDTH, ROWS, atK, atV, STRENGTH);
      if (status !== 0) throw new Error(`apply was refused with ${status}`);
    },
    fuel: () => tank?.value ?? 0n,
  };
}

const rows: Row[] = [];
const claims = [];
for (const file of ['hypernetwork.wasm', 'hypernetwork.relaxed.wasm']) {
  const wasm = new Uint8Array(readFileSync(new URL(`../../build/plugins/${file}`, import.meta.url)));
  const began = performance.now();
  const copy = meterPlugin(wasm);
  const passMs = performance.now() - began;
  const [original, metered] = [ready(wasm), ready(copy)];
  const times = await inTurns(TURNS, { original: original.apply, metered: metered.apply });
  const before = metered.fuel();
  metered.apply();
  const fuel = Number(before - metered.fuel());
  rows.push({
    plugin: file,
    'bytes, metered ÷ original': (copy.length / wasm.length).toFixed(2),
    'the pass, ms': passMs.toFixed(1),
    'apply, ms': median(times.original).toFixed(1),
    'metered, ms': median(times.metered).toFixed(1),
    'median of ratios': pairedRatio(times.metered, times.original).toFixed(2),
    'ratio of bests': bestRatio(times.metered, times.original).toFixed(2),
    'fuel of one apply, ms': (fuel / FUEL_PER_MS).toFixed(0),
  });
  claims.push({
    claim: `${file}: apply, metered ÷ original`,
    value: pairedRatio(times.metered, times.original),
    limit: LIMIT,
    unit: '×',
  });
}
report('Metered plugins: SD 1.x, [77, 768], K and V through 1-2-1', rows, claims);
