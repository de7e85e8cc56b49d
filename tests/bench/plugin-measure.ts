// What the plugin benchmark measures, in Node and inside a page alike: the products, a whole style, and starting a plugin.
import { encodePair } from '../../client/plugin-host/layer-block.ts';
import { loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';
import { relativeError } from '../../client/tensor/tensor.ts';
import type { ContextPair, Plugin, PluginHost } from '../../plugins/host/plugin.ts';
import { type Build, startKernels } from '../wasm/kernel-module.ts';
import {
  bareProducts,
  bareStyle,
  CONTEXT,
  constantSession,
  LAYERS,
  loweredSession,
  PRODUCT_MULTIPLY_ADDS,
  prepareRuntime,
  productSession,
  ROWS,
  STRENGTH,
  WIDTH,
} from './plugin-style.ts';
import { inTurns, type Times } from './plugin-turns.ts';

const PRODUCT_TURNS = 24;
const STYLE_TURNS = 24;
const STARTS = 6;

type PerBuild<T> = Readonly<Record<Build, T>>;

/** Modules that a page cannot read or assemble itself. */
export interface Modules {
  readonly kernels: PerBuild<BufferSource>;
  /** `run(loops)` does this many multiply-adds a loop, in registers. */
  readonly multiplyAdd: PerBuild<BufferSource>;
  readonly multiplyAddsPerLoop: number;
  /** A plugin whose `tincture_apply` does nothing. */
  readonly idle: Uint8Array;
}

export interface Measured {
  readonly products: Times<'runtime' | Build | `${Build} peak`>;
  readonly productMultiplyAdds: number;
  readonly style: Times<'constants' | 'lowered' | 'bare' | 'apply' | 'idle'>;
  /** How far the plugin's numbers, and the lowered graph's, are from those of the constants. */
  readonly error: number;
  /** To a started plugin, and further until its first context is bent: bytes never seen before, and the same again. */
  readonly starts: Times<'cold' | 'cold bent' | 'cached' | 'cached bent'>;
}

export async function measure(host: PluginHost, modules: Modules, wasmPaths?: string): Promise<Measured> {
  prepareRuntime(wasmPaths);
  // Starts come first: nothing of the plugin is compiled or cached yet.
  const starts = await measureStarts(host);
  return {
    starts,
    products: await measureProducts(modules),
    productMultiplyAdds: PRODUCT_MULTIPLY_ADDS,
    ...(await measureStyle(host, modules)),
  };
}

/** As for the first style of a new picture: without that, many turns would use up the budget of one. */
function applyAnew(plugin: Plugin): Promise<ContextPair> {
  plugin.beginPicture();
  return plugin.apply({ width: WIDTH, rows: ROWS, k: CONTEXT.data, v: CONTEXT.data }, STRENGTH);
}

async function measureProducts({ kernels, multiplyAdd, multiplyAddsPerLoop }: Modules) {
  const loops = Math.round(PRODUCT_MULTIPLY_ADDS / multiplyAddsPerLoop);
  const peak = async (bytes: BufferSource) => {
    const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(bytes), {});
    const run = exports['run'] as (loops: number) => void;
    return () => run(loops);
  };
  return inTurns(PRODUCT_TURNS, {
    runtime: await productSession(),
    baseline: bareProducts(await startKernels(kernels.baseline)),
    'baseline peak': await peak(multiplyAdd.baseline),
    relaxed: bareProducts(await startKernels(kernels.relaxed)),
    'relaxed peak': await peak(multiplyAdd.relaxed),
  });
}

async function measureStyle(host: PluginHost, { kernels, idle: idleModule }: Modules) {
  const plugin = await host.start('standard', await loadStandardPlugin());
  await plugin.load(0, WIDTH, encodePair('standard', WIDTH, LAYERS));
  const apply = () => applyAnew(plugin);
  const [constants, lowered] = [await constantSession(), await loweredSession()];

  const expected = await constants();
  const errors = [await apply(), await lowered()].flatMap((found) =>
    (['k', 'v'] as const).map((side) => relativeError(found[side]!, expected[side]!)),
  );
  const bare = bareStyle(await startKernels(kernels.relaxed));
  const idlePlugin = await host.start('idle', idleModule);
  const idle = () => applyAnew(idlePlugin);
  const style = await inTurns(STYLE_TURNS, { constants, lowered, bare, apply, idle });
  await plugin.close();
  await idlePlugin.close();
  return { style, error: Math.max(...errors) };
}

/** Each round starts a module that differs from all before by a custom section, then once more while the first still runs. */
async function measureStarts(host: PluginHost): Promise<Measured['starts']> {
  const standard = await loadStandardPlugin();
  const times = { cold: [], 'cold bent': [], cached: [], 'cached bent': [] } as Record<
    keyof Measured['starts'],
    number[]
  >;
  for (let round = 0; round < STARTS; round++) {
    const bytes = withSection(standard, round);
    const plugins = [];
    for (const kind of ['cold', 'cached'] as const) {
      const layers = encodePair('standard', WIDTH, LAYERS);
      const start = performance.now();
      const plugin = await host.start('standard', bytes);
      times[kind].push(performance.now() - start);
      await plugin.load(0, WIDTH, layers);
      await applyAnew(plugin);
      times[`${kind} bent`].push(performance.now() - start);
      plugins.push(plugin);
    }
    for (const plugin of plugins) await plugin.close();
  }
  return times;
}

/** The module with a custom section that holds one number: other bytes, the same program. */
function withSection(module: Uint8Array, value: number): Uint8Array {
  const name = new TextEncoder().encode('round');
  return Uint8Array.of(...module, 0, name.length + 2, name.length, ...name, value);
}
