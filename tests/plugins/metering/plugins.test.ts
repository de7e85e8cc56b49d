// Every plugin that is built here, metered: the same answers and the same bytes in memory, after every call.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodePair } from '../../../client/plugin-host/layer-block.ts';
import { ABI_MARKER } from '../../../plugins/contract/abi.ts';
import { validatePlugin } from '../../../plugins/contract/validator.ts';
import { FUEL_EXPORT } from '../../../plugins/metering/fuel.ts';
import { meterPlugin } from '../../../plugins/metering/meter.ts';
import { goldenCases, goldenFiles } from '../../plugin-host/golden-cases.ts';
import { parseHypernetworks } from '../../plugin-host/parse.ts';

const FOLDER = new URL('../../../build/plugins/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.wasm'));
const FUEL = 10n ** 12n;

/** Original and metered copy, given the same calls. */
class Twins {
  readonly #exports: readonly WebAssembly.Exports[];
  readonly #tank: WebAssembly.Global<'i64'>;

  constructor(wasm: Uint8Array<ArrayBuffer>) {
    this.#exports = [wasm, meterPlugin(wasm)].map(
      (bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports,
    );
    this.#tank = this.#exports[1]![FUEL_EXPORT] as WebAssembly.Global<'i64'>;
    this.#tank.value = FUEL;
  }

  get fuelUsed(): bigint {
    return FUEL - this.#tank.value;
  }

  /** Calls both; answers and memories must be the same. A function that is not there answers nothing. */
  call(name: string, ...args: readonly number[]): number | undefined {
    const [first, second] = this.#exports.map((it) =>
      (it[name] as ((...args: readonly number[]) => number | undefined) | undefined)?.(...args),
    );
    expect(second, name).toBe(first);
    const [one, two] = this.#memories();
    if (Buffer.compare(one!, two!) !== 0) throw new Error(`${name} left another memory`);
    return first;
  }

  /** Copies bytes into both memories. */
  place(bytes: Uint8Array): number {
    const pointer = this.call('tincture_alloc', bytes.length)! >>> 0;
    expect(pointer).toBeGreaterThan(0);
    for (const memory of this.#memories()) memory.set(bytes, pointer);
    return pointer;
  }

  #memories(): Uint8Array[] {
    return this.#exports.map((it) => new Uint8Array((it['memory'] as WebAssembly.Memory).buffer));
  }
}

const golden = await goldenCases();
const hypernetworks = await parseHypernetworks(await goldenFiles(golden));

describe.each(FILES)('%s', (file) => {
  const wasm = new Uint8Array(readFileSync(new URL(file, FOLDER)));

  test('does the same on every golden hypernetwork', () => {
    const { offers } = validatePlugin(wasm, { name: file });
    for (const { files, multipliers, width, x } of golden) {
      const twins = new Twins(wasm);
      twins.call(ABI_MARKER);
      twins.call('tincture_describe');
      const { k, v } = encodePair(file, width, hypernetworks.get(files[0]!)!.widths.get(width)!);
      if (offers.has('tincture_load')) {
        for (const [side, blocks] of [k, v].entries()) {
          blocks.forEach((block, index) => {
            const pointer = twins.place(block);
            twins.call('tincture_load', 0, width, side, index, pointer, block.length);
            twins.call('tincture_free', pointer);
          });
        }
      }
      const rows = x.length;
      const values = new Uint8Array(Float32Array.from(x.flat()).buffer);
      const [pk, pv, pc] = [twins.place(values), twins.place(values), twins.place(values)];
      twins.call('tincture_parameter', 0, 0.5);
      twins.call('tincture_context', width, rows, pc);
      twins.call('tincture_schedule', 20, twins.place(new Uint8Array(160)));
      twins.call('tincture_layers', width, 0, twins.place(new Uint8Array(8)));
      twins.call('tincture_apply', width, rows, pk, pv, multipliers[0]!);
      twins.call('tincture_error');
      expect(twins.fuelUsed).toBeGreaterThan(100n);
    }
  });
});

test('the standard plugin is among them', () => {
  expect(FILES).toContain('hypernetwork.wasm');
  expect(FILES).toContain('hypernetwork.relaxed.wasm');
});
