// The plugin that was written by hand against the page: it runs beside the others, and the page shows its bytes as they are.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNodeHost } from '../../client/plugin-host/node.ts';
import { loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';
import { OPTIONAL_FUNCTIONS } from '../../plugins/contract/abi.ts';
import { validatePlugin } from '../../plugins/contract/validator.ts';
import type { Plugin, PluginHost } from '../../plugins/host/plugin.ts';
import { compileText } from './module-text.ts';
import { tracingHost } from './wire-trace.ts';

const CONTEXT = Float32Array.of(1, -1, 0.5, 2, 0, 0.25, -4, 8);

const text = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8');

let source: string;
let wasm: Uint8Array;
beforeAll(async () => {
  source = await text('fixtures/scale.wat');
  wasm = await compileText(source);
});

async function apply(plugin: Plugin, strength: number): Promise<number[][]> {
  const { k, v } = await plugin.apply({ width: 4, rows: 2, k: CONTEXT, v: CONTEXT }, strength);
  return [[...k], [...v]];
}

test('it offers what its exports say, in under a kilobyte', () => {
  const facts = validatePlugin(wasm);
  const offered = ['apply', 'layers', 'parameter', 'describe', 'schedule'].map((name) => `tincture_${name}`);
  expect([...facts.offers].sort()).toEqual(offered.sort());
  expect(offered.every((name) => Object.hasOwn(OPTIONAL_FUNCTIONS, name))).toBe(true);
  expect(facts.memory).toEqual({ minimumBytes: 65_536, maximumBytes: 65_536 });
  expect(wasm.length).toBeLessThan(1024);
});

describe('in the sandbox of Node, beside the standard plugin', () => {
  let host: PluginHost;
  beforeAll(() => {
    host = createNodeHost();
  });
  afterAll(() => host.close());

  test('parameters, schedule, layers and contexts are what its text says', async () => {
    const limits = { deadlineMs: 60_000, pictureBudgetMs: 240_000 };
    const standard = await host.start('standard', await loadStandardPlugin(), limits);
    const plugin = await host.start('scale', wasm, limits);
    expect(plugin.description).toEqual({
      half: false,
      parameters: [{ name: 'level', default: 0.5, minimum: 0, maximum: 1 }],
    });
    await plugin.setParameters({});
    expect(await apply(plugin, 1)).toEqual([
      [...CONTEXT].map((value) => value * 1.5),
      [...CONTEXT].map((value) => value * 0.5),
    ]);
    await plugin.setParameters({ level: 0.25 });
    expect(await apply(plugin, -2)).toEqual([
      [...CONTEXT].map((value) => value * 0.5),
      [...CONTEXT].map((value) => value * 1.5),
    ]);
    expect(await plugin.schedule(3)).toEqual({
      strengths: Float32Array.of(1, 0.5, 0.5),
      phases: Int32Array.of(0, 0, 0),
    });
    const made = (await plugin.layers(2))!;
    for (const [blocks, level] of [
      [made.k, 0.25],
      [made.v, -0.25],
    ] as const) {
      expect(blocks).toHaveLength(1);
      expect([...new Uint32Array(blocks[0]!.buffer, 0, 8)]).toEqual([1, 0, 2, 2, 0, 0, 0, 0]);
      expect([...new Float32Array(blocks[0]!.buffer, 32)]).toEqual([level, 0, 0, level, 0, 0]);
    }
    expect(await plugin.layers(17)).toBeUndefined();
    await expect(plugin.setParameters({ level: 2 })).rejects.toThrow('0 to 1');

    // What it makes, the standard plugin applies: a layer is y = x + f(x) · strength there.
    await standard.load(0, 4, (await plugin.layers(4))!);
    expect(await apply(standard, -2)).toEqual(await apply(plugin, -2));
  });
});

describe('the page', () => {
  let page: string;
  beforeAll(async () => {
    page = await text('../../plugins/ABI.md');
  });

  test('shows the text of the plugin', () => {
    expect(page).toContain(`\`\`\`wat\n${source}\`\`\`\n`);
  });

  test('shows every call and every byte of a picture with two rows of width 4', async () => {
    const lines: string[] = [];
    const host = tracingHost(lines);
    const plugin = await host.start('scale', wasm);
    await plugin.setParameters({});
    const { strengths } = await plugin.schedule(2);
    await plugin.layers(4);
    await plugin.apply({ width: 4, rows: 2, k: CONTEXT, v: CONTEXT }, 1 * strengths[0]!);
    await host.close();
    const trace = `\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`;
    expect(page).toContain(trace);
  });
});
